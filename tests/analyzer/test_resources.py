"""Resources of a domain, from its document."""

from pathlib import Path

import pytest

from tests.analyzer import truth
from tests.analyzer.reading import read_domain
from virtscan.errors import AnalyzerError
from virtscan.model import Disk, DiskMode, Resources, State

WHOLE = """
<domain type='kvm'>
  <name>web01</name>
  <description>
    Owner: ops
  </description>
  <metadata>
    <o:libosinfo xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'><o:os id='http://debian.org/debian/12'/></o:libosinfo>
  </metadata>
  <maxMemory slots='4' unit='GiB'>8</maxMemory>
  <memory unit='GiB'>4</memory>
  <currentMemory unit='GiB'>2</currentMemory>
  <memoryBacking><hugepages/></memoryBacking>
  <memtune><min_guarantee unit='MiB'>512</min_guarantee></memtune>
  <vcpu current='2'>8</vcpu>
  <cputune><shares>2048</shares></cputune>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='host-passthrough'>
    <topology sockets='2' dies='2' cores='2' threads='1'/>
    <numa><cell id='0' cpus='0-3'/><cell id='1' cpus='4-7'/></numa>
  </cpu>
</domain>
"""


def read(xml: str) -> Resources:
    return read_domain(xml, origin="x").resources


def disks(inside: str) -> tuple[Disk, ...]:
    return read(f"<domain type='kvm'><name>web01</name><devices>{inside}</devices></domain>").disks


def test_everything_that_a_definition_gives_is_read() -> None:
    assert read(WHOLE) == Resources(
        machine="pc-q35-7.2",
        os="http://debian.org/debian/12",
        description="Owner: ops",
        sockets=2,
        cores=4,
        threads=1,
        max_vcpus=8,
        cpu_shares=2048,
        max_memory_mib=8192,
        balloon_mib=2048,
        reserved_mib=512,
        hugepages=True,
        numa_nodes=2,
    )


def test_facts_absent_from_a_definition_are_unknown() -> None:
    assert read("<domain><name>web01</name></domain>") == Resources()


@pytest.mark.parametrize(
    ("state", "paused"),
    [("running", State.OFF), ("paused", State.ON), ("pmsuspended", State.ON), ("blocked", State.OFF)],
)
def test_a_status_file_shows_whether_the_domain_is_suspended(state: str, paused: State) -> None:
    assert read(f"<domstatus state='{state}'><domain><name>web01</name></domain></domstatus>").paused is paused


IN_A_FILE = """
<disk type='file' device='disk'>
  <driver name='qemu' type='qcow2'/>
  <source file='/top'/>
  <backingStore type='file'><format type='raw'/><source file='/base'/></backingStore>
  <target dev='vda' bus='virtio'/>
</disk>
"""
ON_A_NETWORK = """
<disk type='network'>
  <source protocol='rbd' name='pool/a'><host name='ceph1'/></source>
  <target dev='vda'/>
</disk>
"""


@pytest.mark.parametrize(
    ("inside", "disk"),
    [
        (IN_A_FILE, Disk(target="vda", bus="virtio", format="qcow2", path="/top")),
        (ON_A_NETWORK, Disk(target="vda", path="rbd:pool/a")),
        ("<disk type='block'><source dev='/dev/a'/><transient/></disk>", Disk(path="/dev/a", mode=DiskMode.TRANSIENT)),
        ("<disk device='cdrom'><readonly/></disk>", Disk(device="cdrom", mode=DiskMode.READ_ONLY)),
        ("<disk type='volume'><source pool='vms' volume='a'/></disk>", Disk(pool="vms", volume="a")),
        ("<disk type='nvme'><source type='pci' namespace='1'/><target dev='vda'/></disk>", Disk(target="vda")),
        ("<disk type='dir'><source dir='/d'/></disk>", Disk(path="/d")),
        ("<disk type='vhostuser'><source type='unix' path='/s'/></disk>", Disk(path="/s")),
        ("<disk/>", Disk()),
    ],
)
def test_a_disk_is_read_by_the_attribute_of_its_type(inside: str, disk: Disk) -> None:
    assert disks(inside) == (disk,)


def test_disks_are_in_the_order_of_the_document() -> None:
    two = "<disk><target dev='vdb'/></disk><controller type='usb'/><disk><target dev='vda'/></disk>"

    assert [disk.target for disk in disks(two)] == ["vdb", "vda"]


def test_every_disk_of_the_corpus_is_read(corpus: Path) -> None:
    disks = 0
    for record in truth.records(corpus, "domain"):
        xml = (corpus / record["file"]).read_bytes()
        try:
            read_disks = read_domain(xml, origin="x").resources.disks
        except AnalyzerError:
            continue
        # The corpus's own parser counts elements; a snapshot of disks inside metadata is none.
        assert len(read_disks) <= xml.count(b"<disk"), record["file"]
        disks += sum(disk.path is not None or disk.pool is not None for disk in read_disks)
    assert disks > 500
