"""The lab's table, for a terminal and for a document; pure."""

from collections.abc import Sequence

import msgspec
from tabulate import tabulate

TITLES = ("scenario", "server's offload", "verdict", "rule", "the boot", "agree")
BEGIN = "<!-- lab table -->"
END = "<!-- end of lab table -->"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One boot with its scan; `against` describes a disagreement or an error, and is empty without one."""

    scenario: str
    offload: str
    verdict: str = "-"
    rule: str = "-"
    boot: str = "-"
    against: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        agree = f"NO: {' '.join(self.against.split())}" if self.against else "yes"
        return (self.scenario, self.offload, self.verdict, self.rule, self.boot, agree)


def text_table(rows: Sequence[Row]) -> str:
    """Return the table for a terminal, with the number of rows that agree."""
    agreeing = sum(not row.against for row in rows)
    table = tabulate([row.cells for row in rows], TITLES, disable_numparse=True)
    return f"{table}\n\n{agreeing} of {len(rows)} boots agree with the verdict\n"


def markdown_table(rows: Sequence[Row], made: str) -> str:
    """Return the table for a document; `made` is its date and kernel, as a sentence."""
    cells = [[cell.replace("|", "\\|") for cell in row.cells] for row in rows]
    table = tabulate(cells, TITLES, tablefmt="github", disable_numparse=True)
    return f"{made}\n\n{table}\n"


def filled(document: str, table: str) -> str:
    """Return the document with the table between its two marks, in place of the old one.

    Raises:
        ValueError: The marks are not there, once each and in their order.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"write these two lines where the table belongs: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}{END}{after}"
