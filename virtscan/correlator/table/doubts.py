"""Missing facts that give a clearing low confidence, in addition to those of the place that decides."""

from collections.abc import Iterable, Iterator, Sequence

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.table import Fact, Ruling
from virtscan.correlator.table.evaluation import PointEvaluation
from virtscan.model import OPEN, Confidence, State, Verdict
from virtscan.model.reasons import (
    Because,
    DeclaredPhysical,
    Missing,
    NeedsHypervisors,
    ObservedPhysical,
    OnOtherHypervisor,
)
from virtscan.model.sources import is_declared

_AT_ITS_PLACE = frozenset({Fact.PLACE, Fact.NIC})
"""Facts about a server that another copy of it may not share."""


def doubts(ruling: Ruling, points: Sequence[PointEvaluation], fleet: Fleet) -> tuple[Missing, ...]:
    """Return the missing facts that leave a clearing in doubt; none for another verdict.

    A mitigation, which is the worse verdict, would hide that another server's clearing has low confidence. An unread
    domain or device may be another copy of a server that was found. It may also be a NIC that the server's source does
    not list.
    """
    if ruling.rule.verdict in OPEN:
        return ()
    rulings = [ruling for point in points for ruling in point.rulings]
    return (*_hidden(ruling, rulings), *_unread(rulings, points[0].point.hypervisor, fleet))


def _hidden(ruling: Ruling, rulings: Iterable[Ruling]) -> tuple[Missing, ...]:
    if ruling.rule.verdict is not Verdict.MITIGATED:
        return ()
    others = (other for other in rulings if other.rule.verdict is Verdict.NOT_AFFECTED)
    return next((other.position.missing for other in others if other.confidence is Confidence.LOW), ())


def _unread(rulings: Iterable[Ruling], here: str, fleet: Fleet) -> Iterator[Missing]:
    """Yield the hypervisors here that may hide a copy; a list that may lack domains may hide one that runs."""
    gaps = fleet.unread.domains | fleet.unread.devices
    if not gaps and not fleet.unread.incomplete:
        return
    movable = [ruling for ruling in rulings if _may_have_a_copy(ruling)]
    if any(ruling.position.stopped for ruling in movable):
        gaps |= fleet.unread.incomplete
    lacking = tuple(sorted(name for name in fleet.hosts_on(here) if name in gaps)) if movable else ()
    if lacking:
        yield NeedsHypervisors(hypervisors=lacking)


def _may_have_a_copy(ruling: Ruling) -> bool:
    """Return True unless no other domain can be the server, or its offload is known wherever it sends.

    No server matters on a fixed kernel.
    """
    stack = ruling.stack
    if stack is None or not ruling.rule.server or any(_is_pinned(reason) for reason in ruling.position.because):
        return False
    if stack.tx is State.OFF:
        return not stack.observed and not is_declared(stack.server.source)
    return ruling.rule.verdict not in OPEN and not _AT_ITS_PLACE.isdisjoint(ruling.rule.facts)


def _is_pinned(reason: Because) -> bool:
    """Return True for a server that is known, or declared, to be at one place alone."""
    return isinstance(reason, DeclaredPhysical | ObservedPhysical) or (
        isinstance(reason, OnOtherHypervisor) and reason.declared
    )
