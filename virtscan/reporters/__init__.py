"""How it is said: each module writes any presentation in one format."""

from collections.abc import Mapping

from virtscan.reporters.reporter import Reporter, Terminal
from virtscan.reporters.text import gap_lines, printable

REPORTERS: Mapping[str, Reporter] = {
    "table": Reporter("table"),
    "csv": Reporter("csv", has_gaps=False),
    "json": Reporter("json"),
}
"""By the word of the command line, the default first."""

__all__ = ["REPORTERS", "Reporter", "Terminal", "gap_lines", "printable"]
