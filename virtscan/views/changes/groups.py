"""Changes by cause: the rows that one sentence explains."""

from collections.abc import Sequence

from virtscan.changes import Cause, FindingKind, Kind
from virtscan.views.changes.lines import COLUMNS, ChangeLine, Subject
from virtscan.views.rows.grouping import RowGroup
from virtscan.views.wording import changes as wording
from virtscan.views.wording.phrases.quantity import quantity

_NOUNS = {
    Subject.HYPERVISOR: "hypervisor",
    Subject.SERVER: "server",
    Subject.DOMAIN: "VM",
    Subject.INTERFACE: "interface",
    Subject.SYSTEM: "provisioning system",
}
_MOST = 50
"""Most rows of a group that are shown; further ones are counted."""


def groups(lines: Sequence[ChangeLine]) -> tuple[RowGroup, ...]:
    """Group rows that have the same subject, kind, cause and server, in their order."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for place, line in enumerate(lines):
        alike.setdefault((line.subject, line.kind, *line.mark, _server(line)), []).append(place)
    return tuple(_group([lines[place] for place in places], tuple(places)) for places in alike.values())


def _group(lines: Sequence[ChangeLine], places: tuple[int, ...]) -> RowGroup:
    first = lines[0]
    too_many = len(lines) > _MOST
    return RowGroup(
        verdict="" if first.verdict is None else first.verdict.value,
        title=f"{_title(first, lines)}.",
        action="--format csv lists them." if too_many else "",
        rows=places,
        columns=COLUMNS[first.subject],
        lists_rows=not too_many,
    )


def _server(line: ChangeLine) -> str | None:
    """Return the server of a finding whose cause names none; one that is resolved or not scanned has no server."""
    ended = {FindingKind.RESOLVED, FindingKind.NO_LONGER_SCANNED}
    if not isinstance(line.cause, Cause) or line.cause.server is not None or line.kind in ended:
        return None
    return line.server


def _title(first: ChangeLine, lines: Sequence[ChangeLine]) -> str:
    if first.subject is Subject.FINDING and isinstance(first.cause, Cause):
        vms = len({(line.hypervisor, line.domain, line.uuid) for line in lines})
        count = f"{quantity(len(lines), 'interface')} of {quantity(vms, 'VM')}"
        server = _server(first)
        because = "" if server is None else f", because of {server}"
        return f"{wording.caused_by(first.cause)}: {count} {first.mark[-1]}{because}"
    assert isinstance(first.kind, Kind)  # noqa: S101  only findings have kinds of their own
    noun = _NOUNS[first.subject]
    happened = str(first.mark[0]) if first.subject is Subject.HYPERVISOR else wording.happened(noun, first.kind)
    text = f"{quantity(len(lines), noun)} {happened}"
    return f"{text}: {wording.may_be_on(first.unread, first.kind)}" if first.unread else text
