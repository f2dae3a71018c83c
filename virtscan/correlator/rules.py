"""The decision table, as data: the first rule whose test holds decides."""

from collections.abc import Callable
from enum import Enum

import msgspec

from virtscan.correlator.kernel import Fix
from virtscan.correlator.place import Place
from virtscan.model import Confidence, NotJudged, SourceMode, State, Verdict


class Servers(Enum):
    """Who could answer an interface."""

    NONE_KNOWN = "no server is known"
    NONE_SERVES = "no server serves this segment"
    THIS_ONE = "the server in question may"


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


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One interface on one device against one server, reduced to what the rules ask; unset is unknown."""

    left_out: NotJudged | None = None
    kernel: Fix = Fix.UNKNOWN
    servers: Servers = Servers.NONE_KNOWN
    tx: State = State.UNKNOWN
    tx_after_reboot: State = State.UNKNOWN
    muted: bool = False
    place: Place = Place.UNKNOWN
    mode: SourceMode = SourceMode.UNKNOWN


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row: when it matches, in words and as a test, and what follows.

    `verdict` is None for "no finding", `confidence` then means nothing. `facts` are what it rests on, in the order
    in which a reader wants them. `server` says whether the row is about one server.
    """

    id: str
    when: str
    test: Callable[[Case], bool]
    verdict: Verdict | None
    confidence: Callable[[Case], Confidence]
    then: str
    facts: tuple[Fact, ...] = ()
    server: bool = True


def decide(case: Case) -> Rule:
    """Give the first rule that matches; the last one always does."""
    return next(rule for rule in RULES if rule.test(case))


def _always(confidence: Confidence) -> Callable[[Case], Confidence]:
    return lambda _: confidence


def _if_unfixed(then: Confidence, otherwise: Confidence) -> Callable[[Case], Confidence]:
    return lambda case: then if case.kernel is Fix.UNFIXED else otherwise


def _if_it_lasts(case: Case) -> Confidence:
    return Confidence.MEDIUM if case.tx_after_reboot is State.ON else Confidence.HIGH


def _kept_apart(case: Case) -> bool:
    """Both on one lower device, and one of them known not to be in bridge mode."""
    if case.place is Place.SAME_OTHER:
        return True
    return case.place is Place.SAME_BRIDGE and case.mode not in {SourceMode.BRIDGE, SourceMode.UNKNOWN}


RULES: tuple[Rule, ...] = (
    Rule(
        id="R1",
        when="not macvtap; or its source is not a bond and only bonds are asked for; or it is the server's own "
        "interface",
        test=lambda case: case.left_out is not None,
        verdict=None,
        confidence=_always(Confidence.HIGH),
        then='no finding (counted: "not judged")',
    ),
    Rule(
        id="R2",
        when="K fixed",
        test=lambda case: case.kernel is Fix.FIXED,
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.HIGH),
        then="not-affected (high), whatever the servers",
        facts=(Fact.KERNEL,),
        server=False,
    ),
    Rule(
        id="R3",
        when="no server is known at all",
        test=lambda case: case.servers is Servers.NONE_KNOWN,
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: a server",
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R4",
        when="servers are known and none serves this segment",
        test=lambda case: case.servers is Servers.NONE_SERVES,
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium)",
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R5",
        when="T off",
        test=lambda case: case.tx is State.OFF,
        verdict=Verdict.MITIGATED,
        confidence=_if_it_lasts,
        then="mitigated (high when it will survive a reboot or that is unknowable from the source, said so; medium "
        "when it is known not to)",
        facts=(Fact.TX, Fact.REBOOT),
    ),
    Rule(
        id="R6",
        when="the server is a VM whose NIC can't emit partial frames, or has live `<host csum='off'/>`",
        test=lambda case: case.muted,
        verdict=Verdict.MITIGATED,
        confidence=_always(Confidence.MEDIUM),
        then="mitigated (medium)",
        facts=(Fact.NIC,),
    ),
    Rule(
        id="R7",
        when="*where* = same lower device, server in bridge mode, interface in bridge mode, T on",
        test=lambda case: case.place is Place.SAME_BRIDGE and case.mode is SourceMode.BRIDGE and case.tx is State.ON,
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (high when K unfixed, medium when K unknown)",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R8",
        when="*where* = the lower device itself carries the server's frames on this host (a Linux bridge or veth under "
        "both), T on, any mode",
        test=lambda case: case.place is Place.CARRIED and case.tx is State.ON,
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (as R7)",
        facts=(Fact.PLACE, Fact.TX, Fact.KERNEL),
    ),
    Rule(
        id="R9",
        when="*where* = same lower device, and one of the two not in bridge mode",
        test=_kept_apart,
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
        test=lambda case: case.place is Place.ELSEWHERE,
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium)",
        facts=(Fact.PLACE,),
    ),
    Rule(
        id="R11",
        when="*where* unknown, interface in bridge mode, T on",
        test=lambda case: case.place is Place.UNKNOWN and case.mode is SourceMode.BRIDGE and case.tx is State.ON,
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.MEDIUM, Confidence.LOW),
        then="at-risk (medium when K unfixed, low when K unknown); missing: the server's MAC or place, and K",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R12",
        when="*where* unknown, interface not in bridge mode, T on; or *where* = same lower device, and the interface's "
        "mode unknown",
        test=lambda case: case.tx is State.ON,
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's place, or the mode",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R13",
        when="T unknown, and nothing above decided",
        test=lambda _: True,
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's offload state, with the reason it could not be read",
        facts=(Fact.TX,),
    ),
)
