"""The decision about one interface, with the rulings that it was chosen from."""

import msgspec

from virtscan.correlator.location.attachment import AttachmentPoint
from virtscan.correlator.table import Ruling
from virtscan.model import Confidence, Reach
from virtscan.model.reasons import Reason


class ExcludedServer(msgspec.Struct, frozen=True):
    """A server that does not answer an interface, and the code of why."""

    number: int
    why: str


class PointEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment point, with the rulings on every place of each server that may answer there, worst first.

    `contradicted` names excluded servers that are judged all the same, because they are on this very device.
    """

    point: AttachmentPoint
    rulings: tuple[Ruling, ...]
    excluded: tuple[ExcludedServer, ...]
    contradicted: tuple[int, ...]
    reach: Reach
    on_record: frozenset[int]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The decision about an interface: the worst ruling with its attachment point, among all points.

    `doubts` are missing facts for which a clearing has low confidence.
    """

    decided: PointEvaluation
    ruling: Ruling
    confidence: Confidence
    disagree: bool
    reach: Reach
    points: tuple[PointEvaluation, ...]
    doubts: tuple[Reason, ...] = ()
