"""Capacity and findings over time."""

from collections.abc import Iterable, Iterator
from typing import TypeVar, assert_never

import msgspec

from virtscan import __version__
from virtscan.changes.trend import (
    CapacityPoint,
    CapacityTrend,
    Growth,
    Outlook,
    RiskBy,
    RiskPoint,
    RiskTrend,
    VersionChange,
)
from virtscan.model import HostStatus
from virtscan.model.facts.amounts import ratio
from virtscan.model.history import ScanRecord
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Section,
    moment,
    number,
    one_of,
    section,
    timestamp,
    word,
    yes_or_no,
)
from virtscan.views.tables.capacity import PARTIAL
from virtscan.views.wording.phrases.quantity import quantity

R = TypeVar("R")

_DATA = Audience.DATA
_SCOPE = "scope"
_UNREAD = "an unread hypervisor counts with its last complete observation; without one it is missing from the numbers"

_OF_CAPACITY: tuple[Field[CapacityPoint], ...] = (
    Field(moment("taken_at"), lambda point: timestamp(point.scan.taken_at)),
    Field(Column("site"), lambda point: point.count.site),
    Field(number("hypervisors"), lambda point: point.count.hypervisors),
    Field(number("unread", under="hypervisors"), lambda point: point.count.unread),
    Field(number("cpus", "CPUs"), lambda point: point.count.cpus),
    Field(number("memory_mib", "memory (MiB)", under="cpus"), lambda point: point.count.memory_mib),
    Field(number("domains_running"), lambda point: point.count.domains_running),
    Field(number("domains_defined", under="domains_running"), lambda point: point.count.domains_defined),
    Field(number("vcpus_running", "vCPUs running"), lambda point: point.count.vcpus_running),
    Field(number("vcpus_defined", "vCPUs defined", under="vcpus_running"), lambda point: point.count.vcpus_defined),
    Field(number("memory_running_mib", "memory running (MiB)"), lambda point: point.count.memory_running_mib),
    Field(
        number("memory_defined_mib", "memory defined (MiB)", under="memory_running_mib"),
        lambda point: point.count.memory_defined_mib,
    ),
    Field(
        number("memory_running_ratio", "memory running ratio"),
        lambda point: ratio(point.count.memory_running_mib, point.count.memory_mib),
    ),
    Field(number("macvtap_interfaces"), lambda point: point.count.macvtap_interfaces),
    Field(number("scan", audience=_DATA), lambda point: point.scan.number),
    Field(Column("scope", audience=_DATA), lambda point: point.scan.scope),
    Field(Column("version", audience=_DATA), lambda point: point.scan.version),
    Field(yes_or_no("new_version", audience=_DATA), lambda point: point.is_new_version),
)

_OF_GROWTH: tuple[Field[Growth], ...] = (
    Field(Column("site"), lambda growth: growth.site),
    Field(Column("scope", audience=_DATA), lambda growth: growth.scope),
    Field(one_of(Outlook, "outlook"), lambda growth: word(growth.outlook)),
    Field(number("memory_mib", "memory (MiB)"), lambda growth: growth.memory_mib),
    Field(number("memory_running_mib", "memory running (MiB)"), lambda growth: growth.running_mib),
    Field(number("mib_per_day", "MiB per day"), lambda growth: growth.mib_per_day),
    Field(number("days_until_full"), lambda growth: growth.days_until_full),
    Field(Column("full_on"), lambda growth: growth.full_on.isoformat() if growth.full_on else None),
    Field(number("scans"), lambda growth: growth.scans),
    Field(moment("since"), lambda growth: timestamp(growth.since)),
)


def capacity(trend: CapacityTrend) -> Document:
    """Show each site at each scan, and when it is full."""
    are_several = _are_several(point.scan for point in trend.points)
    points, growth = _fields(_OF_CAPACITY, are_several), _fields(_OF_GROWTH, are_several)
    rows = msgspec.structs.replace(section("rows", points, trend.points), none=_nothing("hypervisor", trend.last))
    sections = (rows, section("growth", growth, trend.growth))
    unread = any(point.count.unread for point in trend.points)
    notes = [
        *(_outlook(growth, shows_scope=are_several) for growth in trend.growth),
        *([_UNREAD] if unread else []),
    ]
    return _document("capacity", sections, trend.last, trend.versions, notes)


def sections_of_page(trend: CapacityTrend) -> tuple[Section, ...]:
    """Return the same as sections of a document about one scan; none without scans."""
    points, growth = capacity(trend).sections
    return (msgspec.structs.replace(points, key="trend"), growth) if points.rows else ()


