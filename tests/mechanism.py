"""The tables of docs/mechanism.md that the code decides. `python -m tests.mechanism` writes them anew."""

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from virtscan.correlator import RULES, read_kernel
from virtscan.correlator.table import Case, Fact, Rule
from virtscan.model import Fix, State
from virtscan.views.wording.kernel import kernel_basis

PAGE = Path(__file__).parents[1] / "docs" / "mechanism.md"

_FACTS = {
    Fact.KERNEL: "K",
    Fact.SERVERS: "which servers may answer",
    Fact.TX: "T",
    Fact.REBOOT: "T after a reboot",
    Fact.NIC: "the server's NIC",
    Fact.PLACE: "where",
    Fact.MODE: "the mode",
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
            rule.when,
            "no finding" if rule.verdict is None else rule.verdict.value,
            "" if rule.verdict is None else _confidence(rule),
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
    """Give the page with its tables as they are now.

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


_CASES = (
    ("K unfixed", Case(kernel=Fix.UNFIXED)),
    ("T stays off after a reboot", Case(kernel=Fix.FIXED, tx_after_reboot=State.OFF)),
    ("K inferred, or the hypervisor is a VM", Case(kernel=Fix.FIXED, inferred=True)),
    ("a hypervisor is unread or the NICs are unknown", Case(kernel=Fix.FIXED, weak=True)),
)
"""What a confidence can depend on, beside the case in which nothing of it holds."""


def _confidence(rule: Rule) -> str:
    """Write the confidence, with the case in which it is another one."""
    otherwise = rule.confidence(Case(kernel=Fix.FIXED))
    others = [f"{rule.confidence(case).value}: {words}" for words, case in _CASES if rule.confidence(case) != otherwise]
    return "; ".join([*others, f"{otherwise.value} otherwise"]) if others else otherwise.value


def _written(rows: Sequence[tuple[str, ...]], titles: tuple[str, ...]) -> str:
    return tabulate(rows, titles, tablefmt="github", disable_numparse=True) + "\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
