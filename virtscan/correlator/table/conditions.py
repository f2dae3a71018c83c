"""What the rules of the decision table require of a case, each in words and as a test."""

from collections.abc import Callable
from enum import Enum

import msgspec

from virtscan.correlator.location.position import Where
from virtscan.model import Fix, NotJudged, SourceMode, State


class Servers(Enum):
    """Which servers may answer an interface."""

    NONE_KNOWN = "no server is known"
    NONE_SERVES = "no server serves this interface"
    THIS_ONE = "this server may answer"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One interface on one device against one place of one server, reduced to what the rules require.

    `inferred` says that only the daemon's version implies the kernel, `in_vm` that the hypervisor is observed to be a
    virtual machine, `fills` that the server's virtual NIC sends only filled checksums, `weak` that unread facts may
    contradict the place, `declared` that the server was declared to serve through this NIC.
    """

    left_out: NotJudged | None = None
    kernel: Fix = Fix.UNKNOWN
    inferred: bool = False
    in_vm: bool = False
    servers: Servers = Servers.NONE_KNOWN
    tx: State = State.UNKNOWN
    tx_after_reboot: State = State.UNKNOWN
    fills: bool = False
    where: Where = Where.UNKNOWN
    weak: bool = False
    declared: bool = True
    mode: SourceMode = SourceMode.UNKNOWN


class Condition(msgspec.Struct, frozen=True):
    """A part of what a row requires: in words, as a test, and what a case has instead."""

    words: str
    test: Callable[[Case], bool]
    found: Callable[[Case], str]


_SAME = frozenset({Where.SAME_BRIDGE, Where.SAME_OTHER, Where.SAME_UNKNOWN})


def _one_not_in_bridge_mode(case: Case) -> bool:
    return case.where is Where.SAME_OTHER or case.mode not in {SourceMode.BRIDGE, SourceMode.UNKNOWN}


def _left_out(case: Case) -> str:
    return "the interface is judged" if case.left_out is None else case.left_out.value


def _kernel(case: Case) -> str:
    return "the kernel's state is unknown" if case.kernel is Fix.UNKNOWN else f"the kernel is {case.kernel.value}"


def _tx(case: Case) -> str:
    return "its state is unknown" if case.tx is State.UNKNOWN else f"it is {case.tx.value}"


def _nic(case: Case) -> str:
    return "it sends only filled ones" if case.fills else "it can, or its model is unknown"


def _where(case: Case) -> str:
    return "its place is unknown" if case.where is Where.UNKNOWN else case.where.value


def _mode(case: Case) -> str:
    return "the mode is unknown" if case.mode is SourceMode.UNKNOWN else f"it is in {case.mode.value} mode"


def _modes(case: Case) -> str:
    return "the server is not" if case.where is Where.SAME_OTHER else _mode(case)


LEFT_OUT = Condition("the interface is not to be judged", lambda case: case.left_out is not None, _left_out)
FIXED = Condition("the hypervisor's kernel is fixed", lambda case: case.kernel is Fix.FIXED, _kernel)
NONE_KNOWN = Condition(
    "no server is known", lambda case: case.servers is Servers.NONE_KNOWN, lambda case: case.servers.value
)
NONE_SERVES = Condition(
    "no server serves this interface", lambda case: case.servers is Servers.NONE_SERVES, lambda case: case.servers.value
)
TX_OFF = Condition("the server's TX checksum offload is off", lambda case: case.tx is State.OFF, _tx)
TX_ON = Condition("the server's TX checksum offload is on", lambda case: case.tx is State.ON, _tx)
TX_UNKNOWN = Condition(
    "the state of the server's TX checksum offload is unknown", lambda case: case.tx is State.UNKNOWN, _tx
)
FILLS = Condition("the server's virtual NIC can't send partial checksums", lambda case: case.fills, _nic)
BRIDGE = Condition("the interface is in bridge mode", lambda case: case.mode is SourceMode.BRIDGE, _mode)
ONE_NOT_BRIDGE = Condition("one of the two is not in bridge mode", _one_not_in_bridge_mode, _modes)
SAME_BRIDGE = Condition(
    "the server is on the same lower device, in bridge mode", lambda case: case.where is Where.SAME_BRIDGE, _where
)
NEVER_MEET = Condition(
    "the two never meet on the device: one is not in bridge mode, a VLAN separates them, or the server sends down",
    lambda case: case.where is Where.NEVER_MET or (case.where in _SAME and _one_not_in_bridge_mode(case)),
    lambda case: _modes(case) if case.where in _SAME else _where(case),
)
RECEIVED = Condition(
    "the lower device receives the server's frames before any NIC", lambda case: case.where is Where.RECEIVED, _where
)
THROUGH_NICS = Condition(
    "the server's frames pass a NIC that fills in the checksum",
    lambda case: case.where is Where.THROUGH_NICS,
    _where,
)
LOST = Condition("the server's place is unknown", lambda case: case.where is Where.UNKNOWN, _where)
