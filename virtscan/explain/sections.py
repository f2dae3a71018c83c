"""The facts, rules and missing facts of the accounts as tables, for formats with room for several."""

from collections.abc import Callable, Iterable, Iterator
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
    """A part of an interface's account."""

    account: InterfaceExplanation
    item: T


class _Ruled(msgspec.Struct, frozen=True):
    """A rule that a decision reached."""

    decision: Decision
    step: RuleResult


def sections(explanation: Explanation) -> tuple[Section, ...]:
    """Return the parts of the text other than the findings; each row names its interface."""
    accounts = explanation.accounts
    return (
        section("facts", _FACTS, _parts(accounts, lambda account: account.facts)),
        section("decisions", _DECISIONS, _parts(accounts, lambda account: account.decisions)),
        section("rules", _RULES, _parts(accounts, _ruled)),
        section("excluded", _EXCLUDED, _parts(accounts, lambda account: account.excluded)),
        section("missing_facts", _MISSING, _parts(accounts, lambda account: account.missing_facts)),
    )


def _parts(
    accounts: Iterable[InterfaceExplanation], items: Callable[[InterfaceExplanation], Iterable[T]]
) -> Iterator[_Part[T]]:
    return (_Part(account, item) for account in accounts for item in items(account))


def _ruled(account: InterfaceExplanation) -> Iterator[_Ruled]:
    for decision in account.decisions:
        yield from (_Ruled(decision, step) for step in decision.steps if step.applies is not None)


def _fields(*fields: Field[T]) -> tuple[Field[_Part[T]], ...]:
    """Return the fields of an item, with its interface before them."""
    return _INTERFACE + tuple(Field(field.column, _value_of(field)) for field in fields)


def _value_of(field: Field[T]) -> Callable[[_Part[T]], Value]:
    return lambda part: field.value(part.item)


_INTERFACE: tuple[Field[_Part[Any]], ...] = (  # Any: rows of all types have these
    Field(Column("hypervisor"), lambda part: part.account.hypervisor.name),
    Field(Column("domain"), lambda part: part.account.domain.name),
    Field(number("index"), lambda part: part.account.interface.index),
)

_FACTS = _fields(
    Field[StatedFact](Column("fact"), lambda fact: fact.fact),
    Field[StatedFact](Column("value", wraps=True), lambda fact: fact.value),
    Field[StatedFact](Column("source", wraps=True), lambda fact: fact.source),
    Field[StatedFact](moment("observed_at"), lambda fact: timestamp(fact.observed_at)),
)

_DECISIONS = _fields(
    Field[Decision](Column("server"), lambda decision: decision.server),
    Field[Decision](Column("server_interface"), lambda decision: decision.server_interface),
    Field[Decision](Column("source_device"), lambda decision: decision.source_device),
    Field[Decision](Column("place", wraps=True), lambda decision: decision.place),
    Field[Decision](Column("rule"), lambda decision: decision.rule),
    Field[Decision](Column("verdict"), lambda decision: word(decision.verdict)),
    Field[Decision](Column("confidence"), lambda decision: word(decision.confidence)),
    Field[Decision](yes_or_no("decides"), lambda decision: decision.decides),
    Field[Decision](Column("waived", wraps=True), lambda decision: decision.waived),
)

_RULES = _fields(
    Field[_Ruled](Column("server"), lambda ruled: ruled.decision.server),
    Field[_Ruled](Column("server_interface"), lambda ruled: ruled.decision.server_interface),
    Field[_Ruled](Column("source_device"), lambda ruled: ruled.decision.source_device),
    Field[_Ruled](Column("rule"), lambda ruled: ruled.step.rule),
    Field[_Ruled](Column("when", wraps=True), lambda ruled: ruled.step.when),
    Field[_Ruled](yes_or_no("applies"), lambda ruled: ruled.step.applies),
    Field[_Ruled](Column("reason", wraps=True), lambda ruled: reason(ruled.step)),
)

_EXCLUDED = _fields(
    Field[Exclusion](Column("server"), lambda excluded: excluded.server),
    Field[Exclusion](Column("server_interface"), lambda excluded: excluded.server_interface),
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
