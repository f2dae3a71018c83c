"""Missing facts that would settle a verdict: the table is applied again with every value that a fact may have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from virtscan.correlator.positions.position import Where
from virtscan.correlator.table import Case, Ruling, rule_on
from virtscan.correlator.table.evaluation import PointEvaluation
from virtscan.model import OPEN, Fix, NotJudged, SourceMode, State, Verdict
from virtscan.model.reasons import (
    NeedsDeviceKind,
    NeedsDeviceRole,
    NeedsInterface,
    NeedsKernel,
    NeedsMode,
    NeedsNicKinds,
    NeedsOffload,
    NeedsOuterHost,
    NeedsPlace,
    NeedsReflection,
    NeedsRenewal,
    NeedsServer,
    NeedsServerDevice,
    Reason,
)


class MissingFact(msgspec.Struct, frozen=True, kw_only=True):
    """A missing fact, and the interface's verdict for each value that it may have, by the value's code.

    `verdicts` is empty where the fact makes other facts relevant; None in it is "no finding".
    """

    reason: Reason
    verdicts: Mapping[str, Verdict | None]


_Values: TypeAlias = tuple[str, Mapping[str, object]]
_WAY: _Values = ("where", {where.value: where for where in (Where.THROUGH_NICS, Where.RECEIVED)})
ORDER: tuple[tuple[type[Reason], _Values | None], ...] = (
    (NeedsKernel, ("kernel", {fix.value: fix for fix in Fix if fix is not Fix.UNKNOWN})),
    (NeedsRenewal, None),
    (NeedsServer, None),
    (NeedsOffload, ("tx", {state.value: state for state in State if state is not State.UNKNOWN})),
    (
        NeedsPlace,
        ("where", {where.value: where for where in Where if where not in {Where.UNKNOWN, Where.UNPROVEN}}),
    ),
    (NeedsNicKinds, _WAY),
    (NeedsServerDevice, _WAY),
    (NeedsDeviceRole, _WAY),
    (NeedsInterface, _WAY),
    (NeedsOuterHost, _WAY),
    (NeedsReflection, _WAY),
    (NeedsDeviceKind, ("left_out", {"bond": None, "no-bond": NotJudged.NOT_ON_A_BOND})),
    (NeedsMode, ("mode", {mode.value: mode for mode in SourceMode if mode is not SourceMode.UNKNOWN})),
)
"""The field of a case that holds a fact, with every value that it may have, as a code; the cheapest fact first.

Facts without a field make other facts relevant. Facts that are not in this table can only be missing from a verdict
that is already clear.
"""

_SERVER_MODES: _Values = ("where", {"bridge": Where.SAME_BRIDGE, "another": Where.SAME_OTHER})
_TAP_OR_MACVTAP: _Values = (_SERVER_MODES[0], {**_SERVER_MODES[1], "tap": Where.RECEIVED})


def missing_facts(points: Sequence[PointEvaluation], missing: Sequence[Reason]) -> tuple[MissingFact, ...]:
    """Return the missing facts that may change the verdict of an interface, the cheapest first.

    Each is tried alone, with all other rulings unchanged. If none alone changes the verdict, all are returned, because
    together they do. A clear verdict needs no further fact.

    Args:
        points: Every device that the interface may be attached to, judged.
        missing: The missing facts of the finding.
    """
    ruled = [ruling for point in points for ruling in point.rulings]
    worst = min(ruled, key=lambda ruling: ruling.sort_key, default=None)
    if worst is None or worst.rule.verdict not in OPEN:
        return ()
    facts = tuple(_facts(ruled, missing))
    changing = tuple(fact for fact in facts if set(fact.verdicts.values()) != {worst.rule.verdict})
    return changing if any(fact.verdicts for fact in changing) else facts


def is_settled_by_one(verdict: Verdict, points: Sequence[PointEvaluation], missing: Sequence[Reason]) -> bool:
    """Return True if one of the missing facts alone may change the verdict, or makes other facts relevant."""
    ruled = [ruling for point in points for ruling in point.rulings]
    return any(set(fact.verdicts.values()) != {verdict} for fact in _facts(ruled, missing))


def _facts(ruled: Sequence[Ruling], missing: Sequence[Reason]) -> Iterator[MissingFact]:
    for kind, values in ORDER:
        for reason in missing:
            if type(reason) is not kind:
                continue
            if values is None:
                yield MissingFact(reason=reason, verdicts={})
                continue
            field, by_code = _server_modes(reason, ruled) or values
            yield MissingFact(
                reason=reason,
                verdicts={code: _supposed(reason, field, value, ruled) for code, value in by_code.items()},
            )


def _server_modes(reason: Reason, ruled: Sequence[Ruling]) -> _Values | None:
    """Return the places that the server's own mode decides on; None for another fact.

    On a device that may be a bridge, the server may be attached through a tap instead.
    """
    if not isinstance(reason, NeedsMode) or reason.server is None:
        return None
    doubtful = any(ruling.position.where is Where.UNPROVEN and reason in ruling.position.missing for ruling in ruled)
    return _TAP_OR_MACVTAP if doubtful else _SERVER_MODES


def _supposed(reason: Reason, field: str, value: object, ruled: Sequence[Ruling]) -> Verdict | None:
    supposed = [
        rule_on(msgspec.structs.replace(ruling.case, **{field: value}), ruling.stack, ruling.position)
        if _concerns(reason, field, ruling)
        else ruling
        for ruling in ruled
    ]
    return min(supposed, key=lambda ruling: ruling.sort_key).rule.verdict


def _concerns(reason: Reason, field: str, ruling: Ruling) -> bool:
    """Return True if a ruling lacks the same fact."""
    case: Case = ruling.case
    match field:
        case "kernel":
            return True
        case "tx":
            return case.tx is State.UNKNOWN and _is_of(reason, ruling)
        case "where":
            return reason in ruling.position.missing
        case "left_out":
            return True
        case _:
            return case.mode is SourceMode.UNKNOWN


def _is_of(reason: Reason, ruling: Ruling) -> bool:
    """Return True if a ruling is on the stack whose offload is missing."""
    stack = ruling.stack
    return (
        isinstance(reason, NeedsOffload)
        and stack is not None
        and (stack.server.name, stack.interface) == (reason.server, reason.interface)
    )
