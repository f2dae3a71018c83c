"""The sheets of domains: their kinds, CPUs, memory, disks and interfaces."""

from collections.abc import Callable, Sequence

import msgspec

from virtscan.model import Disk, DiskMode, DomainState, LinkState, State
from virtscan.views.counting import domain_resources
from virtscan.views.counting.placements import DomainPlacements, Placement
from virtscan.views.document import Audience, Column, Field, Section, number, one_of, section, word, yes_or_no
from virtscan.views.rows.lazy import Value
from virtscan.views.sheets import rvtools
from virtscan.views.tables import domains, interfaces

_SHEETS = Audience.SHEETS
_NETWORKS = range(8)
_OURS_OF_CPUS = ("uuid", "threads_per_core")
_OURS_OF_MEMORY = ("uuid", "balloon_mib", "hugepages", "numa_nodes")


class _DomainDisk(msgspec.Struct, frozen=True):
    """A disk with its domain."""

    item: DomainPlacements
    disk: Disk


def sheets(placements: Sequence[DomainPlacements]) -> tuple[Section, ...]:
    """Return the sections of domains, their CPUs, memory, disks and interfaces, from one set of rows."""
    places = [place for item in placements for place in item.placements]
    drives = [_DomainDisk(item, disk) for item in placements for disk in item.domain.resources.disks]
    every = (*domains.FIELDS, *_OF_DOMAINS)
    return (
        _named(section("domains", rvtools.headed(every, rvtools.VINFO), placements), "Virtual machines", "vInfo"),
        _named(section("cpus", rvtools.headed(every, rvtools.VCPU, _OURS_OF_CPUS), placements), "Virtual CPUs", "vCPU"),
        _named(
            section("memory", rvtools.headed(every, rvtools.VMEMORY, _OURS_OF_MEMORY), placements),
            "Virtual memory",
            "vMemory",
        ),
        _named(section("disks", rvtools.headed(_OF_DISKS, rvtools.VDISK), drives), "Disks", "vDisk"),
        _named(
            section("interfaces", rvtools.headed((*interfaces.FIELDS, *_OF_INTERFACES), rvtools.VNETWORK), places),
            "Network interfaces",
            "vNetwork",
        ),
    )


def _named(rows: Section, title: str, sheet: str) -> Section:
    return msgspec.structs.replace(rows, title=title, sheet=sheet)


def powerstate(item: DomainPlacements | Placement) -> str | None:
    """Return the state in RVTools' words."""
    match item.domain.state:
        case DomainState.ACTIVE:
            return "Suspended" if item.domain.resources.paused is State.ON else "poweredOn"
        case DomainState.INACTIVE:
            return "poweredOff"
        case DomainState.UNKNOWN:
            return None


def _connected(place: Placement) -> bool | None:
    """Return whether the guest has a link now; None if it is unknown whether it runs."""
    if place.domain.state is DomainState.UNKNOWN:
        return None
    return place.domain.state is DomainState.ACTIVE and place.interface.link is not LinkState.DOWN


def _network(number: int) -> Callable[[DomainPlacements], Value]:
    def of(item: DomainPlacements) -> Value:
        return domain_resources.network(item.placements[number]) if number < len(item.placements) else None

    return of


def _more(most: int | None, given: int | None) -> bool | None:
    return None if most is None or given is None else most > given


_OF_DOMAINS: tuple[Field[DomainPlacements], ...] = (
    Field(Column("powerstate", audience=_SHEETS), powerstate),
    Field(
        yes_or_no("cpu_hot_add", audience=_SHEETS),
        lambda item: _more(item.domain.resources.max_vcpus, item.domain.vcpus),
    ),
    Field(yes_or_no("memory_hot_add", audience=_SHEETS), lambda item: item.domain.resources.max_memory_mib is not None),
    *(Field(Column(f"network_{place + 1}", audience=_SHEETS), _network(place)) for place in _NETWORKS),
)

_OF_INTERFACES: tuple[Field[Placement], ...] = (
    Field(Column("powerstate", audience=_SHEETS), powerstate),
    Field(Column("nic_label", audience=_SHEETS), lambda place: f"Network adapter {place.interface.index + 1}"),
    Field(Column("connection", audience=_SHEETS), domain_resources.network),
    Field(yes_or_no("connected", audience=_SHEETS), _connected),
    Field(yes_or_no("starts_connected", audience=_SHEETS), lambda place: place.interface.link is not LinkState.DOWN),
)

_OF_DISKS: tuple[Field[_DomainDisk], ...] = (
    Field(Column("hypervisor"), lambda row: row.item.hypervisor.name),
    Field(Column("site"), lambda row: row.item.hypervisor.site),
    Field(Column("domain"), lambda row: row.item.domain.name),
    Field(Column("uuid"), lambda row: row.item.domain.uuid),
    Field(Column("powerstate", audience=_SHEETS), lambda row: powerstate(row.item)),
    Field(Column("disk"), lambda row: row.disk.target),
    Field(Column("device"), lambda row: row.disk.device),
    Field(Column("bus", "Bus"), lambda row: row.disk.bus),
    Field(Column("format", "Format"), lambda row: row.disk.format),
    Field(Column("path"), lambda row: row.disk.path),
    Field(Column("pool"), lambda row: row.disk.pool),
    Field(Column("volume"), lambda row: row.disk.volume),
    Field(one_of(DiskMode, "mode"), lambda row: word(row.disk.mode)),
    Field(number("capacity_mib", "capacity (MiB)"), lambda row: row.disk.capacity_mib),
)
