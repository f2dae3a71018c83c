"""The decision table: every rule, and every way to miss it, from facts to verdict and confidence."""

from typing import TypeAlias

import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    ONLY_BONDS,
    bond,
    bridged,
    device,
    domain,
    gap_in_words,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    own_nics,
    server,
    tap,
)
from tests.correlator.scenes import (
    BOOTING,
    OTHER,
    SERVING,
    finding_of,
    judged,
    provisioner,
    satellite,
    scene,
)
from virtscan.correlator import RULES
from virtscan.correlator.positions.position import Where
from virtscan.correlator.table import Case, PossibleServers, decide
from virtscan.model import (
    Attachment,
    Confidence,
    Device,
    DeviceKind,
    DeviceName,
    DomainState,
    Finding,
    Gap,
    GapAbout,
    HostStatus,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    Machine,
    NotJudged,
    Persistence,
    Policy,
    Server,
    SourceMode,
    State,
    Verdict,
)
from virtscan.model.facts.persistence import SettingInWords

Expected: TypeAlias = NotJudged | tuple[str, Verdict, Confidence]

AT_RISK, UNKNOWN, MITIGATED, NOT_AFFECTED = Verdict
HIGH, MEDIUM, LOW = Confidence
BRIDGE, VEPA, PRIVATE, PASSTHROUGH, NO_MODE = SourceMode
VLAN = DeviceKind.VLAN

R2: Expected = ("R2", NOT_AFFECTED, HIGH)
R3: Expected = ("R3", UNKNOWN, LOW)
R4: Expected = ("R4", NOT_AFFECTED, MEDIUM)
R5: Expected = ("R5", MITIGATED, MEDIUM)
R6: Expected = ("R6", MITIGATED, MEDIUM)
R7: Expected = ("R7", AT_RISK, HIGH)
R8: Expected = ("R8", AT_RISK, HIGH)
R9: Expected = ("R9", NOT_AFFECTED, MEDIUM)
R10: Expected = ("R10", NOT_AFFECTED, MEDIUM)
R10_WEAK: Expected = ("R10", NOT_AFFECTED, LOW)
R11: Expected = ("R11", AT_RISK, MEDIUM)
R12: Expected = ("R12", UNKNOWN, LOW)
R13: Expected = ("R13", UNKNOWN, LOW)
R14: Expected = ("R14", UNKNOWN, LOW)

ANY = Policy(lower_device=LowerDevice.ANY)
SOMEWHERE = (server(),)
"""A server of which no MAC is known."""
BLIND = satellite(tx_checksum=State.UNKNOWN)
OFF = satellite(tx_checksum=State.OFF)
EL7 = "3.10.0-327.el7.x86_64"

BR0 = (device("br0", DeviceKind.BRIDGE, "eth0"), nic("eth0"))
TAGGED = (*BR0, device("br0.100", VLAN, "br0"))
BOND3 = (bond("bond3", "eth6"), nic("eth6"))
ANY_DRIVER = (bond(), *(replace(device, driver=None) for device in own_nics("hv1")))
UNTAGGED = device("bond2.100", VLAN, "bond2")


def lost(interface: Interface | None = None, **more: object) -> Inventory:
    """The server's place is unknown."""
    return scene(interface, **({"servers": SOMEWHERE} | more))  # type: ignore[arg-type]  # rows differ in what they change


def on_network(*attachments: Attachment) -> Interface:
    return Interface(index=0, type="network", mac=Mac(BOOTING), network="pool", attachments=attachments)


def at(name: str | None, mode: SourceMode | None = BRIDGE) -> Attachment:
    return Attachment(None if name is None else DeviceName(name), mode)


def with_mac(named: Device, mac: str) -> Device:
    return replace(named, mac=Mac(mac))


def beside(nic: Interface | None = None, interface: Interface | None = None, **more: object) -> Inventory:
    """The server is a domain of the same hypervisor."""
    fields = {"beside": (provisioner(nic),)} | more
    return scene(interface, **fields)  # type: ignore[arg-type]  # rows differ in what they change


def lasting(after_reboot: State) -> Server:
    return satellite(
        tx_checksum=State.OFF,
        persistence=Persistence(tx_checksum=after_reboot, setting=SettingInWords(text="ifcfg-eth0")),
    )


