"""The decision table, as data: the first rule whose conditions all hold decides."""

from collections.abc import Callable
from enum import Enum
from functools import cache

import msgspec

from virtscan.correlator.table import conditions
from virtscan.correlator.table.conditions import Case, Condition
from virtscan.model import Confidence, Fix, State, Verdict


class Fact(Enum):
    """What a rule can rest on; each of them is either reported as a reason or as missing."""

    KERNEL = "kernel"
    SERVERS = "servers"
    TX = "tx"
    REBOOT = "reboot"
    NIC = "nic"
    PLACE = "place"
    MODE = "mode"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row: when it matches, in words and as conditions that must all hold, and what follows.

    `verdict` is None for "no finding", `confidence` then means nothing. `facts` are what it rests on, in the order
    in which a reader wants them. `server` says whether the row is about one server.
    """

    id: str
    title: str
    when: str
    conditions: tuple[Condition, ...]
    verdict: Verdict | None
    confidence: Callable[[Case], Confidence]
    then: str
    facts: tuple[Fact, ...] = ()
    server: bool = True


@cache
def decide(case: Case) -> Rule:
    """Give the first rule that matches; the last one always does."""
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
        title="not judged",
        when="known not to be a macvtap (a container's included); or its source is known not to stand on a bond and "
        "only bonds are asked for; or an interface of the server's own domain",
        conditions=(conditions.LEFT_OUT,),
        verdict=None,
        confidence=_always(Confidence.HIGH),
        then='no finding (counted: "not judged")',
    ),
    Rule(
        id="R2",
        title="fixed kernel",
        when="the hypervisor's kernel is fixed",
        conditions=(conditions.FIXED,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_if_observed,
        then="not-affected (high; medium if inferred from the daemon's version, or if the hypervisor is observed to be "
        "a VM), whatever the servers",
        facts=(Fact.KERNEL,),
        server=False,
    ),
    Rule(
        id="R3",
        title="no server known",
        when="no server is known at all",
        conditions=(conditions.NONE_KNOWN,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: a server",
        facts=(Fact.SERVERS, Fact.KERNEL),
        server=False,
    ),
    Rule(
        id="R4",
        title="not served",
        when="every server is known not to serve this interface: both sides declare segments or subnets and none is "
        "common, or the record of its MAC names another configured server",
        conditions=(conditions.NONE_SERVES,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium)",
        facts=(Fact.SERVERS,),
        server=False,
    ),
    Rule(
        id="R5",
        title="offload off",
        when="the server's TX checksum offload is off on every way out",
        conditions=(conditions.TX_OFF,),
        verdict=Verdict.MITIGATED,
        confidence=_if_lasting,
        then="mitigated (high if known to survive a reboot; medium if unknown or known not to)",
        facts=(Fact.TX, Fact.REBOOT),
    ),
    Rule(
        id="R6",
        title="server's NIC fills",
        when="the server is a VM whose NIC can't emit partial frames, or has live `<host csum='off'/>`",
        conditions=(conditions.FILLS,),
        verdict=Verdict.MITIGATED,
        confidence=_always(Confidence.MEDIUM),
        then="mitigated (medium)",
        facts=(Fact.NIC,),
    ),
    Rule(
        id="R7",
        title="same device, both in bridge mode",
        when="same lower device (a domain's macvtap or a macvlan of the host), server in bridge mode, interface in "
        "bridge mode, offload on",
        conditions=(conditions.SAME_BRIDGE, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (high when the kernel is unfixed, medium when it is unknown)",
        facts=(Fact.PLACE, Fact.TX, Fact.MODE, Fact.KERNEL),
    ),
    Rule(
        id="R8",
        title="received by the device itself",
        when="the lower device, or one it stands on, receives the server's frames on this host before any NIC (tap, "
        "veth or OVS port of that bridge; a veth under it), offload on, any mode",
        conditions=(conditions.RECEIVED, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.HIGH, Confidence.MEDIUM),
        then="at-risk (high when the kernel is unfixed, medium when it is unknown)",
        facts=(Fact.PLACE, Fact.TX, Fact.KERNEL),
    ),
    Rule(
        id="R9",
        title="never meet on the device",
        when="same lower device, and one of the two not in bridge mode; or one on the device and the other on a VLAN "
        "over it; or a host process that sends down through the device",
        conditions=(conditions.NEVER_MEET,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_always(Confidence.MEDIUM),
        then="not-affected (medium): the frame never arrives locally; it leaves through the bottom, where a NIC fills "
        "the checksum",
        facts=(Fact.PLACE, Fact.MODE),
    ),
    Rule(
        id="R10",
        title="through a NIC",
        when="another machine, or elsewhere on this hypervisor while the interface's device is entered through filling "
        "NICs only",
        conditions=(conditions.THROUGH_NICS,),
        verdict=Verdict.NOT_AFFECTED,
        confidence=_if_whole,
        then="not-affected (medium; low while a configured hypervisor is unread or the NICs are unknown)",
        facts=(Fact.PLACE,),
    ),
    Rule(
        id="R11",
        title="unknown place, bridge mode",
        when="the server's place is unknown, interface in bridge mode, offload on",
        conditions=(conditions.LOST, conditions.BRIDGE, conditions.TX_ON),
        verdict=Verdict.AT_RISK,
        confidence=_if_unfixed(Confidence.MEDIUM, Confidence.LOW),
        then="at-risk (medium when the kernel is unfixed, low when it is unknown); missing: the server's place, and "
        "the kernel",
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R12",
        title="unknown place, other mode",
        when="the server's place is unknown, interface not in bridge mode, offload on",
        conditions=(conditions.LOST, conditions.TX_ON),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's place",
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
    Rule(
        id="R13",
        title="offload state unknown",
        when="the state of the server's offload is unknown, and nothing above decided",
        conditions=(conditions.TX_UNKNOWN,),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: the server's offload state, with the reason it could not be read",
        facts=(Fact.KERNEL, Fact.TX, Fact.PLACE, Fact.MODE),
    ),
    Rule(
        id="R14",
        title="way unproven",
        when="the server's place is known, but not whether frames from there pass a NIC on their way to this device",
        conditions=(),
        verdict=Verdict.UNKNOWN,
        confidence=_always(Confidence.LOW),
        then="unknown; missing: that fact, and the cheapest way to learn it",
        facts=(Fact.KERNEL, Fact.PLACE, Fact.TX, Fact.MODE),
    ),
)
