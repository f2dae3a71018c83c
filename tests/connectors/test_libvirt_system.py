"""The real thing: QEMU, a running domain, and a macvtap on a device of the kernel."""

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import libvirt
import msgspec
import pytest

from tests.harness.libvirt_scan import scan
from tests.harness.qemu_host import DEVICE, QemuHost, running_qemu_host
from virtscan.model import (
    Attachment,
    Backing,
    DeviceName,
    DomainState,
    GapAbout,
    HostStatus,
    Hypervisor,
    SourceMode,
    State,
)
from virtscan.views.wording.gaps import subject

pytestmark = pytest.mark.system

ON_DEVICE = Attachment(DeviceName(DEVICE), SourceMode.PRIVATE)

NETWORK = f"<network><name>pxe</name><forward mode='private'><interface dev='{DEVICE}'/></forward></network>"

SCAN_INSIDE = """\
import sys, msgspec
from tests.harness.libvirt_scan import scan
sys.stdout.buffer.write(msgspec.json.encode(scan("qemu:///system")[0]))
"""


WARN_INSIDE = """\
from virtscan.correlator import correlate
from virtscan.model import Plan, Target, TargetKind
from virtscan.scanning import collect
from virtscan.views.wording.gaps import reason
targets = [Target(kind=TargetKind.LIBVIRT, address=uri) for uri in ("qemu:///system", "qemu+unix:///system")]
for gap in correlate(collect(Plan(targets=tuple(targets)))).warnings:
    print(reason(gap)[:18])
"""


def domain_xml(name: str, *interfaces: str) -> str:
    """One that needs no KVM, no disk and little memory."""
    return (
        f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
        "<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='network'/></os>"
        f"<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{''.join(interfaces)}</devices></domain>"
    )


def direct(mac: str, device: str = DEVICE) -> str:
    return (
        f"<interface type='direct'><mac address='{mac}'/><source dev='{device}' mode='bridge'/>"
        "<model type='virtio'/></interface>"
    )


@pytest.fixture(scope="module")
def host() -> Iterator[QemuHost]:
    with running_qemu_host() as host:
        writer = libvirt.open(host.uri(read_only=False))
        writer.networkDefineXML(NETWORK).create()
        writer.defineXML(domain_xml("web01", direct("52:54:00:93:76:af"))).create()
        writer.defineXML(domain_xml("db01", "<interface type='network'><source network='pxe'/></interface>"))
        writer.close()
        yield host


def test_a_running_domain_has_the_device_below_its_macvtap(host: QemuHost) -> None:
    hypervisor, gaps = scan(host.uri())

    assert gaps == ()
    assert hypervisor.status is HostStatus.COMPLETE
    off, on = hypervisor.domains
    assert (on.name, on.state, on.vcpus, on.memory_mib) == ("web01", DomainState.ACTIVE, 1, 64)
    (interface,) = on.interfaces
    assert (interface.type, interface.mac, interface.model) == ("direct", "52:54:00:93:76:af", "virtio")
    assert interface.attachments == (Attachment(DeviceName(DEVICE), SourceMode.BRIDGE),)
    assert interface.target is not None
    assert interface.target.startswith("macvtap")
    assert (off.name, off.state) == ("db01", DomainState.INACTIVE)
    assert [i.attachments for i in off.interfaces] == [(ON_DEVICE,)]
    devices = {device.name: device for device in hypervisor.devices}
    assert devices[DeviceName(DEVICE)].backing is Backing.VIRTUAL
    assert all(devices[DeviceName(name)].mac is not None for name in (DEVICE, "vsfar"))
    assert hypervisor.lists_all_domains


def test_the_daemon_gives_its_version(host: QemuHost) -> None:
    hypervisor, _ = scan(host.uri())

    assert hypervisor.daemon is not None
    assert (hypervisor.daemon.value, hypervisor.daemon.source) == (libvirt.getVersion(), "libvirt")
    assert not hypervisor.local


def test_a_domain_started_on_a_network_has_the_device_it_got(host: QemuHost) -> None:
    writer = libvirt.open(host.uri(read_only=False))
    domain = writer.lookupByName("db01")
    domain.create()
    hypervisor, gaps = scan(host.uri())
    domain.destroy()
    del domain
    writer.close()

    assert gaps == ()
    (interface,) = hypervisor.domains[0].interfaces
    assert (interface.network, interface.attachments) == ("pxe", (ON_DEVICE,))


def test_a_device_that_is_gone_is_missed(host: QemuHost) -> None:
    writer = libvirt.open(host.uri(read_only=False))
    domain = writer.defineXML(domain_xml("ci01", direct("52:54:00:00:00:01", "bond9")))
    _, gaps = scan(host.uri())
    domain.undefine()
    del domain
    writer.close()

    assert [(subject(gap).rpartition(" ")[2], gap.about) for gap in gaps] == [("bond9", GapAbout.DEVICE)]


def test_this_machine_gives_its_own_name_and_kernel(host: QemuHost) -> None:
    printed = host.run(sys.executable, "-c", SCAN_INSIDE)

    hypervisor = msgspec.json.decode(printed, type=Hypervisor)
    assert hypervisor.name == platform.node()
    assert hypervisor.kernel is not None
    assert (hypervisor.kernel.value, hypervisor.kernel.source) == (platform.release(), "this machine")
    assert (hypervisor.kernel_build, hypervisor.local) == (platform.version(), True)
    assert [domain.name for domain in hypervisor.domains] == ["db01", "web01"]
    assert Path(f"/sys/class/net/{DEVICE}").exists() is False


def test_one_daemon_under_two_addresses_is_warned_about(host: QemuHost) -> None:
    printed = host.run(sys.executable, "-c", WARN_INSIDE)

    assert printed.splitlines() == ["same hypervisor as"]


def test_capacity_facts_are_read(host: QemuHost, tmp_path: Path) -> None:
    image = tmp_path / "disk.raw"
    image.write_bytes(bytes(3 * 1024 * 1024))
    disk = f"<disk type='file'><driver type='raw'/><source file='{image}'/><target dev='vda' bus='virtio'/></disk>"
    writer = libvirt.open(host.uri(read_only=False))
    stored = writer.defineXML(domain_xml("stored", disk))
    stored.setAutostart(1)
    paused = writer.lookupByName("web01")
    paused.suspend()
    try:
        hypervisor, gaps = scan(host.uri(), statistics=True)
    finally:
        paused.resume()
        stored.undefine()
        del paused, stored
        writer.close()

    assert gaps == ()
    domains = {domain.name: domain.resources for domain in hypervisor.domains}
    assert {name: resources.paused for name, resources in domains.items()} == {
        "db01": State.OFF,
        "stored": State.OFF,
        "web01": State.ON,
    }
    assert (domains["stored"].autostart, domains["db01"].autostart) == (State.ON, State.OFF)
    assert domains["stored"].has_snapshot is State.OFF
    (disk_read,) = domains["stored"].disks
    assert (disk_read.path, disk_read.target, disk_read.bus, disk_read.format) == (str(image), "vda", "virtio", "raw")
    assert disk_read.capacity_mib == 3
    assert domains["web01"].balloon_mib == 64
    assert (domains["web01"].machine or "").startswith("pc-i440fx")
    assert hypervisor.memory_free_mib is not None
    assert hypervisor.memory_free_mib > 0
    assert hypervisor.processor.all_threads == hypervisor.cpus
