"""Formats: each module writes any document."""

from collections.abc import Mapping

from virtscan.reporters.reporter import Content, RenderOptions, Reporter
from virtscan.reporters.text import gap_lines, printable, scan_line

REPORTERS: Mapping[str, Reporter] = {
    "table": Reporter("table", may_be_empty=True),
    "csv": Reporter("csv", has_gaps=False, may_be_empty=True, has_total_on_demand=True),
    "json": Reporter("json", has_records=True),
    "ndjson": Reporter("ndjson", has_records=True),
    "markdown": Reporter("markdown", may_be_empty=True),
    "prometheus": Reporter("prometheus", has_gaps=False, content=Content.METRICS, needs="prometheus_client"),
    "html": Reporter("html", content=Content.FLEET, needs="jinja2"),
    "xlsx": Reporter("xlsx", is_text=False, content=Content.FLEET, needs="xlsxwriter"),
}
"""By name on the command line, the default first."""

SUMMARY = Reporter("terminal.summary", has_gaps=False, may_be_empty=True, content=Content.SUMMARY)
"""The one line of `--summary`."""

__all__ = ["REPORTERS", "SUMMARY", "Content", "RenderOptions", "Reporter", "gap_lines", "printable", "scan_line"]