def risks(trend: RiskTrend) -> Document:
    """Show the findings of each site or server at each scan, as judged that night, without a forecast."""
    fields = _fields(_of_risks(trend.by), _are_several(point.scan for point in trend.points))
    rows = msgspec.structs.replace(section("rows", fields, trend.points), none=_nothing("finding", trend.last))
    sections = (rows, section("growth", _OF_GROWTH, ()))
    is_partial = any(point.status is HostStatus.PARTIAL for point in trend.points)
    return _document("risks", sections, trend.last, trend.versions, [PARTIAL] if is_partial else [])


def _nothing(noun: str, last: ScanRecord | None) -> str:
    if last is None:
        return "The history has no scans."
    unread = "" if last.status is HostStatus.COMPLETE else "; the last one did not read every hypervisor"
    return f"The scans have no {noun}{unread}."


def _of_risks(by: RiskBy) -> tuple[Field[RiskPoint], ...]:
    return (
        Field(moment("taken_at"), lambda point: timestamp(point.scan.taken_at)),
        Field(Column(by.value), lambda point: point.label),
        Field(one_of(HostStatus, "status"), lambda point: word(point.status)),
        Field(number("hypervisors"), lambda point: point.hypervisors),
        Field(number("at_risk"), lambda point: point.at_risk),
        Field(number("pending", under="at_risk"), lambda point: point.pending),
        Field(number("boots", under="at_risk"), lambda point: point.boots),
        Field(number("latent", under="at_risk"), lambda point: point.latent),
        Field(number("unknown"), lambda point: point.unknown),
        Field(number("mitigated"), lambda point: point.mitigated),
        Field(number("not_affected", under="mitigated"), lambda point: point.not_affected),
        Field(number("waived"), lambda point: point.waived),
        Field(number("scan", audience=_DATA), lambda point: point.scan.number),
        Field(Column("scope", audience=_DATA), lambda point: point.scan.scope),
        Field(Column("version"), lambda point: point.scan.version),
        Field(yes_or_no("new_version"), lambda point: point.is_new_version),
    )


def _are_several(scans: Iterable[ScanRecord]) -> bool:
    return len({scan.scope for scan in scans}) > 1


def _fields(fields: tuple[Field[R], ...], are_several: bool) -> tuple[Field[R], ...]:
    """Return the fields; people see the scope if there are several: their sites may have the same names."""
    if not are_several:
        return fields
    return tuple(
        field.with_column(audience=Audience.EVERYBODY) if field.column.key == _SCOPE else field for field in fields
    )


def _document(
    name: str,
    sections: tuple[Section, ...],
    last: ScanRecord | None,
    versions: Iterable[VersionChange],
    notes: list[str],
) -> Document:
    return Document(
        schema="virtscan.trend/1",
        version=__version__,
        taken_at=None if last is None else last.taken_at,
        head={"view": name},
        sections=sections,
        notes=(*notes, *_marked(versions)),
    )


def _marked(versions: Iterable[VersionChange]) -> Iterator[str]:
    for change in versions:
        scan = f"scan {change.scan} ({change.taken_at.date().isoformat()})"
        yield f"{scan}: first by virtscan {change.new}, after {change.old}; it may judge differently"


def _outlook(growth: Growth, *, shows_scope: bool) -> str:
    """State when a site is full."""
    scope = f" (scope {growth.scope or 'none'})" if shows_scope else ""
    site = f"{growth.site or 'hypervisors without a site'}{scope}"
    match growth.outlook:
        case Outlook.GROWING | Outlook.NOT_GROWING if _is_full(growth):
            full = f"memory is full ({growth.running_mib} of {growth.memory_mib} MiB)"
            return f"{site}: {full}, {_rate(growth)} MiB per day; based on {growth.scans} scans"
        case Outlook.GROWING:
            return (
                f"{site}: memory will be full in {quantity(growth.days_until_full or 0, 'day')} ({growth.full_on}) "
                f"at {_rate(growth)} MiB per day; based on {growth.scans} scans"
            )
        case Outlook.NOT_GROWING:
            return f"{site}: memory is not filling up ({_rate(growth)} MiB per day); based on {growth.scans} scans"
        case Outlook.TOO_FEW_SCANS:
            return f"{site}: no growth rate yet: {quantity(growth.scans, 'scan')}; at least 5 over 7 days are needed"
        case Outlook.UNKNOWN:
            return f"{site}: no growth rate; nothing was read in 90 days, or memory or the state of a domain is unknown"
        case _:
            assert_never(growth.outlook)


def _is_full(growth: Growth) -> bool:
    memory, running = growth.memory_mib, growth.running_mib
    return memory is not None and running is not None and running >= memory


def _rate(growth: Growth) -> str:
    """Write the rate with its sign; one below 1 has a digit more, so that it is not zero."""
    rate = growth.mib_per_day or 0.0
    return f"{rate:+.1f}" if 0 < abs(rate) < 1 else f"{round(rate):+d}"
