"""The decision table, as data: the first rule whose conditions all hold decides."""

from collections.abc import Callable
from functools import cache

import msgspec

from virtscan.correlator.table import conditions
from virtscan.correlator.table.conditions import Case, Condition
from virtscan.model import Closed, Confidence, Fix, State, Verdict


class Fact(Closed):
    """Kinds of facts that rules rest on; each is reported either as a reason or as missing."""

    KERNEL = "kernel"
    SERVERS = "servers"
    TX = "tx"
    REBOOT = "reboot"
    NIC = "nic"
    PLACE = "place"
    MODE = "mode"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row: conditions that must all hold, and the verdict; its words are in `views.wording.rules`.

    `verdict` is None for "no finding", `confidence` then means nothing. `facts` are its kinds of reasons, in the order
    of their relevance to a reader. `server` is True if the row is about one server.
    """

    id: str
    conditions: tuple[Condition, ...]
    verdict: Verdict | None
    confidence: Callable[[Case], Confidence]
    facts: tuple[Fact, ...] = ()
    server: bool = True


@cache
def decide(case: Case) -> Rule:
    """Return the first rule that matches; the last one always does."""
    return next(rule for rule in RULES if all(condition.test(case) for condition in rule.conditions))


def _always(confidence: Confidence) -> Callable[[Case], Confidence]:
    return lambda _: confidence


def _if_unfixed(then: Confidence, otherwise: Confidence) -> Callable[[Case], Confidence]:
    return lambda case: then if case.kernel is Fix.UNFIXED else otherwise


def _if_lasting(case: Case) -> Confidence:
    return Confidence.HIGH if case.tx_after_reboot is State.OFF else Confidence.MEDIUM


def _if_observed(case: Case) -> Confidence:
    return Confidence.MEDIUM if case.inferred or case.in_vm else Confidence.HIGH


def _if_whole(case: Case) -> Confidence:
    return Confidence.LOW if case.weak else Confidence.MEDIUM


RULES: tuple[Rule, ...] = (
    Rule(
        id="R1",
        conditions=(conditions.LEFT_OUT,),
        verdict=None,
        confidence=_always(Confidence.HIGH),
    ),
    Rule(
        id="R2",
        conditions=(conditions.FIXED,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_if_observed,
        facts=(Fact.KERNEL,),
        server=False,
    ),
    Rule(
        id="R3",
        conditions=(conditions.NONE_KNOWN,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        facts=(Fact.SERVERS, Fact.KERNEL),
        server=False,
    ),
    Rule(
        id="R4",
        conditions=(conditions.NONE_SERVES,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R5",
        conditions=(conditions.TX_OFF,),
        verdict=Verdict.MITIGATED,
        confidence=_if_lasting,
        facts=(Fact.TX, Fact.REBOOT),
    ),
    Rule(
        id="R6",
        conditions=(conditions.FILLS,),
        verdict=Verdict.MITIGATED,
        confidence=_always(Confidence.MEDIUM),
        facts=(Fact.NIC,),
    ),
    Rule(
        id="R7",
        conditions=(conditions.SAME_BRIDGE, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R8",
        conditions=(conditions.RECEIVED, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        facts=(Fact.PLACE, Fact.TX, Fact.KERNEL),
    ),
    Rule(
        id="R9",
        conditions=(conditions.NEVER_MEET,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        facts=(Fact.PLACE, Fact.MODE),
    ),
    Rule(
        id="R10",
        conditions=(conditions.THROUGH_NICS,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_if_whole,
        facts=(Fact.PLACE,),
    ),
    Rule(
        id="R11",
        conditions=(conditions.LOST, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.MEDIUM, Confidence.LOW),
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R12",
        conditions=(conditions.LOST, conditions.TX_ON),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R13",
        conditions=(conditions.TX_UNKNOWN,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        facts=(Fact.KERNEL, Fact.TX, Fact.PLACE, Fact.MODE),
    ),
    Rule(
        id="R14",
        conditions=(),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
)
