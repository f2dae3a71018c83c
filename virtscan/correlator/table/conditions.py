"""Conditions of the decision table, each as a code and a test of a case."""

from collections.abc import Callable

import msgspec

from virtscan.correlator.positions.position import Where
from virtscan.model import Closed, Fix, NotJudged, SourceMode, State


class PossibleServers(Closed):
    """Servers that may answer an interface."""

    NONE_KNOWN = "none-known"
    NONE_SERVES = "none-serves"
    THIS_ONE = "this-one"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One interface on one device against one place of one server, reduced to the facts that rules test.

    `inferred` is True if only the daemon's version implies the kernel, `in_vm` if the hypervisor is observed to be a
    virtual machine. `fills` is True if the server's virtual NIC sends only complete checksums, `weak` if unread facts
    may contradict the place. `declared` is True if the server was declared to serve through this NIC.
    """

    left_out: NotJudged | None = None
    kernel: Fix = Fix.UNKNOWN
    inferred: bool = False
    in_vm: bool = False
    servers: PossibleServers = PossibleServers.NONE_KNOWN
    tx: State = State.UNKNOWN
    tx_after_reboot: State = State.UNKNOWN
    fills: bool = False
    where: Where = Where.UNKNOWN
    weak: bool = False
    declared: bool = True
    mode: SourceMode = SourceMode.UNKNOWN


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of a rule; its words are in `views.wording.conditions`."""

    id: str
    test: Callable[[Case], bool]


SAME = frozenset({Where.SAME_BRIDGE, Where.SAME_OTHER, Where.SAME_UNKNOWN})
"""Places on the interface's own lower device."""


def _never_meet(case: Case) -> bool:
    apart = case.where is Where.SAME_OTHER or case.mode not in {SourceMode.BRIDGE, SourceMode.UNKNOWN}
    return case.where is Where.NEVER_MET or (case.where in SAME and apart)


LEFT_OUT = Condition(id="left-out", test=lambda case: case.left_out is not None)
FIXED = Condition(id="fixed", test=lambda case: case.kernel is Fix.FIXED)
NONE_KNOWN = Condition(id="none-known", test=lambda case: case.servers is PossibleServers.NONE_KNOWN)
NONE_SERVES = Condition(id="none-serves", test=lambda case: case.servers is PossibleServers.NONE_SERVES)
TX_OFF = Condition(id="tx-off", test=lambda case: case.tx is State.OFF)
TX_ON = Condition(id="tx-on", test=lambda case: case.tx is State.ON)
TX_UNKNOWN = Condition(id="tx-unknown", test=lambda case: case.tx is State.UNKNOWN)
FILLS = Condition(id="fills", test=lambda case: case.fills)
BRIDGE = Condition(id="bridge", test=lambda case: case.mode is SourceMode.BRIDGE)
SAME_BRIDGE = Condition(id="same-bridge", test=lambda case: case.where is Where.SAME_BRIDGE)
NEVER_MEET = Condition(id="never-meet", test=_never_meet)
RECEIVED = Condition(id="received", test=lambda case: case.where is Where.RECEIVED)
THROUGH_NICS = Condition(id="through-nics", test=lambda case: case.where is Where.THROUGH_NICS)
LOST = Condition(id="lost", test=lambda case: case.where is Where.UNKNOWN)
