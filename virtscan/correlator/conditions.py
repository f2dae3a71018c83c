"""What the rules of the decision table ask about a case, each in words and as a test."""

from collections.abc import Callable
from enum import Enum

import msgspec

from virtscan.correlator.place import Place
from virtscan.model import Fix, NotJudged, SourceMode, State


class Servers(Enum):
    """Who could answer an interface."""

    NONE_KNOWN = "no server is known"
    NONE_SERVES = "no server serves this segment"
    THIS_ONE = "this server may answer"


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


class Condition(msgspec.Struct, frozen=True):
    """A part of what a row asks: in words, as a test, and what a case says to it."""

    words: str
    test: Callable[[Case], bool]
    found: Callable[[Case], str]


def _kept_apart(case: Case) -> bool:
    """Of two on one lower device, one is known not to be in bridge mode."""
    return case.place is Place.SAME_OTHER or case.mode not in {SourceMode.BRIDGE, SourceMode.UNKNOWN}


def _left_out(case: Case) -> str:
    return "nothing says so" if case.left_out is None else case.left_out.value


def _kernel(case: Case) -> str:
    return "nobody knows" if case.kernel is Fix.UNKNOWN else f"the kernel is {case.kernel.value}"


def _tx(case: Case) -> str:
    return "nobody knows" if case.tx is State.UNKNOWN else f"it is {case.tx.value}"


def _nic(case: Case) -> str:
    return "it sends only filled ones" if case.muted else "it can, or nobody knows"


def _place(case: Case) -> str:
    return "nobody knows" if case.place is Place.UNKNOWN else case.place.value


def _mode(case: Case) -> str:
    return "nobody knows" if case.mode is SourceMode.UNKNOWN else f"it is in {case.mode.value} mode"


def _modes(case: Case) -> str:
    if case.place is Place.SAME_OTHER:
        return "the server is not"
    return "the interface's mode is not known" if case.mode is SourceMode.UNKNOWN else _mode(case)


LEFT_OUT = Condition("it is not to be judged", lambda case: case.left_out is not None, _left_out)
FIXED = Condition("the hypervisor's kernel is fixed", lambda case: case.kernel is Fix.FIXED, _kernel)
NONE_KNOWN = Condition(
    "no server is known", lambda case: case.servers is Servers.NONE_KNOWN, lambda case: case.servers.value
)
NONE_SERVES = Condition(
    "no server serves this segment", lambda case: case.servers is Servers.NONE_SERVES, lambda case: case.servers.value
)
TX_OFF = Condition("the server's TX checksum offload is off", lambda case: case.tx is State.OFF, _tx)
TX_ON = Condition("the server's TX checksum offload is on", lambda case: case.tx is State.ON, _tx)
MUTED = Condition("the server's card can't send unfilled checksums", lambda case: case.muted, _nic)
BRIDGE = Condition("the interface is in bridge mode", lambda case: case.mode is SourceMode.BRIDGE, _mode)
APART = Condition("one of the two is not in bridge mode", _kept_apart, _modes)
SAME_BRIDGE = Condition(
    "the server is on the same lower device, in bridge mode", lambda case: case.place is Place.SAME_BRIDGE, _place
)
SAME = Condition(
    "the server is on the same lower device",
    lambda case: case.place in {Place.SAME_BRIDGE, Place.SAME_OTHER},
    _place,
)
CARRIED = Condition(
    "the lower device itself carries the server's frames", lambda case: case.place is Place.CARRIED, _place
)
ELSEWHERE = Condition("the server is known to be elsewhere", lambda case: case.place is Place.ELSEWHERE, _place)
LOST = Condition("nobody knows where the server is", lambda case: case.place is Place.UNKNOWN, _place)
