"""A hypervisor that is a virtual machine, and a server that may be the host around it."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import (
    bond,
    bridge,
    bridged,
    device,
    domain,
    hypervisor,
    macvtap,
    nic,
    own_nics,
    read_server,
    sends,
    tap,
    vlan,
)
from tests.correlator.scenes import OTHER, SERVING, finding_of, provisioner, satellite, scene
from virtscan.model import (
    Attachment,
    Backing,
    Confidence,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    HostStatus,
    Hypervisor,
    Interface,
    Mac,
    Machine,
    ServerDevice,
    SourceMode,
    State,
)
from virtscan.model.reasons import ExclusionContradicted, NeedsOuterHost, PlacesDisagree

VIRTIO = (bond("bond2", "eth4"), nic("eth4", driver="virtio_net"))
NIC = nic("eth0", mac=Mac("3c:fd:fe:00:00:01"))
VNET = tap("vnet0")
DUMMY = device("dummy0", DeviceKind.DUMMY, backing=Backing.VIRTUAL)
ON, OFF = sends, State.OFF
OUTER = NeedsOuterHost(server="satellite", hypervisor="hv1", outer="satellite")


@pytest.mark.parametrize(
    ("devices", "more", "rule"),
    [
        ((ON(bridge("br0", "eth0")), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(bridge("br0", "eth0", "dummy0")), ON(NIC), ON(DUMMY)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(NIC), ON(bridge("br1", "vnet0")), ON(VNET)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R14"),
        # By declaration it is another machine; that is the answer to the same missing fact of any other server.
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET)), {"physical": True}, "R10"),
        # The NIC fills in the checksums of frames to other machines only.
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC, OFF), ON(VNET)), {"machine": Machine.PHYSICAL}, "R14"),
        ((ON(bridge("br0", "eth0", "vnet0"), OFF), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R5"),
    ],
)
def test_a_bare_metal_server_with_taps_may_run_a_hypervisor_that_is_a_virtual_machine(
    devices: tuple[ServerDevice, ...], more: dict[str, Machine | bool], rule: str
) -> None:
    finding = finding_of(scene(servers=(read_server(*devices, **more),), host_devices=VIRTIO))

    assert finding.rule == rule
    assert (OUTER in finding.missing) is (rule == "R14")


def test_a_bare_metal_hypervisor_does_not_run_on_a_server() -> None:
    devices = (ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET))

    assert finding_of(scene(servers=(read_server(*devices, machine=Machine.PHYSICAL),))).rule == "R10"


INNER = Mac("52:54:00:00:0f:01")
INNER_NICS = (nic("eth4", driver="virtio_net", mac=INNER), bond("bond2", "eth4"))
VEPA = SourceMode.VEPA


@pytest.mark.parametrize(("bridge_state", "rule"), [(State.ON, "R8"), (OFF, "R5")])
def test_a_nic_fills_no_checksum_of_frames_from_its_hypervisor_to_a_nested_one(bridge_state: State, rule: str) -> None:
    host = hypervisor("hv0", domain("nested", bridged(mac=INNER)), devices=(bridge("br0", "eth0", "vnet0"), NIC, VNET))
    satellite = read_server(sends(bridge("br0", "eth0", "vnet0"), bridge_state), sends(NIC, OFF), sends(VNET))

    assert finding_of(scene(servers=(satellite,), host_devices=INNER_NICS, others=(host,))).rule == rule


def test_a_nic_of_a_sibling_fills_the_checksums_of_its_own_frames() -> None:
    virtual = nic("eth0", driver="virtio_net", mac=Mac("52:54:00:00:0f:05"))
    sibling = hypervisor("hv2", devices=(bridge("br0", "eth0", "vnet0"), virtual, VNET))
    satellite = read_server(sends(bridge("br0", "eth0", "vnet0")), sends(virtual, OFF), sends(VNET))

    assert finding_of(scene(servers=(satellite,), host_devices=INNER_NICS, others=(sibling,))).rule == "R5"


def outer_host(nested: Interface, *beside: Domain, **more: Any) -> Hypervisor:
    """The host around hv1, which has br0 and bond2 on NICs of their own."""
    devices = (bridge("br0", "eth0", "vnet0"), vlan("br0.100", "br0"), NIC, VNET, bond(), *own_nics("hv0"))
    fields: dict[str, Any] = {"devices": devices, "machine": Machine.PHYSICAL}
    return hypervisor("hv0", domain("nested", nested), *beside, **(fields | more))


@pytest.mark.parametrize(
    ("nested", "server", "rule"),
    [
        # A tap gets all frames of its bridge, also those of macvtaps on the bridge.
        (bridged(mac=INNER), bridged(mac=SERVING), "R8"),
        (bridged(mac=INNER), macvtap("br0", mac=SERVING), "R8"),
        (macvtap("br0", mac=INNER), bridged(mac=SERVING), "R8"),
        (macvtap(mac=INNER), macvtap(mac=SERVING), "R8"),
        # They have a tag there.
        (bridged(mac=INNER), macvtap("br0.100", mac=SERVING), "R14"),
        # The server sends complete checksums, or the outer host's NICs fill them in.
        (bridged(mac=INNER), bridged(mac=SERVING, model="e1000"), "R6"),
        (macvtap(mac=INNER), bridged(mac=SERVING), "R10"),
        (macvtap(mac=INNER, mode=VEPA), macvtap(mac=SERVING), "R10"),
        (macvtap(mac=INNER), macvtap(mac=SERVING, mode=VEPA), "R10"),
        # The outer host fills in checksums for a NIC that takes no partial ones, or QEMU ignores them.
        (bridged(mac=INNER, guest_csum=OFF), bridged(mac=SERVING), "R14"),
        (bridged(mac=INNER, model="e1000"), bridged(mac=SERVING), "R14"),
        # Frames from bond2 may come back to br0 by the guest behind vnet0.
        (bridged(mac=INNER), macvtap(mac=SERVING), "R14"),
        (macvtap(mac=INNER), bridged(mac=SERVING, type="ethernet", attachments=()), "R14"),
    ],
)
def test_a_server_on_the_outer_host_has_a_known_path(nested: Interface, server: Interface, rule: str) -> None:
    host = outer_host(nested, provisioner(server))

    assert finding_of(scene(host_devices=INNER_NICS, others=(host,))).rule == rule


@pytest.mark.parametrize(
    ("nested", "server", "rule"),
    [
        (bridged(mac=INNER), bridged(mac=SERVING), "R8"),
        (macvtap(mac=INNER), macvtap(mac=SERVING), "R8"),
        # A NIC is on the way, the path is unknown, or the server's NIC is one that is not declared to serve.
        (macvtap(mac=INNER), bridged(mac=SERVING), "R4"),
        (bridged(mac=INNER), macvtap(mac=SERVING), "R4"),
        (bridged(mac=INNER), bridged(mac=OTHER, index=1), "R4"),
    ],
)
def test_a_server_that_the_outer_host_carries_to_the_device_is_excluded_by_no_segment(
    nested: Interface, server: Interface, rule: str
) -> None:
    own = () if server.mac == SERVING else (Interface(index=0, type="user", mac=Mac(SERVING)),)
    host = outer_host(nested, domain("sat", *own, server))
    far = (satellite(segments=("a",)),)

    found = finding_of(scene(servers=far, host_devices=INNER_NICS, others=(host,), segments={"bond2": "b"}))

    assert found.rule == rule
    excluded = ExclusionContradicted(server="satellite", device=DeviceName("bond2"))
    assert (excluded in found.because) is (rule == "R8")


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (("bond2", "br0"), ("R8", Confidence.MEDIUM)),
        (("br0", "bond2"), ("R8", Confidence.MEDIUM)),
        (("bond2", "gone0"), ("R8", Confidence.MEDIUM)),
        (("bond2",), ("R8", Confidence.HIGH)),
        (("br0", "br0.100"), ("R10", Confidence.MEDIUM)),
    ],
)
def test_a_pool_of_the_outer_host_counts_at_its_worst_device(
    pool: tuple[str, ...], expected: tuple[str, Confidence]
) -> None:
    attachments = tuple(Attachment(DeviceName(device), SourceMode.BRIDGE) for device in pool)
    serving = macvtap(mac=SERVING, type="network", attachments=attachments)
    host = outer_host(macvtap(mac=INNER), provisioner(serving, state=DomainState.INACTIVE))

    found = finding_of(scene(host_devices=INNER_NICS, others=(host,)))

    assert (found.rule, found.confidence) == expected
    assert (PlacesDisagree(server="satellite") in found.because) is (expected == ("R8", Confidence.MEDIUM))


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({}, "R10"),
        ({"machine": Machine.VIRTUAL}, "R14"),
        ({"lists_all_domains": False}, "R14"),
        ({"status": HostStatus.PARTIAL}, "R14"),
        ({"devices": ()}, "R14"),  # it may be the server itself
    ],
)
def test_a_server_that_is_not_on_the_outer_host_either_is_another_machine(more: dict[str, Any], rule: str) -> None:
    found = finding_of(scene(host_devices=INNER_NICS, others=(outer_host(bridged(mac=INNER), **more),)))

    assert found.rule == rule


@pytest.mark.parametrize(("nested", "rule"), [(bridged(mac=INNER), "R8"), (macvtap(mac=INNER), "R10")])
def test_a_server_on_a_sibling_of_the_nested_hypervisor_has_a_known_path(nested: Interface, rule: str) -> None:
    other = Mac("52:54:00:00:0f:05")
    sibling = hypervisor(
        "hv2", provisioner(), devices=(nic("eth4", driver="virtio_net", mac=other), bond("bond2", "eth4"))
    )
    host = outer_host(nested, domain("sibling", bridged(mac=other)))

    assert finding_of(scene(host_devices=INNER_NICS, others=(host, sibling))).rule == rule


@pytest.mark.parametrize(
    ("macs", "rule"),
    [
        ((INNER, Mac("52:54:00:00:0f:02")), "R8"),
        # The bond has given both members one MAC: neither is known to be the other interface.
        ((INNER, INNER), "R14"),
        ((INNER, None), "R14"),
        ((INNER, Mac("52:54:00:00:0f:03")), "R14"),
    ],
)
def test_a_bond_of_virtual_nics_receives_by_each_of_them(macs: tuple[Mac | None, ...], rule: str) -> None:
    nics = (nic(name, driver="virtio_net", mac=mac) for name, mac in zip(("eth4", "eth5"), macs, strict=True))
    second = macvtap(mac="52:54:00:00:0f:02", index=1)
    nested = domain("nested", bridged(mac=INNER), second)
    host = replace(outer_host(second), domains=(nested, provisioner()))

    assert finding_of(scene(host_devices=(bond(), *nics), others=(host,))).rule == rule


def test_hosts_that_are_each_a_domain_of_the_other_leave_the_path_open() -> None:
    """Their NICs have each other's MACs, as cloned definitions may."""

    def virtual(name: str, mac: str, *domains: Domain) -> Hypervisor:
        nics = (nic("eth4", driver="virtio_net", mac=Mac(mac)), bond("bond2", "eth4"))
        return hypervisor(name, *domains, devices=nics)

    other = "52:54:00:00:0f:05"
    around = virtual("hv0", other, domain("nested", macvtap(mac=INNER)))
    third = virtual("hv2", "52:54:00:00:0f:09", provisioner())
    looped = scene(beside=(domain("outer", macvtap(mac=other)),), host_devices=INNER_NICS, others=(around, third))

    assert finding_of(looped).rule == "R14"


def test_virtual_nics_of_a_machine_that_is_observed_to_be_physical_leave_the_path_open() -> None:
    host = outer_host(bridged(mac=INNER))

    assert finding_of(scene(host_devices=INNER_NICS, others=(host,), machine=Machine.PHYSICAL)).rule == "R14"
