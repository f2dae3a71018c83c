"""The common parts of every document about a report: scan, counts, gaps and warnings."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from virtscan.model import Gap, Report
from virtscan.views.document import Document, Metric, Section
from virtscan.views.report import advice
from virtscan.views.report.gap_section import gap_section
from virtscan.views.report.headline import nothing_found
from virtscan.views.report.left_out import left_out


def report_document(
    report: Report,
    name: str,
    *sections: Section,
    metrics: Iterable[Metric] = (),
    headline: str = "",
    notes: Iterable[str] = (),
    head: Mapping[str, object] | None = None,
) -> Document:
    """Make the document `virtscan.NAME/1` of a report.

    Args:
        report: The report.
        name: The name in the schema.
        sections: The content, the most important section first.
        metrics: The counts.
        headline: The result in one sentence, without its full stop.
        notes: Lines for people.
        head: Further keys of documents.
    """
    inventory = report.inventory
    main, *others = sections
    main = msgspec.structs.replace(main, none=main.none or nothing_found(report))
    return Document(
        schema=f"virtscan.{name}/1",
        version=inventory.version,
        taken_at=inventory.taken_at,
        head=head or {},
        sections=(main, *others),
        metrics=tuple(metrics),
        headline=headline,
        notes=tuple(notes),
        gaps=gap_section(report.gaps, inventory.taken_at),
        warnings=gap_section(_warnings(report), inventory.taken_at),
    )


def _warnings(report: Report) -> Iterator[Gap]:
    """Yield warnings that leave a report complete: irrelevant gaps, mismatches, a return of offload, files left out."""
    yield from report.irrelevant_gaps
    yield from report.warnings
    yield from advice.after_reboot(report)
    for host in report.inventory.hypervisors:
        if host.domains:  # without any definition, one gap names these files already
            yield from left_out(host)
