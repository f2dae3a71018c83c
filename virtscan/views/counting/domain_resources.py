"""Columns of domains' resources, for planners: data has all of them, tables lack the room."""

from virtscan.model import Disk, Firmware, Resources
from virtscan.views.counting.placements import DomainPlacements, Placement
from virtscan.views.document import (
    Audience,
    Column,
    Field,
    known,
    number,
    one_of,
    records,
    records_of,
    texts,
    word,
    yes_or_no,
)

_DATA = Audience.DATA
_DRIVES = frozenset({"cdrom", "floppy"})


def network(place: Placement) -> str | None:
    """Return the network of an interface for planners: libvirt's, else the segment, else the host's device."""
    return place.interface.network or place.segment or place.device


def disks(resources: Resources) -> tuple[Disk, ...]:
    """Return the disks without drives for removable media."""
    return tuple(disk for disk in resources.disks if disk.device not in _DRIVES)


FIELDS: tuple[Field[DomainPlacements], ...] = (
    Field(yes_or_no("autostart", audience=_DATA), lambda item: known(item.domain.resources.autostart)),
    Field(yes_or_no("has_snapshot", audience=_DATA), lambda item: known(item.domain.resources.has_snapshot)),
    Field(one_of(Firmware, "firmware", audience=_DATA), lambda item: word(item.domain.firmware)),
    Field(Column("machine", audience=_DATA), lambda item: item.domain.resources.machine),
    Field(Column("os", "operating system", audience=_DATA), lambda item: item.domain.resources.os),
    Field(Column("description", audience=_DATA), lambda item: item.domain.resources.description),
    Field(number("max_vcpus", "max vCPUs", audience=_DATA), lambda item: item.domain.resources.max_vcpus),
    Field(number("sockets", audience=_DATA), lambda item: item.domain.resources.sockets),
    Field(number("cores_per_socket", audience=_DATA), lambda item: item.domain.resources.cores),
    Field(number("threads_per_core", audience=_DATA), lambda item: item.domain.resources.threads),
    Field(number("cpu_shares", "CPU shares", audience=_DATA), lambda item: item.domain.resources.cpu_shares),
    Field(
        number("max_memory_mib", "max memory (MiB)", audience=_DATA), lambda item: item.domain.resources.max_memory_mib
    ),
    Field(number("balloon_mib", "balloon (MiB)", audience=_DATA), lambda item: item.domain.resources.balloon_mib),
    Field(
        number("reserved_mib", "memory reserved (MiB)", audience=_DATA),
        lambda item: item.domain.resources.reserved_mib,
    ),
    Field(yes_or_no("hugepages", audience=_DATA), lambda item: item.domain.resources.hugepages),
    Field(number("numa_nodes", "NUMA nodes", audience=_DATA), lambda item: item.domain.resources.numa_nodes),
    Field(texts("networks", audience=_DATA), lambda item: tuple(network(place) or "" for place in item.placements)),
    Field(number("disks", audience=_DATA), lambda item: len(disks(item.domain.resources))),
    Field(records_of(Disk, key="drives"), lambda item: records(item.domain.resources.disks)),
)
