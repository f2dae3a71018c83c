"""Servers as causes: one that came or went, its offload, and its declarations."""

from collections.abc import Iterable, Iterator

from virtscan.changes.fields import TX
from virtscan.changes.values import Cause, CauseKind, FieldChange, Kind, ServerChange, ServerRef
from virtscan.model import Finding, State, Verdict
from virtscan.model import reasons as r

_RANKS = {Verdict.AT_RISK: 0, Verdict.UNKNOWN: 1}
_CLEAR = 2
_DECLARED = ("runs_on", "physical", "segments", "subnets")


class ServerCauses:
    """The changes of all servers."""

    def __init__(self, changes: Iterable[ServerChange]) -> None:
        self._changes: dict[ServerRef, list[ServerChange]] = {}
        for change in changes:
            self._changes.setdefault(change.server, []).append(change)

    def of(self, old: Finding | None, new: Finding | None) -> Cause | None:
        """Explain a finding's change by its server, if the server's change leads from the old verdict to the new one.

        The present server causes a worse verdict, the former server a better one.
        """
        before, after = _rank(old), _rank(new)
        if before == after:
            return None
        is_worse = after < before
        sides = (new, old) if is_worse else (old, new)
        finding = next(
            (candidate for candidate in sides if candidate is not None and candidate.server is not None), None
        )
        if finding is None or finding.server is None:
            return None
        is_former = finding is old
        for change in self._changes.get(ServerRef(server=finding.server, interface=finding.server_interface), ()):
            if is_worse and is_former and change.kind is not Kind.REMOVED:
                continue  # a verdict that is worse without any server
            if (cause := _explanation(change, finding, is_worse=is_worse, is_former=is_former)) is not None:
                return cause
        return None


def _rank(finding: Finding | None) -> int:
    return _CLEAR if finding is None else _RANKS.get(finding.verdict, _CLEAR)


def _explanation(change: ServerChange, finding: Finding, *, is_worse: bool, is_former: bool) -> Cause | None:
    server, interface = change.server.server, change.server.interface
    match change.kind:
        case Kind.ADDED if not is_former:
            return Cause(kind=CauseKind.SERVER_ADDED, server=server, server_interface=interface)
        case Kind.REMOVED if is_former:
            return Cause(kind=CauseKind.SERVER_REMOVED, server=server, server_interface=interface)
        case Kind.NOT_SEEN:
            return _offload(change.server, None, State.UNKNOWN.value)
        case Kind.SEEN_AGAIN:
            return _offload(change.server, State.UNKNOWN.value, None)
        case Kind.CHANGED:
            return _of_fields(change, finding, State.ON if is_worse else State.OFF)
        case _:
            return None


def _of_fields(change: ServerChange, finding: Finding, state: State) -> Cause | None:
    ref = change.server
    for field in _switched(change.fields, finding, state):
        return _offload(ref, str(field.old), str(field.new), field.device)
    declared = next((field.field for field in change.fields if field.field in _DECLARED), None)
    if declared is None:
        return None
    return Cause(kind=CauseKind.SERVER_DECLARED, server=ref.server, server_interface=ref.interface, fact=declared)


def _switched(fields: Iterable[FieldChange], finding: Finding, state: State) -> Iterator[FieldChange]:
    """Yield the fields of offload that have this state now, of a device that decides where the finding names such."""
    offload_reasons = [reason for reason in finding.because if isinstance(reason, r.OffloadKnown)]
    deciding = {device for reason in offload_reasons for device in reason.devices}
    for field in fields:
        decides = field.device is None or not deciding or field.device in deciding
        if field.field == TX and field.new == state.value and decides:
            yield field


def _offload(ref: ServerRef, old: str | None, new: str | None, device: str | None = None) -> Cause:
    return Cause(
        kind=CauseKind.SERVER_OFFLOAD,
        server=ref.server,
        server_interface=ref.interface,
        device=device,
        old=old,
        new=new,
    )
