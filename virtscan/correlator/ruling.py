"""What the decision table says about one case, with what it takes to tell which of two is worse."""

import msgspec

from virtscan.correlator.conditions import Case
from virtscan.correlator.place import Place, Position, Seat
from virtscan.correlator.rules import Rule, decide
from virtscan.model import Confidence, NotJudged, Server, Verdict

VERDICTS = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""Rank of each verdict, worst first."""

_CONFIDENCES = {confidence: rank for rank, confidence in enumerate(Confidence)}
_LEFT_OUT = {reason: rank for rank, reason in enumerate(NotJudged)}
_NOBODY = Server(name="", source="")
_NOWHERE = Position(place=Place.UNKNOWN, why="")


class Ruling(msgspec.Struct, frozen=True):
    """What the table says about one case; `badness` sorts the worst first, then those that name a server, by its name.

    "No finding" is the mildest ruling of all. A ruling that is about no server in particular has one without a name.
    """

    badness: tuple[int, int, bool, str, str]
    rule: Rule
    case: Case
    server: Server
    position: Position


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for all interfaces that are plugged in alike."""

    rule: Rule
    verdict: Verdict
    confidence: Confidence
    seat: Seat
    server: Server | None
    because: tuple[str, ...]
    missing: tuple[str, ...]


class Silence(msgspec.Struct, frozen=True):
    """A server that does not answer an interface, and why."""

    server: Server
    why: str


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """One device that an interface may be plugged into, with the ruling on each server that may answer there."""

    seat: Seat
    rulings: tuple[Ruling, ...]
    silent: tuple[Silence, ...]


def rule_on(case: Case, server: Server = _NOBODY, position: Position = _NOWHERE) -> Ruling:
    """Let the table decide."""
    rule = decide(case)
    if rule.verdict is None:
        # The reason that was reached last stands: a macvtap on no bond is not judged because of the bond.
        rank = (len(VERDICTS), -_LEFT_OUT[case.left_out or NotJudged.NOT_MACVTAP])
    else:
        rank = (VERDICTS[rule.verdict], _CONFIDENCES[rule.confidence(case)])
    return Ruling((*rank, not rule.server, server.name, server.interface or ""), rule, case, server, position)
