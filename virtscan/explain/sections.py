"""The facts, rules and missing facts of the accounts as tables, for formats with room for several."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

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
from virtscan.explain.text import reason
from virtscan.views.document import (
    Column,
    Field,
    Section,
    moment,
    number,
    section,
    texts,
    timestamp,
    word,
    yes_or_no,
)
from virtscan.views.rows.lazy import Value

T = TypeVar("T")


class _Part(msgspec.Struct, Generic[T], frozen=True):
    """A part of an interface's account; `server` is None for a part about the interface itself."""

    account: InterfaceExplanation
    item: T
    server: str | None = None
    server_interface: str | None = None


class _Ruled(msgspec.Struct, frozen=True):
    """A rule that a decision reached."""

    decision: Decision
    step: RuleResult


def sections(explanation: Explanation) -> tuple[Section, ...]:
    """Return the parts of the text other than the findings; each row names its interface."""
    return (
        section("facts", _FACTS, [_Part(account, fact) for account in explanation.accounts for fact in account.facts]),
        section("decisions", _DECISIONS, _decisions(explanation.accounts)),
        section("rules", _RULES, _ruled(explanation.accounts)),
        section("excluded", _EXCLUDED, _excluded(explanation.accounts)),
        section(
            "missing_facts",
            _MISSING,
            [_Part(account, fact) for account in explanation.accounts for fact in account.missing_facts],
        ),
    )


def _decisions(accounts: Sequence[InterfaceExplanation]) -> Iterator[_Part[Decision]]:
    for account in accounts:
        for decision in account.decisions:
            yield _Part(account, decision, decision.server, decision.server_interface)


def _ruled(accounts: Sequence[InterfaceExplanation]) -> Iterator[_Part[_Ruled]]:
    for part in _decisions(accounts):
        for step in part.item.steps:
            if step.applies is not None:
                yield _Part(part.account, _Ruled(part.item, step), part.server, part.server_interface)


def _excluded(accounts: Sequence[InterfaceExplanation]) -> Iterator[_Part[Exclusion]]:
    for account in accounts:
        for exclusion in account.excluded:
            yield _Part(account, exclusion, exclusion.server, exclusion.server_interface)


def _fields(*fields: Field[T]) -> tuple[Field[_Part[T]], ...]:
    return _INTERFACE + _of_item(fields)


def _with_server(*fields: Field[T]) -> tuple[Field[_Part[T]], ...]:
    return _INTERFACE + _SERVER + _of_item(fields)


def _of_item(fields: Iterable[Field[T]]) -> tuple[Field[_Part[T]], ...]:
    return tuple(Field(field.column, _value_of(field)) for field in fields)


def _value_of(field: Field[T]) -> Callable[[_Part[T]], Value]:
    return lambda part: field.value(part.item)


_INTERFACE: tuple[Field[_Part[Any]], ...] = (  # Any: rows of all types have these
    Field(Column("hypervisor"), lambda part: part.account.hypervisor.name),
    Field(Column("domain"), lambda part: part.account.domain.name),
    Field(number("index"), lambda part: part.account.interface.index),
)
_SERVER: tuple[Field[_Part[Any]], ...] = (  # Any: as above
    Field(Column("server"), lambda part: part.server),
    Field(Column("server_interface"), lambda part: part.server_interface),
)

_FACTS = _fields(
    Field[StatedFact](Column("fact"), lambda fact: fact.fact),
    Field[StatedFact](Column("value", wraps=True), lambda fact: fact.value),
    Field[StatedFact](Column("source", wraps=True), lambda fact: fact.source),
    Field[StatedFact](moment("observed_at"), lambda fact: timestamp(fact.observed_at)),
)

_DECISIONS = _with_server(
    Field[Decision](Column("source_device"), lambda decision: decision.source_device),
    Field[Decision](Column("place", wraps=True), lambda decision: decision.place),
    Field[Decision](Column("rule"), lambda decision: decision.rule),
    Field[Decision](Column("verdict"), lambda decision: word(decision.verdict)),
    Field[Decision](Column("confidence"), lambda decision: word(decision.confidence)),
    Field[Decision](yes_or_no("decides"), lambda decision: decision.decides),
    Field[Decision](Column("waived", wraps=True), lambda decision: decision.waived),
)

_RULES = _with_server(
    Field[_Ruled](Column("source_device"), lambda ruled: ruled.decision.source_device),
    Field[_Ruled](Column("rule"), lambda ruled: ruled.step.rule),
    Field[_Ruled](Column("when", wraps=True), lambda ruled: ruled.step.when),
    Field[_Ruled](yes_or_no("applies"), lambda ruled: ruled.step.applies),
    Field[_Ruled](Column("reason", wraps=True), lambda ruled: reason(ruled.step)),
)

_EXCLUDED = _with_server(
    Field[Exclusion](Column("source_device"), lambda excluded: excluded.source_device),
    Field[Exclusion](Column("why", wraps=True), lambda excluded: excluded.reason),
)

_MISSING = _fields(
    Field[WhatIf](Column("missing", wraps=True), lambda fact: fact.missing),
    Field[WhatIf](Column("how", wraps=True), lambda fact: fact.how),
    Field[WhatIf](
        texts("verdicts", wraps=True),
        lambda fact: tuple(
            f"{'not judged' if verdict is None else verdict.value} if {value}"
            for value, verdict in fact.verdicts.items()
        ),
    ),
)
