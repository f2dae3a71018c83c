"""The decision about one interface, with the rulings that it was chosen from."""

from collections.abc import Mapping

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.servers.outside import CandidateServers
from virtscan.correlator.table import Ruling
from virtscan.model import Confidence, Reach
from virtscan.model.reasons import Missing


class PointEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment point, with the rulings on every place of each server that may answer there, worst first.

    `excluded` are the servers that do not answer, by number, each with the code of why. `contradicted` are servers
    that are judged although a declaration or record excludes them, because they are on this very device.
    """

    point: AttachmentPoint
    rulings: tuple[Ruling, ...]
    excluded: Mapping[int, str]
    contradicted: tuple[int, ...]
    reach: Reach


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The decision about an interface: the worst ruling with its attachment point, among all points.

    Servers that look alike share their rulings; `candidates` are those that may answer the interface. `doubts` are
    missing facts for which a clearing has low confidence.
    """

    decided: PointEvaluation
    ruling: Ruling
    confidence: Confidence
    disagree: bool
    reach: Reach
    points: tuple[PointEvaluation, ...]
    candidates: CandidateServers
    doubts: tuple[Missing, ...] = ()
