"""Parser of a domain's resources, and of further facts of its definition."""

from collections.abc import Iterable, Mapping, Sequence
from sys import intern

from lxml import etree

from virtscan.analyzer.disks import read_disk
from virtscan.analyzer.literals import mebibytes, number
from virtscan.analyzer.xml.parsing import attribute, first_children, text_of
from virtscan.model import Resources, State

_OS = "{http://libosinfo.org/xmlns/libvirt/domain/1.0}os"


def read_resources(
    first: Mapping[str, etree._Element],
    types: Sequence[etree._Element],
    disks: Iterable[etree._Element],
    *,
    paused: State,
) -> Resources:
    """Read the resources of a domain.

    Args:
        first: The first of the domain's children of each name.
        types: Its `<os><type>`, which has the machine type.
        disks: Its disks and other drives, in document order.
        paused: ON if the source shows that it is suspended.
    """
    sockets, cores, threads, numa_nodes = _topology(first.get("cpu"))
    return Resources(
        machine=attribute(types[0], "machine") if types else None,
        os=_os(first.get("metadata")),
        description=(text_of(first.get("description")) or "").strip() or None,
        sockets=sockets,
        cores=cores,
        threads=threads,
        max_vcpus=number(text_of(first.get("vcpu"))),
        cpu_shares=_cpu_shares(first.get("cputune")),
        max_memory_mib=mebibytes(first.get("maxMemory")),
        balloon_mib=mebibytes(first.get("currentMemory")),
        reserved_mib=_reserved(first.get("memtune")),
        hugepages=_has_hugepages(first.get("memoryBacking")),
        numa_nodes=numa_nodes,
        disks=tuple(map(read_disk, disks)),
        paused=paused,
    )


def _os(metadata: etree._Element | None) -> str | None:
    """Return the identifier that virt-install and others note for libosinfo."""
    if metadata is None:
        return None
    identifiers = (element.get("id") for element in metadata.iter(_OS))
    identifier = next(filter(None, identifiers), None)
    return None if identifier is None else intern(identifier)


def _topology(cpu: etree._Element | None) -> tuple[int | None, int | None, int | None, int | None]:
    """Return sockets, cores per socket (of all its dies), threads per core, and NUMA nodes."""
    if cpu is None:
        return None, None, None, None
    first = first_children(cpu)
    numa, topology = first.get("numa"), first.get("topology")
    numa_nodes = None if numa is None else len(numa.findall("cell"))
    if topology is None:
        return None, None, None, numa_nodes
    sockets, cores, threads = (number(topology.get(key)) for key in ("sockets", "cores", "threads"))
    for key in ("dies", "clusters"):
        cores = None if cores is None else cores * (number(topology.get(key)) or 1)
    return sockets, cores, threads, numa_nodes


def _cpu_shares(cputune: etree._Element | None) -> int | None:
    return None if cputune is None else number(cputune.findtext("shares"))


def _reserved(memtune: etree._Element | None) -> int | None:
    return None if memtune is None else mebibytes(memtune.find("min_guarantee"))


def _has_hugepages(backing: etree._Element | None) -> bool:
    return backing is not None and backing.find("hugepages") is not None
