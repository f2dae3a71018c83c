"""The frame of every document about a report: its scan, counts, gaps and warnings."""

from collections.abc import Iterable, Mapping

from virtscan.model import Report
from virtscan.views import advice
from virtscan.views.document import Document, Metric, Section, gap_section


def of_report(
    report: Report,
    name: str,
    *sections: Section,
    metrics: Iterable[Metric] = (),
    notes: Iterable[str] = (),
    head: Mapping[str, object] | None = None,
) -> Document:
    """Make the document `virtscan.NAME/1` of a report.

    Args:
        report: What was judged.
        name: The name in the schema.
        sections: The content, the most important section first.
        metrics: The counts.
        notes: Lines for people.
        head: Further keys of documents.
    """
    inventory = report.inventory
    return Document(
        schema=f"virtscan.{name}/1",
        version=inventory.version,
        taken_at=inventory.taken_at,
        head=head or {},
        sections=sections,
        metrics=tuple(metrics),
        notes=tuple(notes),
        gaps=gap_section(inventory.gaps),
        warnings=gap_section((*report.warnings, *advice.after_reboot(report))),
    )
