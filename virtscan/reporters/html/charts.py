"""Capacity as bars: the allocated share of each site."""

from collections.abc import Mapping

import msgspec

from virtscan.model import HostStatus
from virtscan.reporters.text import CELL, common_suffix, plain, printable
from virtscan.views.document import Document, Section
from virtscan.views.rows.lazy import Value

_MOST_BARS = 12
_GIB = 1024


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A bar: the parts allocated to running and to all defined domains, in percent of the chart's width."""

    label: str
    running: float
    defined: float
    whole: float
    words: str
    is_over: bool


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of one resource; `left_out` is the number of those that are only in the table."""

    title: str
    bars: tuple[Bar, ...]
    left_out: int


class _Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of a resource.

    `headroom` is the column with the rest when the largest host fails; a site with one host has none. `is_hard` is True
    if a host can't allocate more of it to running domains than it has.
    """

    title: str
    whole: str
    running: str
    defined: str
    unit: str
    divisor: int = 1
    is_hard: bool = False
    headroom: str = ""


_RESOURCES = (
    _Resource(
        title="Memory", whole="memory_mib", running="memory_running_mib", defined="memory_defined_mib", unit="GiB",
        divisor=_GIB, is_hard=True, headroom="memory_headroom_mib",
    ),
    _Resource(title="CPUs", whole="cpus", running="vcpus_running", defined="vcpus_defined", unit="CPUs"),
)  # fmt: skip
_SECTIONS = {"capacity_by_site": "site", "capacity": "hypervisor"}


def of_document(document: Document) -> list[Chart]:
    """Make a chart of each resource for sites and hypervisors; a site without a name alone is not a chart."""
    sections = {section.key: section for section in document.sections}
    charts = []
    for key, label in _SECTIONS.items():
        if key in sections:
            columns = [column.key for column in sections[key].columns]
            rows = [dict(zip(columns, row, strict=True)) for row in sections[key].rows]
            if _can_compare(sections[key], rows, label):
                charts += [_chart(f"{resource.title} by {label}", rows, label, resource) for resource in _RESOURCES]
    return [chart for chart in charts if chart.bars]


def _can_compare(section: Section, rows: list[dict[str, Value]], label: str) -> bool:
    keys = {label, *(key for resource in _RESOURCES for key in (resource.whole, resource.running, resource.defined))}
    return keys <= {column.key for column in section.columns} and any(row[label] is not None for row in rows)


def _chart(title: str, rows: list[dict[str, Value]], label: str, resource: _Resource) -> Chart:
    """Make the bars of the rows whose numbers are known, the fullest first."""
    measured = [(row, amounts) for row in rows if (amounts := _amounts(row, resource)) is not None]
    measured.sort(key=lambda pair: -pair[1][1])
    widest = max((max(1.0, running, defined) for _, (_, running, defined) in measured), default=1.0)
    suffix = common_suffix([_name(row[label], label) for row in rows if row[label] is not None])
    bars = tuple(
        _bar(_name(row[label], label).removesuffix(suffix), amounts, widest, resource, _further(row, resource))
        for row, amounts in measured[:_MOST_BARS]
    )
    return Chart(title=title, bars=bars, left_out=len(rows) - len(bars))


def _amounts(row: Mapping[str, Value], resource: _Resource) -> tuple[float, float, float] | None:
    """Return the capacity, and the shares of it that running and defined domains have; None if one is unknown."""
    whole, running, defined = (row[key] for key in (resource.whole, resource.running, resource.defined))
    if not isinstance(whole, int | float) or not isinstance(running, int | float):
        return None
    if not isinstance(defined, int | float) or not whole:
        return None
    return whole, running / whole, defined / whole


def _name(value: Value, label: str) -> str:
    return plain(value, none=f"no {label}")


def _further(row: Mapping[str, Value], resource: _Resource) -> str:
    """State that only a part was read, or else the rest when the largest host fails, if it is known."""
    if row.get("status") == HostStatus.PARTIAL.value:
        return "; only partly read"
    headroom = row.get(resource.headroom)
    if not isinstance(headroom, int | float):
        return ""
    amount = f"{abs(headroom) / resource.divisor:,.0f} {resource.unit}"
    return f"; {amount} {'left' if headroom >= 0 else 'short'} if its largest hypervisor fails"


def _bar(label: str, amounts: tuple[float, float, float], widest: float, resource: _Resource, further: str) -> Bar:
    whole, running, defined = amounts
    return Bar(
        label=printable(label, CELL),
        running=round(100 * running / widest, 2),
        defined=round(100 * defined / widest, 2),
        whole=round(100 / widest, 2),
        words=(
            f"{running:.0%} running, {defined:.0%} defined of {whole / resource.divisor:,.0f} {resource.unit}{further}"
        ),
        is_over=resource.is_hard and running > 1,
    )
