"""The decision table, as data: the first rule whose test holds decides."""

from collections.abc import Callable
from enum import Enum

import msgspec

from virtscan.correlator import conditions
from virtscan.correlator.conditions import Case, Condition
from virtscan.model import Confidence, Fix, State, Verdict


class Fact(Enum):
    """What a rule can rest on; each of them is either told or reported as missing."""

    KERNEL = "kernel"
    SERVERS = "servers"
    TX = "tx"
    REBOOT = "reboot"
    NIC = "nic"
    PLACE = "place"
    MODE = "mode"
    HAIRPIN = "hairpin"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row: when it matches, in words and as conditions that must all hold, and what follows.

    `verdict` is None for "no finding", `confidence` then means nothing. `facts` are what it rests on, in the order
    in which a reader wants them. `server` says whether the row is about one server.
    """

    id: str
    when: str
    conditions: tuple[Condition, ...]
    verdict: Verdict | None
    confidence: Callable[[Case], Confidence]
    then: str
    facts: tuple[Fact, ...] = ()
    server: bool = True


def decide(case: Case) -> Rule:
    """Give the first rule that matches; the last one always does."""
    return next(rule for rule in RULES if all(condition.test(case) for condition in rule.conditions))


def _always(confidence: Confidence) -> Callable[[Case], Confidence]:
    return lambda _: confidence


def _if_unfixed(then: Confidence, otherwise: Confidence) -> Callable[[Case], Confidence]:
    return lambda case: then if case.kernel is Fix.UNFIXED else otherwise


def _if_it_lasts(case: Case) -> Confidence:
    return Confidence.MEDIUM if case.tx_after_reboot is State.ON else Confidence.HIGH


RULES: tuple[Rule, ...] = (
    Rule(
        id="R1",
        when="not macvtap; or its source is not a bond and only bonds are asked for; or it is the server's own "
        "interface",
        conditions=(conditions.LEFT_OUT,),
        verdict=None,
        confidence=_always(Confidence.HIGH),
        then='no finding (counted: "not judged")',
    ),
    Rule(
        id="R2",
        when="K fixed",
        conditions=(conditions.FIXED,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.HIGH),
        then="not-affected (high), whatever the servers",
        facts=(Fact.KERNEL,),
        server=False,
    ),
    Rule(
        id="R3",
        when="no server is known at all",
        conditions=(conditions.NONE_KNOWN,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: a server",
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R4",
        when="servers are known and none serves this segment",
        conditions=(conditions.NONE_SERVES,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium)",
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R5",
        when="T off",
        conditions=(conditions.TX_OFF,),
        verdict=Verdict.MITIGATED,
        confidence=_if_it_lasts,
        then="mitigated (high when it will survive a reboot or that is unknowable from the source, said so; medium "
        "when it is known not to)",
        facts=(Fact.TX, Fact.REBOOT),
    ),
    Rule(
        id="R6",
        when="the server is a VM whose NIC can't emit partial frames, or has live `<host csum='off'/>`",
        conditions=(conditions.MUTED,),
        verdict=Verdict.MITIGATED,
        confidence=_always(Confidence.MEDIUM),
        then="mitigated (medium)",
        facts=(Fact.NIC,),
    ),
    Rule(
        id="R7",
        when="*where* = same lower device, server in bridge mode, interface in bridge mode, T on",
        conditions=(conditions.SAME_BRIDGE, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (high when K unfixed, medium when K unknown)",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R8",
        when="*where* = the lower device itself carries the server's frames on this host (a Linux bridge or veth under "
        "both), T on, any mode",
        conditions=(conditions.CARRIED, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (as R7)",
        facts=(Fact.PLACE, Fact.TX, Fact.KERNEL),
    ),
    Rule(
        id="R9",
        when="*where* = same lower device, and one of the two not in bridge mode",
        conditions=(conditions.SAME, conditions.APART),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium): the frame never arrives locally; it leaves through the card, which fills the sum "
        "(a hairpin inside a software switch is the exception, and said)",
        facts=(Fact.PLACE, Fact.MODE, Fact.HAIRPIN),
    ),
    Rule(
        id="R10",
        when="*where* = known to be elsewhere: another hypervisor, another device with its own way out, a physical "
        "machine (declared, or its MAC is in no domain and every hypervisor was read completely)",
        conditions=(conditions.ELSEWHERE,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium)",
        facts=(Fact.PLACE,),
    ),
    Rule(
        id="R11",
        when="*where* unknown, interface in bridge mode, T on",
        conditions=(conditions.LOST, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.MEDIUM, Confidence.LOW),
        then="at-risk (medium when K unfixed, low when K unknown); missing: the server's MAC or place, and K",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R12",
        when="*where* unknown, interface not in bridge mode, T on; or *where* = same lower device, and the interface's "
        "mode unknown",
        conditions=(conditions.TX_ON,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's place, or the mode",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R13",
        when="T unknown, and nothing above decided",
        conditions=(),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's offload state, with the reason it could not be read",
        facts=(Fact.TX,),
    ),
)
