"""Which fact that nobody knows would settle a verdict: the table is asked again with every value that it may have."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

import msgspec

from virtscan.correlator.chain import OnBond
from virtscan.correlator.conditions import Case, Servers
from virtscan.correlator.place import Place, Position, Seat
from virtscan.correlator.ruling import Hearing, Ruling, rule_on
from virtscan.model import Fix, LowerDevice, NotJudged, Server, SourceMode, State, Verdict

_CLEAR = frozenset({None, Verdict.MITIGATED, Verdict.NOT_AFFECTED})


class Unknown(Enum):
    """A fact that may be missing, the one that is found out with least effort first."""

    KERNEL = "kernel"
    PLACE = "place"
    DEVICE_KIND = "device kind"
    TX_CHECKSUM = "TX checksum offload"
    SOURCE_MODE = "source mode"
    SERVER = "server"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A missing fact, and the interface's verdict for each value that it may have.

    `verdicts` is empty where the fact opens new questions; None in it is "no finding".
    """

    fact: Unknown
    seat: Seat
    server: Server
    position: Position
    verdicts: Mapping[str, Verdict | None]


_FIELDS: Mapping[Unknown, tuple[str, Mapping[str, object]]] = {
    Unknown.KERNEL: ("kernel", {fix.value: fix for fix in Fix if fix is not Fix.UNKNOWN}),
    Unknown.PLACE: ("place", {place.value: place for place in Place if place is not Place.UNKNOWN}),
    Unknown.DEVICE_KIND: ("left_out", {"on a bond": None, "on no bond": NotJudged.NOT_ON_A_BOND}),
    Unknown.TX_CHECKSUM: ("tx", {state.value: state for state in State if state is not State.UNKNOWN}),
    Unknown.SOURCE_MODE: ("mode", {mode.value: mode for mode in SourceMode if mode is not SourceMode.UNKNOWN}),
}
"""The field of a case that holds the fact, with every value that is known, in words."""


def openings(hearings: Sequence[Hearing], asked_for: LowerDevice) -> tuple[Opening, ...]:
    """The missing facts that may change the verdict of an interface, the cheapest first.

    Each is asked for alone, of the ruling that decided, with all other rulings as they are. A verdict that is clear
    needs nothing, whatever else is not known.
    """
    ruled = [(ruling, hearing) for hearing in hearings for ruling in hearing.rulings]
    if not ruled:
        return ()
    ruling, hearing = min(ruled, key=lambda one: one[0].badness)
    if ruling.rule.verdict in _CLEAR:
        return ()
    return tuple(_open(ruling, hearing, ruled, asked_for))


def _open(
    worst: Ruling, hearing: Hearing, ruled: Sequence[tuple[Ruling, Hearing]], asked_for: LowerDevice
) -> Iterator[Opening]:
    for fact in Unknown:
        if not _is_missing(fact, worst.case, hearing.seat, asked_for):
            continue
        verdicts: dict[str, Verdict | None] = {}
        if fact in _FIELDS:
            field, values = _FIELDS[fact]
            touched = [_touches(fact, worst, hearing, *one, asked_for) for one in ruled]
            for words, value in values.items():
                supposed = [
                    rule_on(msgspec.structs.replace(ruling.case, **{field: value})) if changed else ruling
                    for (ruling, _), changed in zip(ruled, touched, strict=True)
                ]
                verdicts[words] = min(supposed, key=lambda one: one.badness).rule.verdict
            if set(verdicts.values()) == {worst.rule.verdict}:
                continue
        yield Opening(fact=fact, seat=hearing.seat, server=worst.server, position=worst.position, verdicts=verdicts)


def _is_missing(fact: Unknown, case: Case, seat: Seat, asked_for: LowerDevice) -> bool:
    match fact:
        case Unknown.KERNEL:
            return case.kernel is Fix.UNKNOWN
        case Unknown.DEVICE_KIND:
            return asked_for is LowerDevice.BOND and seat.chain.on_bond is OnBond.UNKNOWN
        case Unknown.SOURCE_MODE:
            return case.mode is SourceMode.UNKNOWN and case.servers is Servers.THIS_ONE
        case Unknown.SERVER:
            return case.servers is Servers.NONE_KNOWN
        case Unknown.PLACE:
            return case.place is Place.UNKNOWN and case.servers is Servers.THIS_ONE
        case Unknown.TX_CHECKSUM:
            return case.tx is State.UNKNOWN and case.servers is Servers.THIS_ONE


def _touches(
    fact: Unknown, worst: Ruling, there: Hearing, ruling: Ruling, hearing: Hearing, asked_for: LowerDevice
) -> bool:
    """Whether knowing the fact that the worst ruling lacks changes what another one rests on."""
    if not _is_missing(fact, ruling.case, hearing.seat, asked_for):
        return False
    match fact:
        case Unknown.KERNEL:
            return True
        case Unknown.PLACE | Unknown.TX_CHECKSUM:
            return ruling.server is worst.server
        case _:
            return hearing is there
