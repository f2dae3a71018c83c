"""All views in one document, for the formats that hold several: a page, a workbook."""

import msgspec

from virtscan.model import Report
from virtscan.views.counting.placements import placements
from virtscan.views.document import Document, Section
from virtscan.views.report.report_document import report_document
from virtscan.views.sheets import machines
from virtscan.views.sheets.rvtools import VHOST
from virtscan.views.tables import capacity, hypervisors, risks, servers
from virtscan.views.view import Grouping


def view(report: Report) -> Document:
    """Show every view of a report, the findings first.

    The sections have the keys of the views; `cpus`, `memory` and `disks` are further sheets of the domains. Those of
    the capacity view by something other than hypervisors are `capacity_by_site` and so on. Counts and notes are those
    of the findings.
    """
    items = tuple(placements(report))
    risks_document = risks.view(report)
    further = (capacity.table(report, items, by, f"capacity_by_{by.value}") for by in _FURTHER)
    return report_document(
        report,
        "fleet",
        msgspec.structs.replace(risks_document.main, key="risks"),
        *machines.sheets(items),
        _hosts(report),
        capacity.table(report, items, Grouping.HYPERVISOR, "capacity"),
        *further,
        servers.servers(report),
        metrics=(*risks_document.metrics, *servers.offload_counts(report)),
        headline=risks_document.headline,
        notes=risks_document.notes,
        head={"scope": report.inventory.scope},
    )


_FURTHER = (Grouping.SITE, Grouping.DEVICE, Grouping.SEGMENT)


def _hosts(report: Report) -> Section:
    rows = hypervisors.hypervisors(report)
    columns = tuple(msgspec.structs.replace(column, sheet=VHOST.get(column.key, "")) for column in rows.columns)
    return msgspec.structs.replace(rows, columns=columns, sheet="vHost")
