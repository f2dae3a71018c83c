"""The accounts as text, for people: facts first, then rule by rule, then missing facts."""

from collections.abc import Iterable, Iterator

import msgspec

from virtscan.explain.explanation import (
    Decision,
    Exclusion,
    Explanation,
    InterfaceExplanation,
    RuleResult,
    StatedFact,
    WhatIf,
)
from virtscan.model import OPEN, Confidence, Reach, Verdict
from virtscan.reporters.terminal.width import wrap
from virtscan.reporters.text import LINE, printable
from virtscan.views.wording.phrases.names import listed, sender
from virtscan.views.wording.rules import titled

_WIDTH = 100
_MOST_NAMED = 20
_IN_A_SENTENCE = 2
"""Most values of a fact that one sentence joins."""
_UNREACHABLE = (
    "It can't exchange packets with any server that may serve it, so DHCP gets no answer, regardless of checksums. "
    "Use bridge mode, another device or another server."
)


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line before it is wrapped; `hanging` is put before its further parts."""

    words: str = ""
    hanging: str = ""


def text(explanation: Explanation, width: int | None = None) -> str:
    """Write the accounts below one another, an empty line between them.

    Args:
        explanation: The accounts.
        width: The columns of the terminal; None: a readable width.
    """
    return "\n".join(
        "".join(
            f"{part}\n" for line in _account(account) for part in wrap(line.words, width or _WIDTH, indent=line.hanging)
        )
        for account in explanation.accounts
    )


def _account(account: InterfaceExplanation) -> Iterator[_Line]:
    yield _line("", _title(account))
    if account.finding is not None and account.finding.waived is not None:
        yield _line("  ", f"waived: {account.finding.waived}")
    yield _Line()
    yield from _facts("  ", account.facts)
    for server in account.servers:
        yield _Line()
        yield _line("  ", f"server {sender(server.name, server.interface)}")
        yield from _facts("    ", server.facts)
    for decision, places in _distinct(account.decisions):
        yield _Line()
        yield from _decision(decision, places)
    if account.excluded:
        yield _Line()
        yield from _exclusions(account.excluded)
    yield _Line()
    yield from _outlook(account)


def _title(account: InterfaceExplanation) -> str:
    mac = "" if account.interface.mac is None else f" ({account.interface.mac})"
    next_start = ", at its next start" if account.domain.next_start else ""
    interface = (
        f"{account.domain.name} on {account.hypervisor.name}, interface {account.interface.index}{mac}{next_start}"
    )
    finding = account.finding
    if finding is None:
        reason = "no finding" if account.not_judged is None else account.not_judged.value
        return f"{interface}: not judged: {reason}"
    by = "" if finding.server is None else f", because of {sender(finding.server, finding.server_interface)}"
    return f"{interface}: {_verdict(finding.verdict, finding.confidence)} by {titled(finding.rule)}{by}"


def _exclusions(exclusions: Iterable[Exclusion]) -> Iterator[_Line]:
    """Write one line for the servers that are excluded on one device for one reason."""
    alike: dict[tuple[str | None, str], list[str]] = {}
    for excluded in exclusions:
        alike.setdefault((excluded.source_device, excluded.reason), []).append(
            sender(excluded.server, excluded.server_interface)
        )
    for (device, reason), servers in alike.items():
        on_device = "" if device is None else f" on {device}"
        yield _line("  ", f"not judged{on_device}: {listed(servers, _MOST_NAMED)} ({reason})")


def _outlook(account: InterfaceExplanation) -> Iterator[_Line]:
    finding = account.finding
    if finding is not None and finding.reaches_server is Reach.NO:
        yield _line("  ", _UNREACHABLE)
    if account.missing:
        yield _line("  ", "missing:")
        for missing in account.missing:
            yield _line("    ", missing)
    if account.missing_facts:
        yield _line("  ", f"to get a definite verdict, {_needed(account)}:")
        for fact in account.missing_facts:
            yield from _missing_fact(fact)
    elif finding is not None and finding.verdict in OPEN:
        yield _line("  ", "no missing fact would change the verdict; `virtscan remedy` shows the change to make")
    elif account.missing:
        yield _line("  ", "no missing fact would change the verdict")
    else:
        yield _line("  ", "no fact is missing, and no change is needed")
    if finding is not None:
        yield _line("  ", f"docs/rules.md#{finding.rule.lower()} explains the rule")


def _needed(account: InterfaceExplanation) -> str:
    """State if one of the facts alone is enough; a fact without verdicts makes other facts relevant."""
    now = None if account.finding is None else account.finding.verdict
    one_is_enough = any(set(fact.verdicts.values()) != {now} for fact in account.missing_facts)
    return "easiest first" if one_is_enough else "all of these are needed, easiest first"


def _missing_fact(fact: WhatIf) -> Iterator[_Line]:
    yield _line("    ", f"{fact.missing}: {fact.how}")
    by_verdict: dict[str, list[str]] = {}
    for value, verdict in fact.verdicts.items():
        by_verdict.setdefault("not judged" if verdict is None else verdict.value, []).append(value)
    short = {words: cases for words, cases in by_verdict.items() if len(cases) <= _IN_A_SENTENCE}
    if short:
        yield _line("      ", "; ".join(f"{words} if {', or if '.join(cases)}" for words, cases in short.items()))
    for words, cases in by_verdict.items():
        if words not in short:
            yield _line("      ", f"{words} in each of these cases:")
            for case in cases:
                yield _line("        ", case)


def _distinct(decisions: Iterable[Decision]) -> list[tuple[Decision, int]]:
    """Join decisions that are alike except for the interface of the server; return each with its number of places."""
    alike: dict[Decision, list[Decision]] = {}
    for decision in decisions:
        alike.setdefault(msgspec.structs.replace(decision, decides=False), []).append(decision)
    return [(next((decision for decision in same if decision.decides), same[0]), len(same)) for same in alike.values()]


def _decision(decision: Decision, places: int) -> Iterator[_Line]:
    server = "any server" if decision.server is None else f"server {sender(decision.server, decision.server_interface)}"
    device = "an unknown device" if decision.source_device is None else decision.source_device
    mode = "" if decision.source_mode is None else f" in {decision.source_mode.value} mode"
    decides = "; this decides the finding" if decision.decides and decision.verdict is not None else ""
    verdict = "not judged" if decision.verdict is None else _verdict(decision.verdict, decision.confidence)
    waived = "" if decision.waived is None else f"; waived: {decision.waived}"
    yield _line("  ", f"{server}, seen from {device}{mode}: {verdict} by {titled(decision.rule)}{decides}{waived}")
    if decision.place is not None:
        yield _line("    ", f"{decision.place}{f' ({places} equivalent places)' if places > 1 else ''}")
    for step in decision.steps:
        if step.applies is not None:
            yield _line("    ", *_step(step))
    later = [step.rule for step in decision.steps if step.applies is None]
    if later:
        yield _line("    ", f"not reached: {', '.join(later)}")


def _step(step: RuleResult) -> tuple[str, str]:
    return f"{step.rule:<4} ", f"{'applies' if step.applies else 'does not apply'}: {reason(step)}"


def reason(step: RuleResult) -> str:
    """Return why a rule that was reached applies or not: the facts of its conditions, or of the first that failed."""
    if step.applies:
        return "; ".join(condition.fact for condition in step.conditions) or "no earlier rule does"
    return next(condition.fact for condition in step.conditions if not condition.holds)


def _facts(indent: str, facts: Iterable[StatedFact]) -> Iterator[_Line]:
    facts = tuple(facts)
    width = max((len(stated.fact) for stated in facts), default=0)
    for stated in facts:
        origin = ", ".join(filter(None, (stated.source, stated.ago)))
        value = "unknown" if stated.value is None else stated.value
        yield _line(indent, f"{stated.fact:<{width}}  ", f"{value} ({origin})" if origin else value)


def _line(indent: str, label: str, words: str = "") -> _Line:
    """Return a line that is wrapped beside its label, or below its own start, with control characters escaped."""
    hanging = indent + (" " * len(label) if words else "  ")
    return _Line(words=indent + printable(f"{label}{words}", LINE), hanging=hanging)


def _verdict(verdict: Verdict, confidence: Confidence | None) -> str:
    return verdict.value if confidence is None else f"{verdict.value} ({confidence.value})"
