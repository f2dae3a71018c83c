"""The scans of a history, one per row."""

from collections.abc import Sequence

from virtscan import __version__
from virtscan.model import HostStatus
from virtscan.model.history import ScanRecord
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Metric,
    moment,
    number,
    one_of,
    section,
    timestamp,
    word,
    yes_or_no,
)
from virtscan.views.tables.capacity import PARTIAL

_DATA = Audience.DATA


def _read(scan: ScanRecord, number: int | None) -> int | None:
    """Return a count of items read; None if nothing was read."""
    return None if scan.status is HostStatus.FAILED else number


FIELDS: tuple[Field[ScanRecord], ...] = (
    Field(number("scan"), lambda scan: scan.number),
    Field(moment("taken_at"), lambda scan: timestamp(scan.taken_at)),
    Field(one_of(HostStatus, "status"), lambda scan: word(scan.status)),
    Field(number("hypervisors"), lambda scan: scan.hypervisors),
    Field(number("complete", audience=_DATA), lambda scan: scan.complete),
    Field(number("partial", under="hypervisors"), lambda scan: scan.partial),
    Field(number("failed", under="hypervisors"), lambda scan: scan.failed),
    Field(number("domains"), lambda scan: _read(scan, scan.domains)),
    Field(number("interfaces", under="domains"), lambda scan: _read(scan, scan.interfaces)),
    Field(number("at_risk"), lambda scan: _read(scan, scan.at_risk)),
    Field(number("unknown", under="at_risk"), lambda scan: _read(scan, scan.unknown)),
    Field(number("gaps"), lambda scan: scan.gaps),
    Field(yes_or_no("reported", audience=_DATA), lambda scan: scan.reported),
    Field(yes_or_no("kept"), lambda scan: scan.kept),
    Field(Column("version", under="kept"), lambda scan: scan.version),
    Field(Column("scope"), lambda scan: scan.scope),
)


def view(scans: Sequence[ScanRecord]) -> Document:
    """Show the scans, the last one last."""
    pruned = sum(not scan.kept for scan in scans)
    failed = sum(scan.status is HostStatus.FAILED for scan in scans)
    scopes = len({scan.scope for scan in scans})
    notes = [
        f"scans: {len(scans)}" + (f" of {scopes} configurations (scope)" if scopes > 1 else ""),
        *([f"pruned: {pruned}; only their counts are kept (virtscan history trend)"] if pruned else []),
        *([f"nothing could be read: {failed}"] if failed else []),
        *([PARTIAL] if any(scan.status is HostStatus.PARTIAL for scan in scans) else []),
    ]
    return Document(
        schema="virtscan.history/1",
        version=__version__,
        taken_at=scans[-1].taken_at if scans else None,
        sections=(section("rows", FIELDS, scans),),
        metrics=(
            Metric(name="scans", value=len(scans), help="Scans of the history."),
            Metric(name="pruned", value=pruned, help="Scans of which only the counts are kept."),
            Metric(name="failed", value=failed, help="Scans that could read nothing."),
        ),
        notes=tuple(notes),
    )
