"""Documents about a report under assumptions: marked as such, with the effects of the assumptions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from virtscan.model import Finding, Mac, Ranked, Report, Verdict
from virtscan.views.document import Document, records
from virtscan.views.wording.phrases.names import listed, were
from virtscan.views.wording.phrases.quantity import quantity

if TYPE_CHECKING:
    from virtscan.correlator.assumptions import DomainPlace

_LISTED = 20


class EffectKind(Ranked):
    """Effect of assumptions on an interface; `freed`: they clear it, so that it is no longer at risk or unknown."""

    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    CLEARED = "freed"  # a published word


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """An interface whose verdict is another one under the assumptions; without a finding there is no verdict."""

    change: EffectKind
    hypervisor: str
    domain: str
    uuid: str | None
    mac: Mac | None
    server: str | None
    server_interface: str | None
    before: Verdict | None
    after: Verdict | None


_WORDS = {
    EffectKind.AT_RISK: ("puts", "put", " at risk"),
    EffectKind.UNKNOWN: ("leaves", "leave", " unknown"),
    EffectKind.CLEARED: ("clears", "clear", ""),
}
"""The verb after one assumption, that after several, and the words after the interfaces."""


def effects(before: Report, after: Report, moved: "Mapping[DomainPlace, DomainPlace]") -> tuple[Effect, ...]:
    """Compare two reports of one fleet: every interface that the assumptions put at risk, leave unknown, or clear.

    Args:
        before: The report without assumptions.
        after: The report under them.
        moved: The old place of each domain that moved, by its new place.
    """
    old = {_key(finding, {}): finding for finding in before.findings}
    changed = list(_effects(old, after.findings, moved))
    return tuple(sorted(changed, key=lambda effect: effect.change.rank))


def marked(
    document: Document,
    assumptions: Sequence[str],
    effects: Sequence[Effect] | None = None,
    unread: Sequence[str] = (),
    receiving: Sequence[str] = (),
) -> Document:
    """Mark a document as made under assumptions, in every format, with their effects if reports were compared.

    Args:
        document: The document.
        assumptions: The assumptions, as typed.
        effects: Their effects.
        unread: The hypervisors on which they may have further effects.
        receiving: The hypervisors that were read completely, and would have VMs of the unread ones.
    """
    if not assumptions:
        return document
    changes = () if effects is None else _lines(effects, unread, receiving, is_one=len(assumptions) == 1)
    return msgspec.structs.replace(
        document,
        assumed=tuple(assumptions),
        head=document.head if effects is None else {**document.head, "effects": records(effects)},
        headline=f"{assumed_words(assumptions)} {document.headline}".rstrip(". "),
        notes=(*changes, *document.notes),
    )


def assumed_words(assumptions: Sequence[str]) -> str:
    """Name assumptions as such, in a sentence."""
    return f"Assumed, not observed: {'; '.join(assumptions)}."


def _effects(
    old: Mapping[tuple[object, ...], Finding], findings: Iterable[Finding], moved: "Mapping[DomainPlace, DomainPlace]"
) -> Iterator[Effect]:
    left = dict(old)
    for finding in findings:
        earlier = left.pop(_key(finding, moved), None)
        if (change := _change(earlier, finding)) is not None:
            yield _effect(change, earlier, finding)
    for earlier in left.values():
        if (change := _change(earlier, None)) is not None:
            yield _effect(change, earlier, None)


def _key(finding: Finding, moved: "Mapping[DomainPlace, DomainPlace]") -> tuple[object, ...]:
    place = finding.hypervisor, finding.origin, finding.domain
    return (*moved.get(place, place), finding.index, finding.next_start)


def _change(before: Finding | None, after: Finding | None) -> EffectKind | None:
    was, now = _standing(before), _standing(after)
    return None if was is now else now


def _standing(finding: Finding | None) -> EffectKind:
    if finding is not None and finding.is_at_risk:
        return EffectKind.AT_RISK
    return EffectKind.UNKNOWN if finding is not None and finding.is_unknown else EffectKind.CLEARED


def _effect(change: EffectKind, before: Finding | None, after: Finding | None) -> Effect:
    shown = after or before
    assert shown is not None  # noqa: S101  one of both is what changes
    decides = before if change is EffectKind.CLEARED and before is not None else shown
    return Effect(
        change=change,
        hypervisor=shown.hypervisor,
        domain=shown.domain,
        uuid=shown.uuid,
        mac=shown.mac,
        server=decides.server,
        server_interface=decides.server_interface,
        before=None if before is None else before.verdict,
        after=None if after is None else after.verdict,
    )


def _lines(
    effects: Sequence[Effect], unread: Sequence[str], receiving: Sequence[str], *, is_one: bool
) -> Iterator[str]:
    """Describe the effects of the assumptions: a line for each kind of change, and one for each interface."""
    noun = "assumption" if is_one else "assumptions"
    if unread:
        why = f"{listed(unread)} {were(unread)} not read completely"
        yield f"The effect of the {noun} on further VMs is unknown: {why}."
    if receiving:
        yield f"Not counted as read completely, because unread VMs would move there: {listed(receiving)}."
    if not effects:
        yield f"The {noun} {'changes' if is_one else 'change'} no verdict" + (" of what was read." if unread else ".")
    for change, (does, do, how) in _WORDS.items():
        own = [effect for effect in effects if effect.change is change]
        if own:
            yield f"The {noun} {does if is_one else do} {quantity(len(own), 'interface')}{how}:"
            yield from (f"  {_line(effect)}" for effect in own[:_LISTED])
            if len(own) > _LISTED:
                yield f"  and {len(own) - _LISTED} more, which --format json lists"


def _line(effect: Effect) -> str:
    by = f" ({effect.server})" if effect.server is not None else ""
    return f"{effect.hypervisor} {effect.domain} {effect.mac or 'without a MAC'}{by}"
