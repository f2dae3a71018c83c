"""The tables of docs/mechanism.md that the code decides. `python -m tests.mechanism` rewrites them."""

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from tests.rules import confidence
from virtscan.correlator import RULES
from virtscan.correlator.kernel import read_kernel
from virtscan.correlator.table import Fact
from virtscan.views.wording.kernel import kernel_basis
from virtscan.views.wording.rules import RULE_WORDS

PAGE = Path(__file__).parents[1] / "docs" / "mechanism.md"

_FACTS = {
    Fact.KERNEL: "kernel",
    Fact.SERVERS: "which servers may answer",
    Fact.TX: "offload",
    Fact.REBOOT: "offload after a reboot",
    Fact.NIC: "the server's NIC",
    Fact.PLACE: "place",
    Fact.MODE: "mode",
}
_RELEASES = (
    "2.6.32-279.el6.x86_64",
    "2.6.32-431.el6.x86_64",
    "2.6.32-504.16.2.el6.x86_64",
    "2.6.32-504.30.3.el6.x86_64",
    "2.6.32-642.6.2.el6.x86_64",
    "3.10.0-327.el7.x86_64",
    "3.10.0-514.el7.x86_64",
    "3.10.0-514.rt56.420.el7.x86_64",
    "3.6.5",
    "3.10.108",
    "3.12.24",
    "3.13.0-24-generic",
    "3.14.1",
    "3.14.5",
    "3.15.5",
    "6.1.0-18-amd64",
    "6.18.0",
)


def decision_table() -> str:
    """Write every rule in its order, with its verdict and the facts that it rests on."""
    rows = [
        (
            rule.id,
            RULE_WORDS[rule.id].when,
            "no finding" if rule.verdict is None else rule.verdict.value,
            confidence(rule),
            ", ".join(_FACTS[fact] for fact in rule.facts),
        )
        for rule in RULES
    ]
    return _written(rows, ("rule", "when", "verdict", "confidence", "rests on"))


def kernel_table() -> str:
    """Write what is concluded from the names of some kernels."""
    states = [(release, read_kernel(release)) for release in _RELEASES]
    rows = [(f"`{release}`", state.fix.value, kernel_basis(state.basis)) for release, state in states]
    return _written(rows, ("`uname -r`", "the fix", "because"))


def filled(page: str) -> str:
    """Return the page with its tables as they are now.

    Raises:
        ValueError: The marks of a table are not there, once each.
    """
    for name, table in (("decision table", decision_table()), ("kernel table", kernel_table())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        if (page.count(begin), page.count(end)) != (1, 1):
            raise ValueError(f"write these two lines where the table belongs: {begin}{end}")
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return page


def _written(rows: Sequence[tuple[str, ...]], titles: tuple[str, ...]) -> str:
    return tabulate(rows, titles, tablefmt="github", disable_numparse=True) + "\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
