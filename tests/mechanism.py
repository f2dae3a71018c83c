"""The tables of docs/mechanism.md that the code itself decides. `python -m tests.mechanism` writes them anew."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace
from tabulate import tabulate
from virtscan.correlator.conditions import Case
from virtscan.correlator.rules import RULES, Fact, Rule

from virtscan.correlator import read_kernel
from virtscan.model import Confidence, Fix, State
from virtscan.views.wording.kernel import kernel_basis

PAGE = Path(__file__).parents[1] / "docs" / "mechanism.md"

_FACTS = {
    Fact.KERNEL: "K",
    Fact.SERVERS: "who serves the segment",
    Fact.TX: "T",
    Fact.REBOOT: "T after a reboot",
    Fact.NIC: "the server's card",
    Fact.PLACE: "where",
    Fact.MODE: "the mode",
    Fact.HAIRPIN: "whether a switch sends it back",
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
    """Every rule in its order, with what it gives and rests on."""
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
    """What is concluded from the names of some kernels."""
    states = [(release, read_kernel(release)) for release in _RELEASES]
    rows = [(f"`{release}`", state.fix.value, kernel_basis(state.basis)) for release, state in states]
    return _written(rows, ("`uname -r`", "the fix", "because"))


def filled(page: str) -> str:
    """The page with its tables as they are now.

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


def _confidence(rule: Rule) -> str:
    """The word, or the words with what makes the difference."""
    case = Case()
    kernels = {f"K {fix.value}": rule.confidence(replace(case, kernel=fix)) for fix in (Fix.UNFIXED, Fix.UNKNOWN)}
    reboots = {
        text: rule.confidence(replace(case, tx_after_reboot=state))
        for text, state in (("T stays off or nobody knows", State.UNKNOWN), ("T is on again after a reboot", State.ON))
    }
    assert rule.confidence(replace(case, tx_after_reboot=State.OFF)) is reboots["T stays off or nobody knows"]
    return next(
        (_apart(words) for words in (kernels, reboots) if len(set(words.values())) > 1), kernels["K unknown"].value
    )


def _apart(words: dict[str, Confidence]) -> str:
    return "; ".join(f"{confidence.value}: {text}" for text, confidence in words.items())


def _written(rows: Sequence[tuple[str, ...]], titles: tuple[str, ...]) -> str:
    return tabulate(rows, titles, tablefmt="github", disable_numparse=True) + "\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