def afar(*devices: Device, **more: object) -> Inventory:
    """The server is a domain of another hypervisor."""
    there = hypervisor("hv2", provisioner(), devices=devices)
    return scene(others=(there,), **more)  # type: ignore[arg-type]  # rows differ in what they change


def gap(about: GapAbout, host: str | None = "hv1") -> Gap:
    return gap_in_words(subject="something", reason="timeout", about=about, hypervisor=host)


def sends(model: str | None, state: DomainState = DomainState.ACTIVE, csum: State | None = None) -> Inventory:
    """The server is a domain beside the interface, with this NIC."""
    nic = macvtap(mac=SERVING, model=model, host_csum=csum)
    return scene(beside=(provisioner(nic, state=state),))


TABLE: dict[str, tuple[Inventory, Expected]] = {
    # R1: not macvtap, not on a bond, or the server's own interface.
    "an interface on a host bridge is not judged": (scene(bridged()), NotJudged.NOT_MACVTAP),
    "an interface that reaches no device is not judged": (
        scene(Interface(index=0, type="user")),
        NotJudged.NOT_MACVTAP,
    ),
    "a macvtap on a NIC is not judged": (scene(macvtap("eth4"), policy=ONLY_BONDS), NotJudged.NOT_ON_A_BOND),
    "a macvtap on a VLAN over a NIC is not judged": (
        scene(macvtap("eth4.7"), devices=(device("eth4.7", VLAN, "eth4"),), policy=ONLY_BONDS),
        NotJudged.NOT_ON_A_BOND,
    ),
    "a pool of NICs is not judged": (
        scene(on_network(at("eth4"), at("eth5")), policy=ONLY_BONDS),
        NotJudged.NOT_ON_A_BOND,
    ),
    "a fixed kernel does not matter to what is not judged": (
        scene(macvtap("eth4"), kernel=FIXED_KERNEL, policy=ONLY_BONDS),
        NotJudged.NOT_ON_A_BOND,
    ),
    "the server's own interface is not judged": (
        scene(servers=(satellite(macs=(Mac(BOOTING),)),)),
        NotJudged.SERVER_ITSELF,
    ),
    "R1 missed: all lower devices are asked for": (lost(macvtap("eth4"), policy=ANY), R11),
    "R1 missed: a VLAN over a bond": (lost(macvtap("bond2.100"), devices=(UNTAGGED,)), R11),
    "R1 missed: a bridge over a bond": (
        lost(macvtap("br1"), devices=(device("br1", DeviceKind.BRIDGE, "bond2"),)),
        R11,
    ),
    "R1 missed: the device is not described": (lost(macvtap("eth9")), R11),
    "R1 missed: the VLAN's parent is not known": (lost(macvtap("v7"), devices=(device("v7", VLAN),)), R11),
    "R1 missed: an ethernet device with no NIC behind it may hide a bond": (
        lost(macvtap("veth0"), devices=(tap("veth0"),)),
        R11,
    ),
    "R1 missed: one device of the pool is a bond": (lost(on_network(at("eth4"), at("bond2"))), R11),
    "R1 missed: the network's device is not known": (lost(on_network(at(None, NO_MODE))), R12),
    "R1 missed: the MAC is another domain's, too": (
        scene(servers=(satellite(macs=(Mac(BOOTING),)),), beside=(domain("clone", macvtap()),)),
        R7,
    ),
    "R1 missed: another server may answer the server": (
        scene(servers=(satellite(macs=(Mac(BOOTING),)), server("capsule"))),
        R11,
    ),
    # R2: the kernel settles it, whatever the servers.
    "a fixed kernel clears": (scene(kernel=FIXED_KERNEL), R2),
    "a fixed kernel clears beside the server": (beside(kernel=FIXED_KERNEL), R2),
    "a fixed kernel clears when no server is known": (scene(kernel=FIXED_KERNEL, servers=()), R2),
    "a fixed kernel clears before the segment does": (
        scene(kernel=FIXED_KERNEL, servers=(satellite(segments=("a",)),), segments={"bond2": "b"}),
        R2,
    ),
    "a fixed kernel clears when the offload state is unknown": (scene(kernel=FIXED_KERNEL, servers=(BLIND,)), R2),
    "a fixed kernel clears a network that could not be read": (
        scene(on_network(at(None, NO_MODE)), kernel=FIXED_KERNEL),
        R2,
    ),
    "R2 missed: the kernel is unfixed": (lost(), R11),
    "R2 missed: the kernel was not read": (lost(kernel=None), ("R11", AT_RISK, LOW)),
    "R2 missed: the kernel may be fixed": (lost(kernel=EL7), ("R11", AT_RISK, LOW)),
    # R3: no server.
    "without a server nothing is known": (scene(servers=()), R3),
    "without a server nothing is known of an unknown kernel": (scene(servers=(), kernel=None), R3),
    # R4: no server serves the segment.
    "a server of another segment clears": (
        scene(servers=(satellite(segments=("pxe-a",)),), segments={"bond2": "pxe-b"}),
        R4,
    ),
    "R4 missed: only the hypervisor's own address is in another subnet": (
        scene(
            macvtap("bond3"),
            servers=(satellite(subnets=("10.77.0.0/24",)),),
            devices=(replace(bond("bond3", "eth4"), addresses=("192.0.2.1/24",)),),
        ),
        R10,
    ),
    "the segment clears before the offload state does": (
        scene(servers=(replace(OFF, segments=("a",)),), segments={"bond2": "b"}),
        R4,
    ),
    "R4 missed: the device's segment is not named": (scene(servers=(server(segments=("pxe-a",)),)), R11),
    "R4 missed: only the device below has a segment, and a VLAN is another one": (
        scene(
            macvtap("bond2.100"),
            servers=(server(segments=("pxe-a",)),),
            devices=(UNTAGGED,),
            segments={"bond2": "pxe-b"},
        ),
        R11,
    ),
    "R4 missed: the server serves the segment": (
        scene(servers=(server(segments=("pxe-a",)),), segments={"bond2": "pxe-a"}),
        R11,
    ),
    "R4 missed: the device's address is not known": (scene(servers=(server(subnets=("10.77.0.0/24",)),)), R11),
    "R4 missed: the server serves every segment": (lost(segments={"bond2": "pxe-b"}), R11),
    "R4 missed: one of two servers serves the segment": (
        scene(servers=(server(segments=("a",)), server("z", segments=("b",))), segments={"bond2": "b"}),
        R11,
    ),
    "R4 missed: the network's device is not known": (
        scene(
            on_network(at(None, BRIDGE)),
            servers=(server(segments=("pxe-a",)),),
            segments={"bond2": "pxe-b"},
        ),
        R11,
    ),
    # R5: T off.
    "offload off mitigates": (scene(servers=(OFF,)), R5),
    "offload off mitigates beside the server": (beside(servers=(OFF,)), R5),
    "offload off for good mitigates": (scene(servers=(lasting(State.OFF),)), ("R5", MITIGATED, HIGH)),
    "offload off for an unknown time mitigates": (scene(servers=(lasting(State.UNKNOWN),)), R5),
    "offload off until the next reboot mitigates less surely": (
        scene(servers=(lasting(State.ON),)),
        ("R5", MITIGATED, MEDIUM),
    ),
    "offload off comes before the server's NIC": (
        scene(servers=(OFF,), beside=(provisioner(macvtap(mac=SERVING, model="e1000")),)),
        R5,
    ),
    "offload off comes before the server's place": (
        scene(servers=(satellite(tx_checksum=State.OFF, physical=True),)),
        R5,
    ),
    "R5 missed: it is not known whether it is off, though it will be after a reboot": (
        beside(servers=(replace(lasting(State.OFF), tx_checksum=State.UNKNOWN),)),
        R13,
    ),
    # R6: the server's NIC can't send partial frames.
    "a server on an e1000 mitigates": (sends("e1000"), R6),
    "a server on an rtl8139 mitigates": (sends("rtl8139"), R6),
    "a server on an e1000 mitigates without its offload state": (
        scene(servers=(BLIND,), beside=(provisioner(macvtap(mac=SERVING, model="e1000")),)),
        R6,
    ),
    "a server on an e1000 of another hypervisor mitigates": (
        scene(others=(hypervisor("hv2", provisioner(macvtap(mac=SERVING, model="e1000"))),)),
        R6,
    ),
    "a running server with host csum off mitigates": (sends("virtio", csum=State.OFF), R6),
    "a running transitional server with host csum off mitigates": (sends("virtio-transitional", csum=State.OFF), R6),
    "a running modern server with host csum off mitigates": (sends("virtio-non-transitional", csum=State.OFF), R6),
    "R6 missed: virtio sends partial frames": (sends("virtio"), R7),
    "R6 missed: e1000e sends partial frames": (sends("e1000e"), R7),
    "R6 missed: igb sends partial frames": (sends("igb"), R7),
    "R6 missed: vmxnet3 sends partial frames": (sends("vmxnet3"), R7),
    "R6 missed: the model is not known": (sends(None), R7),
    "R6 missed: the model is not one that is known": (sends("E1000"), R7),
    "R6 missed: csum off counts only for virtio": (sends("e1000e", csum=State.OFF), R7),
    "R6 missed: csum off of a model not known": (sends(None, csum=State.OFF), R7),
    "R6 missed: csum is on": (sends("virtio", csum=State.ON), R7),
    "R6 missed: csum is unknown": (sends("virtio", csum=State.UNKNOWN), R7),
    "R6 missed: csum off is not live": (sends("virtio", DomainState.INACTIVE, State.OFF), R7),
    "R6 missed: csum off may not be live": (sends("virtio", DomainState.UNKNOWN, State.OFF), R7),
    "R6 missed: it is the booting domain's NIC": (beside(interface=macvtap(model="e1000")), R7),
    "both copies of the server are on an e1000": (
        scene(
            beside=(
                provisioner(macvtap(mac=SERVING, model="e1000")),
                domain("clone", macvtap(mac=SERVING, model="e1000")),
            )
        ),
        R6,
    ),
    "R6 missed: one of the server's two NICs is another model": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            beside=(domain("sat", macvtap(mac=SERVING, model="e1000"), macvtap(mac=OTHER, index=1)),),
        ),
        R7,
    ),
    "a server of which one MAC is not found is judged at both places": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            beside=(provisioner(macvtap(mac=SERVING, model="e1000")),),
        ),
        R6,
    ),
    # R7: both on one lower device, both in bridge mode.
    "two ports in bridge mode on one bond are at risk": (beside(), R7),
    "two ports in bridge mode on one VLAN are at risk": (
        beside(macvtap("bond2.100", mac=SERVING), macvtap("bond2.100"), devices=(UNTAGGED,)),
        R7,
    ),
    "two ports in bridge mode on a device that is not described are at risk": (
        beside(macvtap("p1", mac=SERVING), macvtap("p1")),
        R7,
    ),
    "an unknown kernel makes it less sure": (beside(kernel=None), ("R7", AT_RISK, MEDIUM)),
    "a kernel that may be fixed makes it less sure": (beside(kernel=EL7), ("R7", AT_RISK, MEDIUM)),
    "a pool of a powered-off domain counts at its worst device": (
        beside(interface=on_network(at("bond3"), at("bond2")), devices=BOND3),
        ("R7", AT_RISK, MEDIUM),
    ),
    "a pool of the server's powered-off domain counts at its worst device": (
        beside(macvtap(mac=SERVING, attachments=(at("bond3"), at("bond2"))), devices=BOND3),
        ("R7", AT_RISK, MEDIUM),
    ),
    "R7 missed: T unknown": (beside(servers=(BLIND,)), R13),
    "R7 missed: the server's network could not be read": (
        beside(macvtap(mac=SERVING, attachments=(at(None, NO_MODE),))),
        R14,
    ),
    "R7 missed: the server's mode is not known": (beside(macvtap(mode=NO_MODE, mac=SERVING)), R14),
    "R7 missed: the interface's mode is not known": (beside(interface=macvtap(mode=NO_MODE)), R14),
    "R7 missed: neither mode is known": (beside(macvtap(mode=NO_MODE, mac=SERVING), macvtap(mode=NO_MODE)), R14),
    # R8: the lower device itself carries the server's frames.
    "a server attached to the lower device is at risk": (
        beside(bridged("br0", SERVING), macvtap("br0"), devices=BR0, policy=ANY),
        R8,
    ),
    "any mode of the interface is at risk there: vepa": (
        beside(bridged("br0", SERVING), macvtap("br0", VEPA), devices=BR0, policy=ANY),
        R8,
    ),
    "any mode of the interface is at risk there: private": (
        beside(bridged("br0", SERVING), macvtap("br0", PRIVATE), devices=BR0, policy=ANY),
        R8,
    ),
    "any mode of the interface is at risk there: passthrough": (
        beside(bridged("br0", SERVING), macvtap("br0", PASSTHROUGH), devices=BR0, policy=ANY),
        R8,
    ),
    "any mode of the interface is at risk there: unknown": (
        beside(bridged("br0", SERVING), macvtap("br0", NO_MODE), devices=BR0, policy=ANY),
        R8,
    ),
    "a server attached to a bridge under the lower device is at risk": (
        beside(bridged("br0", SERVING), macvtap("br0.100"), devices=TAGGED, policy=ANY),
        R8,
    ),
    "a server attached to a bridge that is not described is at risk": (
        beside(bridged("brX", SERVING), macvtap("brX", VEPA)),
        R8,
    ),
    "an unknown kernel makes that less sure": (
        beside(bridged("br0", SERVING), macvtap("br0"), devices=BR0, policy=ANY, kernel=None),
        ("R8", AT_RISK, MEDIUM),
    ),
    "R8 missed: T unknown": (
        beside(bridged("br0", SERVING), macvtap("br0"), devices=BR0, policy=ANY, servers=(BLIND,)),
        R13,
    ),
    "R8 missed: the server may be attached to the lower device itself": (
        beside(macvtap("br0", NO_MODE, SERVING), macvtap("br0", VEPA), devices=BR0, policy=ANY),
        R14,
    ),
    "R8 missed: the server may be attached to the bridge under it": (
        beside(macvtap("br0", NO_MODE, SERVING), macvtap("br0.100"), devices=TAGGED, policy=ANY),
        R14,
    ),
    "R8 missed: the server is attached to a bridge of its own": (
        beside(bridged("br0", SERVING), devices=BR0),
        R10,
    ),
    # R9: one lower device, but not both in bridge mode.
    "a server in vepa mode beside a port in bridge mode clears": (beside(macvtap(mode=VEPA, mac=SERVING)), R9),
    "a server in private mode beside a port in bridge mode clears": (beside(macvtap(mode=PRIVATE, mac=SERVING)), R9),
    "a server in bridge mode beside a port in vepa mode clears": (beside(interface=macvtap(mode=VEPA)), R9),
    "a server in bridge mode beside a port in private mode clears": (beside(interface=macvtap(mode=PRIVATE)), R9),
    "a server in bridge mode beside a port in passthrough mode clears": (
        beside(interface=macvtap(mode=PASSTHROUGH)),
        R9,
    ),
    "a server in vepa mode clears whatever the interface's mode": (
        beside(macvtap(mode=VEPA, mac=SERVING), macvtap(mode=NO_MODE)),
        R9,
    ),
    "that clears without the offload state": (beside(interface=macvtap(mode=VEPA), servers=(BLIND,)), R9),
    "a server of unknown mode beside a port in vepa mode clears": (
        beside(macvtap(mode=NO_MODE, mac=SERVING), macvtap(mode=VEPA)),
        R9,
    ),
    # R10: known to be elsewhere.
    "a server declared physical that is seen as a domain is that domain": (
        scene(servers=(satellite(physical=True),), beside=(domain("satellite", macvtap(mac=SERVING)),)),
        R7,
    ),
    "a server declared physical clears": (scene(servers=(satellite(physical=True),)), R10),
    "a server declared physical clears without its MAC or state": (
        scene(servers=(server(physical=True, tx_checksum=State.UNKNOWN),)),
        R10,
    ),
    "a server that is not found clears with low confidence where no NIC is listed, even on a physical machine": (
        scene(host_devices=(bond(),), physical=True),
        R10_WEAK,
    ),
    "that is so on a machine that is seen as physical": (
        scene(host_devices=(bond(),), machine=Machine.PHYSICAL),
        R10_WEAK,
    ),
    "a server on another hypervisor clears": (afar(), R10),
    "a server on another hypervisor clears a port in vepa mode": (afar(interface=macvtap(mode=VEPA)), R10),
    "a server on another hypervisor clears with low confidence where a domain was not read": (
        afar(*own_nics("hv2"), gaps=(gap(GapAbout.DOMAIN),)),
        R10_WEAK,
    ),
    "a server on another hypervisor clears though its interfaces' network was not read": (
        scene(
            others=(hypervisor("hv2", provisioner(macvtap(mac=SERVING, attachments=(at(None, NO_MODE),)))),),
        ),
        R10,
    ),
    "a server that is another hypervisor clears": (
        scene(others=(hypervisor("hv2", devices=(with_mac(nic("eth0"), SERVING),)),)),
        R10,
    ),
    "a server on another device clears, as this one has its own NICs": (
        beside(macvtap("bond3", mac=SERVING), devices=BOND3),
        R10,
    ),
    "a server on the device under a VLAN clears": (
        beside(interface=macvtap("bond2.100"), devices=(UNTAGGED,)),
        R9,
    ),
    "a server on a device that is not described clears, as this one has its own NICs": (
        beside(macvtap("p1", mac=SERVING)),
        R10,
    ),
    "a server on another device in a mode not known clears": (
        beside(macvtap("bond3", NO_MODE, SERVING), devices=BOND3),
        R10,
    ),
    "a server with a NIC of its own clears": (
        beside(Interface(index=0, type="hostdev", mac=Mac(SERVING))),
        R10,
    ),
    "a server that is this hypervisor clears, as its frames leave through the NICs": (
        scene(devices=(with_mac(nic("eth0"), SERVING),)),
        R10,
    ),
    "a server that is this hypervisor and sends on the very bond clears": (
        scene(devices=(with_mac(bond("bond9", "eth4"), SERVING),), interface=macvtap("bond9")),
        R9,
    ),
    "a server that is this hypervisor and sends on a VLAN over a member clears": (
        scene(devices=(with_mac(device("eth4.7", VLAN, "eth4"), SERVING),)),
        R9,
    ),
    "a server that is this hypervisor and sends on a bridge clears": (
        scene(devices=(with_mac(device("br7", DeviceKind.BRIDGE, "vnet7"), SERVING),)),
        R10,
    ),
    "a server in no domain clears when everything was read": (scene(), R10),
    "R10 missed: the hypervisor was not read completely": (
        scene(status=HostStatus.PARTIAL, gaps=(gap(GapAbout.NETWORK), gap(GapAbout.DEVICE), gap(GapAbout.SERVER))),
        R11,
    ),
    "R10 missed: the MAC is not known": (scene(servers=SOMEWHERE), R11),
    "an unread hypervisor elsewhere makes R10 less sure": (
        scene(others=(hypervisor("hv3", status=HostStatus.FAILED, devices=()),)),
        ("R10", NOT_AFFECTED, LOW),
    ),
    "R10 missed: some of a hypervisor could not be read": (
        scene(status=HostStatus.PARTIAL, gaps=(gap(GapAbout.HYPERVISOR),)),
        R11,
    ),
    "R10 missed: a domain could not be read": (
        scene(status=HostStatus.PARTIAL, gaps=(gap(GapAbout.DOMAIN),)),
        R11,
    ),
    "a gap that is about no hypervisor changes nothing": (scene(gaps=(gap(GapAbout.DOMAIN, None),)), R10),
    "R10 missed: an interface has no MAC": (
        scene(beside=(domain("bare", Interface(index=0, type="user")),)),
        R11,
    ),
    "two copies on other hypervisors clear": (
        scene(others=(hypervisor("hv2", provisioner()), hypervisor("hv3", provisioner()))),
        R10,
    ),
    "a teaming pair on another hypervisor clears": (
        scene(
            others=(hypervisor("hv2", domain("sat", macvtap(mac=SERVING), macvtap(mac=SERVING, index=1))),),
        ),
        R10,
    ),
    "two nodes on another hypervisor clear": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            others=(hypervisor("hv2", provisioner(), domain("other", macvtap(mac=OTHER))),),
        ),
        R10,
    ),
    "two nodes of one name on other hypervisors clear": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            others=(
                hypervisor("hv2", provisioner()),
                hypervisor("hv3", provisioner(macvtap(mac=OTHER))),
            ),
        ),
        R10,
    ),
    "R10 missed: a domain that could not be read may have the other MAC": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            others=(hypervisor("hv2", provisioner()),),
            gaps=(gap(GapAbout.DOMAIN),),
        ),
        R11,
    ),
    "a server of which one MAC is nowhere is where the other one is": (
        scene(
            servers=(satellite(macs=(Mac(SERVING), Mac(OTHER))),),
            others=(hypervisor("hv2", provisioner()),),
        ),
        R10,
    ),
    "two other hypervisors with the MAC clear": (
        scene(
            others=tuple(hypervisor(name, devices=(with_mac(nic("eth0"), SERVING),)) for name in ("hv2", "hv3")),
        ),
        R10,
    ),
    "R10 missed: this hypervisor is a domain beside the server": (
        scene(
            host_devices=ANY_DRIVER,
            devices=(with_mac(nic("eth0"), OTHER),),
            others=(hypervisor("hv2", provisioner(), domain("hv1", bridged(mac=OTHER))),),
        ),
        R14,
    ),
    "this hypervisor is a domain beside the server, with NICs that are passed through": (
        scene(
            devices=(with_mac(nic("eth0"), OTHER),),
            others=(hypervisor("hv2", provisioner(), domain("hv1", bridged(mac=OTHER))),),
        ),
        R10,
    ),
    "R10 missed: the hypervisor of the server was not read completely, and this one is a virtual machine": (
        scene(
            host_devices=ANY_DRIVER,
            machine=Machine.VIRTUAL,
            others=(hypervisor("hv2", provisioner(), lists_all_domains=False),),
        ),
        R14,
    ),
    "the hypervisor of the server may be a VM on this one, which was not read completely": (
        scene(lists_all_domains=False, others=(hypervisor("hv2", provisioner(), devices=()),)),
        R10_WEAK,
    ),
    "another hypervisor is not known to be complete, nor this one to be a machine": (
        scene(host_devices=(), others=(hypervisor("hv2", provisioner(), lists_all_domains=False),)),
        R10_WEAK,
    ),
    "R10 missed: this hypervisor is a domain, and the drivers of its NICs are unknown": (
        beside(
            macvtap("bond3", mac=SERVING),
            host_devices=ANY_DRIVER,
            devices=(*BOND3, with_mac(nic("eth0"), OTHER)),
            others=(hypervisor("hv2", domain("hv1", bridged(mac=OTHER))),),
        ),
        R14,
    ),
    "the server's hypervisor is a domain on another device": (
        afar(with_mac(nic("eth0"), OTHER), beside=(domain("hv2", bridged(mac=OTHER)),)),
        R10,
    ),
    "the server's hypervisor is a domain with NICs of its own": (
        scene(
            devices=(with_mac(nic("eth0"), OTHER),),
            others=(
                hypervisor("hv2", provisioner(), devices=(with_mac(nic("eth0"), "52:54:00:00:00:03"),)),
                hypervisor(
                    "hv3",
                    domain("hv1", bridged(mac=OTHER)),
                    domain("hv2", bridged(mac="52:54:00:00:00:03")),
                ),
            ),
        ),
        R10,
    ),
    "R10 missed: the server is the hypervisor on which this one is a domain": (
        scene(
            host_devices=ANY_DRIVER,
            devices=(with_mac(nic("eth0"), OTHER),),
            others=(hypervisor("hv2", domain("hv1", bridged(mac=OTHER)), devices=(with_mac(nic("eth0"), SERVING),)),),
        ),
        R14,
    ),
    "R10 missed: the server is this hypervisor, and the device does not end in NICs": (
        scene(macvtap("veth0"), devices=(tap("veth0"), with_mac(nic("eth0"), SERVING))),
        R14,
    ),
    "a server on a macvlan of this hypervisor is at risk": (
        scene(devices=(with_mac(macvlan("mv0", "bond2"), SERVING),)),
        R7,
    ),
    "R10 missed: the server's device on this hypervisor is of unknown kind": (
        scene(devices=(device("x0", DeviceKind.UNKNOWN, mac=Mac(SERVING)),)),
        R14,
    ),
    "the NICs of a hypervisor that is a domain count by their driver": (
        beside(
            macvtap("bond3", mac=SERVING),
            devices=(*BOND3, with_mac(nic("eth0"), OTHER)),
            others=(hypervisor("hv2", domain("hv1", bridged(mac=OTHER))),),
        ),
        R10,
    ),
    "a passed-through NIC in a hypervisor that is a domain clears": (
        beside(
            Interface(index=0, type="hostdev", mac=Mac(SERVING)),
            devices=(with_mac(nic("eth0"), OTHER),),
            others=(hypervisor("hv2", domain("hv1", bridged(mac=OTHER))),),
        ),
        R10,
    ),
    "R10 missed: the interface's device is not described": (
        beside(macvtap("bond3", mac=SERVING), macvtap("eth9"), devices=BOND3),
        R14,
    ),
    "R10 missed: a tap under this device may lead anywhere": (
        beside(
            macvtap("bond3", mac=SERVING),
            macvtap("br7"),
            devices=(*BOND3, device("br7", DeviceKind.BRIDGE, "eth4", "vnet7"), tap("vnet7")),
        ),
        R14,
    ),
    "R10 missed: the NIC under this device was not seen": (
        beside(macvtap("bond3", mac=SERVING), macvtap("bond4"), devices=(*BOND3, bond("bond4", "eth8"))),
        R14,
    ),
    "a server of type user is on no device of the hypervisor": (
        beside(Interface(index=0, type="user", mac=Mac(SERVING))),
        R10,
    ),
    "R10 missed: the device of the interface is not known": (beside(interface=on_network(at(None))), R14),
    # R11: at risk as far as one can see; R12: unknown; R13: T unknown.
    "a port in bridge mode is at risk when the server's place is unknown": (scene(servers=SOMEWHERE), R11),
    "an unknown kernel makes that a guess": (scene(servers=SOMEWHERE, kernel=None), ("R11", AT_RISK, LOW)),
    "a kernel that may be fixed makes that a guess": (scene(servers=SOMEWHERE, kernel=EL7), ("R11", AT_RISK, LOW)),
    "R11 missed: a port in vepa mode": (scene(macvtap(mode=VEPA), servers=SOMEWHERE), R12),
    "R11 missed: a port in private mode": (scene(macvtap(mode=PRIVATE), servers=SOMEWHERE), R12),
    "R11 missed: a port in passthrough mode": (scene(macvtap(mode=PASSTHROUGH), servers=SOMEWHERE), R12),
    "R11 missed: a mode that is not known": (scene(macvtap(mode=NO_MODE), servers=SOMEWHERE), R12),
    "R11 missed: T unknown": (scene(servers=(server(tx_checksum=State.UNKNOWN),)), R13),
    "R12 missed: T unknown": (scene(macvtap(mode=VEPA), servers=(server(tx_checksum=State.UNKNOWN),)), R13),
    "R13 missed: T off": (scene(servers=(server(tx_checksum=State.OFF),)), R5),
    "R13 missed: the server is elsewhere": (afar(servers=(BLIND,)), R10),
}


