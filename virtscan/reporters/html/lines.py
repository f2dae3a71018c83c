"""Trends as lines: one chart per column, one line per site or server."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from virtscan.model import HostStatus
from virtscan.reporters.text import CELL, plain, printable
from virtscan.views.document import Document, Section
from virtscan.views.rows.lazy import Value

_HEIGHT = 40
_MOST_LINES = 6
_SCOPE = "scope"
_OF_A_TREND = {"taken_at", "scan", "new_version"}
_GIB = 1024
_CHARTS = (
    ("memory_running_mib", "Memory of running domains", "GiB", _GIB),
    ("vcpus_running", "vCPUs of running domains", "vCPUs", 1),
    ("domains_running", "Running domains", "domains", 1),
    ("at_risk", "Interfaces at risk", "interfaces", 1),
    ("unknown", "Interfaces with an unknown verdict", "interfaces", 1),
)
"""Column, title, unit, and the divisor for that unit."""


class ChartLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line in parts, each the points of a polyline.

    An unknown value leaves a hole between two parts, and so does one that may be too low.
    """

    label: str
    parts: tuple[str, ...]
    words: str


class LineChart(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over one axis of time; `left_out` is the number of those that are only in the table.

    `versions` are where another version of virtscan begins: the position in percent and the words.
    """

    title: str
    lines: tuple[ChartLine, ...]
    top: str
    first: str
    last: str
    versions: tuple[tuple[float, str], ...]
    left_out: int


def of_document(document: Document) -> list[LineChart]:
    """Make the charts of each section that is a trend; a single scan has none."""
    return [chart for section in document.sections for chart in _of_section(section)]


def _of_section(section: Section) -> list[LineChart]:
    keys = [column.key for column in section.columns]
    if not set(keys) >= _OF_A_TREND:
        return []
    rows = [dict(zip(keys, row, strict=True)) for row in section.rows]
    label = "server" if "server" in keys else "site"
    has_scopes = any(column.key == _SCOPE and column.is_for_people for column in section.columns)
    times = sorted({str(row["taken_at"]) for row in rows})
    if len(times) < 2:
        return []
    named = [(_name(row, label, has_scopes), row) for row in rows]
    charts = (_chart(named, label, times, *chart) for chart in _CHARTS if chart[0] in keys)
    return [chart for chart in charts if chart.lines]


def _chart(
    named: Sequence[tuple[str, Mapping[str, Value]]],
    label: str,
    times: Sequence[str],
    key: str,
    title: str,
    unit: str,
    divisor: int,
) -> LineChart:
    values: dict[str, dict[str, float | None]] = {}
    least: dict[str, float | None] = {}
    for name, row in named:
        value = row[key]
        amount = value / divisor if isinstance(value, int | float) else None
        is_least = row.get("status", HostStatus.COMPLETE.value) != HostStatus.COMPLETE.value
        values.setdefault(name, {})[str(row["taken_at"])] = None if is_least else amount
        least[name] = amount if is_least else None
    top = max((value for line in values.values() for value in line.values() if value is not None), default=0.0)
    largest = sorted(values, key=lambda name: -max((value or 0.0 for value in values[name].values()), default=0.0))
    positions = _positions(times)
    return LineChart(
        title=f"{title} by {label}",
        lines=tuple(
            _line(name, values[name], positions, top or 1.0, _last(list(values[name].values()), least[name], unit))
            for name in sorted(largest[:_MOST_LINES])
        ),
        top=f"{top:g} {unit}" if top == int(top) else f"{top:.1f} {unit}",
        first=times[0][:10],
        last=times[-1][:10],
        versions=tuple(
            sorted(
                {
                    (positions[str(row["taken_at"])], printable(f"first scan by virtscan {row['version']}", CELL))
                    for _, row in named
                    if row["new_version"]
                }
            )
        ),
        left_out=max(0, len(values) - _MOST_LINES),
    )


def _name(row: Mapping[str, Value], label: str, has_scopes: bool) -> str:
    """Name the line of a row; those of several configurations may have sites and servers of one name."""
    name = plain(row[label], none=f"no {label}")
    return f"{name} ({plain(row[_SCOPE], none='no scope')})" if has_scopes else name


def _line(
    name: str, values: Mapping[str, float | None], positions: Mapping[str, float], top: float, words: str
) -> ChartLine:
    return ChartLine(label=printable(name, CELL), parts=tuple(_parts(values, positions, top)), words=words)


def _last(values: Sequence[float | None], least: float | None, unit: str) -> str:
    """Write the value of the last scan, the last one of these; if that is unknown, also the last known one.

    Args:
        values: Those of all scans.
        least: The least that the last one can be, if it is unknown.
        unit: The unit in the plural.
    """
    now = "unknown" if not least else f"at least {_amount(least, unit)}"
    known = [_amount(value, unit) for value in values if value is not None]
    if not known:
        return now
    return f"{now}; {known[-1]} before" if values[-1] is None else known[-1]


def _amount(value: float, unit: str) -> str:
    words = f"{value:.0f}"
    return f"{words} {unit.removesuffix('s') if words == '1' else unit}"


def _parts(values: Mapping[str, float | None], positions: Mapping[str, float], top: float) -> Iterator[str]:
    """Yield the points of each stretch without a hole."""
    part: list[str] = []
    for time in sorted(values):
        value = values[time]
        if value is not None:
            part.append(f"{positions[time]:.2f},{_HEIGHT - _HEIGHT * value / top:.2f}")
        elif part:
            yield _points(part)
            part = []
    if part:
        yield _points(part)


def _points(part: Sequence[str]) -> str:
    """Write a stretch; a single point twice, because a browser draws that as a dot, and a lone one not at all."""
    return " ".join(part if len(part) > 1 else (*part, *part))


def _positions(times: Sequence[str]) -> dict[str, float]:
    """Return the position of each time on the axis, in percent."""
    moments = [datetime.fromisoformat(time).timestamp() for time in times]
    length = (moments[-1] - moments[0]) or 1.0
    return {time: 100 * (moment - moments[0]) / length for time, moment in zip(times, moments, strict=True)}
