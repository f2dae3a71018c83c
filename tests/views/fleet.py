"""One small fleet with everything that a view distinguishes; its findings are written by hand, in their order."""

from typing import Any

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    bond,
    bridged,
    domain,
    hypervisor,
    inventory,
    macvtap,
    nic,
    server,
)
from virtscan.model import (
    Attachment,
    Conclusion,
    Confidence,
    Device,
    DeviceKind,
    DeviceName,
    Disk,
    DiskMode,
    DomainState,
    Exposure,
    Feature,
    Finding,
    Fix,
    Gap,
    GapAbout,
    HostStatus,
    Interface,
    KernelBasis,
    LinkState,
    Mac,
    NotJudged,
    Observed,
    Persistence,
    Processor,
    Reach,
    Report,
    Resources,
    Server,
    SourceMode,
    State,
    Verdict,
    WaivedServer,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.model.gaps.causes import Failure, NoAnswer
from virtscan.model.gaps.items import GuestDomain, HostNetwork, ServerItem, WholeHost
from virtscan.model.reasons import (
    DeviceObserved,
    KernelKnown,
    NeedsNicKinds,
    NeedsOffload,
    NeedsPlace,
    OffloadKnown,
    SharesDevice,
    WhyUnlocated,
)

URI1 = "qemu+ssh://hv1/system"
REFUSED = Failure(detail="ssh: connection refused")
URI2 = "qemu+ssh://hv2/system"


SATELLITE = Resources(
    machine="pc-q35-7.2",
    os="http://redhat.com/rhel/8.6",
    description="Provisioning of ams1",
    sockets=2,
    cores=2,
    threads=1,
    max_vcpus=8,
    cpu_shares=2048,
    max_memory_mib=16384,
    balloon_mib=6144,
    reserved_mib=1024,
    hugepages=True,
    numa_nodes=2,
    disks=(
        Disk(target="vda", bus="virtio", format="qcow2", path="/var/lib/libvirt/images/sat.qcow2", capacity_mib=102400),
        Disk(target="vdb", bus="virtio", format="raw", pool="vms", volume="sat-data", mode=DiskMode.TRANSIENT),
        Disk(target="sda", device="cdrom", bus="sata", mode=DiskMode.READ_ONLY),
    ),
    paused=State.ON,
    autostart=State.ON,
    has_snapshot=State.OFF,
)


def on_a_bond(hypervisor: str, device: str, bond: str | None = None) -> DeviceObserved:
    """The reason that a device is a bond, or stands on one."""
    kind = DeviceKind.BOND if bond is None else DeviceKind.VLAN
    return DeviceObserved(hypervisor=hypervisor, device=DeviceName(device), kind=kind, bond=DeviceName(bond or device))


def finding(**fields: Any) -> Finding:
    """An interface of hv1 on bond2 that is at risk; `fields` override any of that (`Any`: they differ in type)."""
    defaults: dict[str, Any] = {
        "hypervisor": "hv1",
        "origin": URI1,
        "domain": "web01",
        "uuid": "6a1d0b6e-0001-4d8e-9e61-000000000001",
        "index": 0,
        "mac": Mac("52:54:00:93:76:af"),
        "source_device": DeviceName("bond2"),
        "source_mode": SourceMode.BRIDGE,
        "device_kind": DeviceKind.BOND,
        "lower_devices": (DeviceName("eth4"), DeviceName("eth5")),
        "segment": "pxe-a",
        "server": "satellite",
        "server_interface": "eth0",
        "verdict": Verdict.AT_RISK,
        "confidence": Confidence.HIGH,
        "exposure": Exposure.BOOTS,
        "rule": "R7",
        "because": (
            SharesDevice(
                server="satellite",
                hypervisor="hv1",
                domain="satellite",
                device=DeviceName("bond2"),
                mode=SourceMode.BRIDGE,
            ),
            on_a_bond("hv1", "bond2"),
        ),
        "missing": (),
        "reaches_server": Reach.YES,
    }
    given = defaults | fields
    of_interface = {key: given.pop(key) for key in Finding.__struct_fields__ if key in given}
    return Finding(**of_interface, conclusion=Conclusion(**given))


def report() -> Report:
    """Three hypervisors (one read completely, one in part, one not at all), three servers, four gaps."""
    pool = Interface(
        index=0,
        type="network",
        mac=Mac("52:54:00:00:02:02"),
        network="pxe-pool",
        portgroup="fast",
        boot_order=1,
        link=LinkState.DOWN,
        rom=State.ON,
        vlan=(42, 43),
        host_csum=State.OFF,
        guest_csum=State.ON,
        attachments=(
            Attachment(DeviceName("bond2"), SourceMode.VEPA),
            Attachment(DeviceName("bond3"), SourceMode.VEPA),
        ),
    )
    hv1 = hypervisor(
        "hv1",
        domain(
            "web01",
            macvtap(target="macvtap0"),
            bridged("br0", index=1, mac="52:54:00:00:01:02", target="vnet1"),
            uuid="6a1d0b6e-0001-4d8e-9e61-000000000001",
            boot_devices=("network", "hd"),
            origin=URI1,
        ),
        domain("legacy-db", macvtap(mac="52:54:00:00:01:03"), state=DomainState.INACTIVE, vcpus=8, origin=URI1),
        domain(
            "satellite",
            macvtap(mac="52:54:00:00:01:01"),
            vcpus=4,
            memory_mib=8192,
            origin=URI1,
            resources=SATELLITE,
        ),
        domain("開発-テスト", macvtap("bond2.100", mac="52:54:00:00:01:04"), origin=URI1, memory_mib=1024),
        kernel=UNFIXED_KERNEL,
        site="ams1",
        memory_free_mib=20480,
        processor=Processor(model="x86_64", mhz=2600, sockets=2, cores=4, threads=2, numa_nodes=2),
        daemon=Observed(value=9_000_000, source="libvirt", observed_at=TAKEN_AT),
        devices=(
            bond(),
            nic("eth4"),
            nic("eth5"),
            Device(
                name=DeviceName("bond2.100"), kind=DeviceKind.VLAN, lower=(DeviceName("bond2"),), vlan_id=100,
                sources=("libvirt",),
            ),
            Device(name=DeviceName("br0"), kind=DeviceKind.BRIDGE, lower=(DeviceName("eth0"),), sources=("libvirt",)),
        ),
        segments={"bond2": "pxe-a", "bond2.100": "pxe-b"},
    )  # fmt: skip
    hv2 = hypervisor(
        "hv2",
        domain("mail", macvtap("bond3", SourceMode.PRIVATE, mac="52:54:00:00:02:01"), origin=URI2),
        domain("pooled", pool, state=DomainState.INACTIVE, memory_mib=4096, origin=URI2),
        domain("no-nic", origin=URI2, vcpus=1, memory_mib=512),
        status=HostStatus.PARTIAL,
        kernel=FIXED_KERNEL,
        site="fra1",
        cpus=32,
        memory_mib=131072,
        devices=(bond("bond3", "eth6", "eth7"),),
    )
    hv3 = hypervisor(
        "hv3",
        status=HostStatus.FAILED,
        site="fra1",
        cpus=None,
        memory_mib=None,
        devices=(),
        observed_at=None,
        open_seconds=None,
        read_seconds=None,
    )
    return Report(
        inventory=inventory(hv1, hv2, hv3, servers=_servers(), gaps=_gaps()),
        findings=_findings(),
        not_judged={NotJudged.NOT_MACVTAP: 1, NotJudged.SERVER_ITSELF: 1},
        at_risk_after_reboot=2,
    )


def _servers() -> tuple[Server, ...]:
    return (
        server(
            features={"tx-checksum-ip-generic": Feature(state=State.ON)},
            persistence=Persistence(
                tx_checksum=State.ON, setting=SettingInWords(text="no NetworkManager profile turns it off")
            ),
            macs=(Mac("52:54:00:00:01:01"), Mac("52:54:00:00:01:11")),
            addresses=("10.77.0.2/24",),
            kernel=Observed(value="5.14.0-427.el9.x86_64", source="ssh", observed_at=TAKEN_AT),
            segments=("pxe-a",),
        ),
        server(
            "cobbler",
            interface="ens3 x",
            source="file:/var/tmp/cobbler.txt",
            features={"tx-checksum-ipv4": Feature(state=State.ON, fixed=True)},
            observed_at=None,
        ),
        server(
            "foreman",
            State.UNKNOWN,
            interface=None,
            source="ssh://foreman.example.com",
            subnets=("10.78.0.0/16",),
            physical=True,
            observed_at=None,
        ),
        server(
            "mirror",
            State.OFF,
            persistence=Persistence(
                tx_checksum=State.ON, setting=SettingInWords(text="no NetworkManager profile turns it off")
            ),
        ),
    )


def _gaps() -> tuple[Gap, ...]:
    return (
        Gap(
            item=GuestDomain(uri=URI2, domain="ghost"),
            cause=Failure(detail="Domain not found"),
            about=GapAbout.DOMAIN,
            hypervisor="hv2",
        ),
        Gap(
            item=HostNetwork(uri=URI2, network="old"),
            cause=Failure(detail="Network not found"),
            about=GapAbout.NETWORK,
            hypervisor="hv2",
        ),
        Gap(
            item=WholeHost(uri="qemu+ssh://hv3/system"),
            cause=NoAnswer(seconds=30),
            about=GapAbout.HYPERVISOR,
            hypervisor="hv3",
        ),
        Gap(item=ServerItem(server="foreman"), cause=REFUSED, about=GapAbout.SERVER),
    )


def _findings() -> tuple[Finding, ...]:
    on_hv2: dict[str, Any] = {"hypervisor": "hv2", "origin": URI2, "uuid": None, "segment": None}
    return (
        finding(),
        finding(
            domain="開発-テスト",
            uuid=None,
            mac=Mac("52:54:00:00:01:04"),
            source_device=DeviceName("bond2.100"),
            device_kind=DeviceKind.VLAN,
            lower_devices=(DeviceName("bond2"), DeviceName("eth4"), DeviceName("eth5")),
            segment="pxe-b",
            server="cobbler",
            server_interface="ens3 x",
            confidence=Confidence.MEDIUM,
            exposure=Exposure.LATENT,
            rule="R11",
            because=(
                OffloadKnown(server="cobbler", interface="ens3 x", state=State.ON, whole=False),
                on_a_bond("hv1", "bond2.100", "bond2"),
            ),
            missing=(NeedsPlace(server="cobbler", why=WhyUnlocated.NO_MAC),),
            reaches_server=Reach.UNKNOWN,
        ),
        finding(
            domain="legacy-db",
            uuid=None,
            mac=Mac("52:54:00:00:01:03"),
            exposure=Exposure.LATENT,
            waived="boots from ISO until 2027",
            waived_servers=(
                WaivedServer(
                    server="satellite", verdict=Verdict.AT_RISK, rule="R7", reason="boots from ISO until 2027"
                ),
            ),
        ),
        finding(
            **on_hv2,
            domain="pooled",
            mac=Mac("52:54:00:00:02:02"),
            source_device=DeviceName("bond3"),
            source_mode=SourceMode.VEPA,
            lower_devices=(DeviceName("eth6"), DeviceName("eth7")),
            server="foreman",
            server_interface=None,
            verdict=Verdict.UNKNOWN,
            confidence=Confidence.LOW,
            exposure=Exposure.LATENT,
            rule="R13",
            because=(on_a_bond("hv2", "bond3"),),
            missing=(
                NeedsOffload(server="foreman", interface=None, why=REFUSED),
                NeedsNicKinds(
                    hypervisor="hv2", device=DeviceName("bond3"), nics=(DeviceName("eth6"), DeviceName("eth7"))
                ),
            ),
            reaches_server=Reach.UNKNOWN,
        ),
        finding(
            **on_hv2,
            domain="mail",
            mac=Mac("52:54:00:00:02:01"),
            source_device=DeviceName("bond3"),
            source_mode=SourceMode.PRIVATE,
            lower_devices=(DeviceName("eth6"), DeviceName("eth7")),
            server=None,
            server_interface=None,
            verdict=Verdict.NOT_AFFECTED,
            exposure=Exposure.LATENT,
            rule="R2",
            because=(
                KernelKnown(hypervisor="hv2", release=FIXED_KERNEL, fix=Fix.FIXED, basis=KernelBasis.MAINLINE_SINCE),
                on_a_bond("hv2", "bond3"),
            ),
            reaches_server=Reach.NO,
        ),
    )