@pytest.mark.parametrize("row", TABLE)
def test_case_of_the_table_gets_its_rule_verdict_and_confidence(row: str) -> None:
    looked_at, expected = TABLE[row]

    judgement = judged(looked_at)

    assert (
        judgement if isinstance(judgement, NotJudged) else (judgement.rule, judgement.verdict, judgement.confidence)
    ) == expected


def test_the_table_names_every_rule() -> None:
    reached = {expected[0] for _, expected in TABLE.values() if isinstance(expected, tuple)} | {"R1"}

    assert len({rule.id for rule in RULES}) == len(RULES)
    assert reached == {rule.id for rule in RULES}
    assert {expected for _, expected in TABLE.values() if isinstance(expected, NotJudged)} == set(NotJudged)


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({}, "R3"),
        ({"servers": PossibleServers.THIS_ONE}, "R13"),
        ({"servers": PossibleServers.THIS_ONE, "tx": State.ON}, "R12"),
        ({"servers": PossibleServers.THIS_ONE, "tx": State.ON, "where": Where.UNPROVEN}, "R14"),
        ({"servers": PossibleServers.THIS_ONE, "tx": State.ON, "mode": BRIDGE}, "R11"),
    ],
)
def test_unset_fields_of_a_case_are_unknown(known: dict[str, object], rule: str) -> None:
    case = replace(Case(), **known)

    assert decide(case).id == rule
    assert decide(case).confidence(case) is LOW


def test_offload_off_for_an_unknown_time_is_medium() -> None:
    case = Case(servers=PossibleServers.THIS_ONE, tx=State.OFF)

    assert decide(case).confidence(case) is MEDIUM


@pytest.mark.parametrize("row", [row for row, (_, expected) in TABLE.items() if isinstance(expected, tuple)])
def test_every_finding_shows_what_it_rests_on_or_lacks(row: str) -> None:
    finding = finding_of(TABLE[row][0])

    assert isinstance(finding, Finding)
    assert finding.because or finding.missing
    assert len(set(finding.because)) == len(finding.because)
    if finding.verdict is UNKNOWN or finding.rule == "R11":
        assert finding.missing
