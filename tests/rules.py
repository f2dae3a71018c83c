"""The words of the rules in docs/rules.md. `python -m tests.rules` rewrites docs/rules.md."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from virtscan.correlator import RULES, Rule, correlate
from virtscan.correlator.table import Case
from virtscan.explain import InterfaceExplanation, explain, find
from virtscan.model import Fix, Report, State
from virtscan.storage import loads
from virtscan.views.report import advice
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "rules.md"
SAMPLES = PROJECT / "fixtures" / "rules"

_WIDTH = 120
_INTRODUCTION = """\
# The rules

For one interface and one place of one server, the first rule that matches decides. The worst verdict over all servers
and places is the interface's. [mechanism.md](mechanism.md) explains the fault, the measurements, and how places are
found.

Each rule has a sample inventory in [fixtures/rules](../fixtures/rules). The text below it is virtscan's output for the
interfaces that the rule decides: the reason as in its tables, the facts that the finding rests on, and the missing
facts. `virtscan report FILE` shows a sample as a table, `virtscan explain DOMAIN FILE` shows every step. This page is
generated from the rules (`python -m tests.rules`).
"""
_CASES = (
    ("unfixed kernel", Case(kernel=Fix.UNFIXED)),
    ("the offload stays off after a reboot", Case(kernel=Fix.FIXED, tx_after_reboot=State.OFF)),
    ("the kernel is inferred, or the hypervisor is a VM", Case(kernel=Fix.FIXED, inferred=True)),
    ("a hypervisor is unread or the NICs are unknown", Case(kernel=Fix.FIXED, weak=True)),
)
"""The conditions that a confidence can depend on, besides the case in which none holds."""


def confidence(rule: Rule) -> str:
    """Write the confidence of a rule, with the case in which it is another one; empty without a finding."""
    if rule.verdict is None:
        return ""
    otherwise = rule.confidence(Case(kernel=Fix.FIXED))
    others = [f"{rule.confidence(case).value}: {words}" for words, case in _CASES if rule.confidence(case) != otherwise]
    return "; ".join([*others, f"{otherwise.value} otherwise"]) if others else otherwise.value


def verdict(rule: Rule) -> str:
    """Write the verdict of a rule."""
    return RULE_WORDS[rule.id].then if rule.verdict is None else rule.verdict.value


def sample(rule: str) -> tuple[Report, tuple[InterfaceExplanation, ...]]:
    """Judge the sample inventory of a rule; the accounts are those of the interfaces that the rule decides."""
    path = SAMPLES / f"{rule}.json"
    report = correlate(loads(path.read_bytes(), origin=path.name))
    accounts = explain(report, find(report.inventory, "*")).accounts
    return report, tuple(account for account in accounts if decided_by(account) == rule)


def decided_by(account: InterfaceExplanation) -> str:
    """Name the rule that decides an interface."""
    return "R1" if account.finding is None else account.finding.rule


def page() -> str:
    """Write docs/rules.md."""
    contents = "".join(
        f"- [{rule.id}](#{_anchor(rule)}) {RULE_WORDS[rule.id].title}: {verdict(rule)}\n" for rule in RULES
    )
    return "\n".join([_INTRODUCTION, contents, *map(_section, RULES)])


def _anchor(rule: Rule) -> str:
    return rule.id.lower()


def _section(rule: Rule) -> str:
    words = RULE_WORDS[rule.id]
    sure = confidence(rule)
    paragraphs = (
        f"**When:** {words.when}.",
        f"**Then:** {words.then}.{f' Confidence {sure}.' if sure else ''}",
        f"**Why:** {words.why}",
        f"**Action:** {words.action}",
        f"**Sample:** [fixtures/rules/{rule.id}.json](../fixtures/rules/{rule.id}.json)",
    )
    text = "\n\n".join(_wrapped(paragraph) for paragraph in paragraphs)
    said = "\n".join(_sample_lines(rule))
    return f'<a id="{_anchor(rule)}"></a>\n\n## {rule.id}: {words.title}\n\n{text}\n\n```\n{said}\n```\n'


def _sample_lines(rule: Rule) -> Iterator[str]:
    report, accounts = sample(rule.id)
    wording = Wording(report.inventory)
    for account in accounts:
        yield from _wrapped(f"{account.domain.name} on {account.hypervisor.name}: {_outcome(account, wording)}").split(
            "\n"
        )
        for label, sentences in (("because", account.because), ("missing", account.missing)):
            for place, sentence in enumerate(sentences):
                yield from _wrapped(sentence, f"  {'' if place else label:<9}", " " * 11).split("\n")


def _outcome(account: InterfaceExplanation, wording: Wording) -> str:
    finding = account.finding
    if finding is None:
        return f"not judged: {account.not_judged.value if account.not_judged else ''}"
    reason = advice.reason(finding, wording).removeprefix(f"{finding.verdict.value}: ")
    return f"{finding.verdict.value} ({finding.confidence.value}): {reason}"


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
