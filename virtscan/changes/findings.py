"""Changes of findings: new risks, resolved ones, and their causes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from virtscan.changes.causes import Causes
from virtscan.changes.domains import DomainOnHost, DomainPair
from virtscan.changes.observation import interface_key
from virtscan.changes.values import FindingChange, FindingKind, Kind
from virtscan.model import OPEN, DomainKey, Finding, Ranked, Report, Verdict


class Standing(Ranked):
    """Urgency of a finding for its reader, the most urgent first."""

    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    CLEAR = "clear"


_OPEN = {Standing.AT_RISK, Standing.UNKNOWN}
_KINDS = {
    (Standing.CLEAR, Standing.AT_RISK): FindingKind.NEW,
    (Standing.CLEAR, Standing.UNKNOWN): FindingKind.NEW,
    (Standing.UNKNOWN, Standing.AT_RISK): FindingKind.NEW,
    (Standing.AT_RISK, Standing.UNKNOWN): FindingKind.UNDECIDED,
    (Standing.WAIVED, Standing.AT_RISK): FindingKind.WAIVER_ENDED,
    (Standing.WAIVED, Standing.UNKNOWN): FindingKind.WAIVER_ENDED,
    (Standing.AT_RISK, Standing.WAIVED): FindingKind.WAIVED,
    (Standing.UNKNOWN, Standing.WAIVED): FindingKind.WAIVED,
    (Standing.AT_RISK, Standing.CLEAR): FindingKind.RESOLVED,
    (Standing.UNKNOWN, Standing.CLEAR): FindingKind.RESOLVED,
}
"""By the standing before and after; all others are no change, or one of exposure."""


def standing(finding: Finding | None) -> Standing:
    """Return the standing of a finding; an interface without one is clear."""
    if finding is None or finding.verdict not in OPEN:
        return Standing.CLEAR
    if finding.waived is not None:
        return Standing.WAIVED
    return Standing.AT_RISK if finding.verdict is Verdict.AT_RISK else Standing.UNKNOWN


_Findings: TypeAlias = Mapping[tuple[str | None, DomainKey], Mapping[str, Finding]]
"""By the hypervisor's name and the domain, then by interface."""

_NONE: Mapping[str, Finding] = {}


class FindingSide(msgspec.Struct, frozen=True):
    """The findings of an inventory; `remembered` are those of observations that it carries over."""

    seen: _Findings
    remembered: _Findings

    def of(self, domain: DomainOnHost | None) -> Mapping[str, Finding]:
        """Return the findings of a domain by interface."""
        if domain is None:
            return _NONE
        findings = self.seen if domain.is_seen else self.remembered
        return findings.get((domain.side.name, domain.domain.key), _NONE)


def by_domain(report: Report) -> _Findings:
    """Return the findings by domain and interface; if an interface has several, the most urgent."""
    findings: dict[tuple[str | None, DomainKey], dict[str, Finding]] = {}
    for finding in report.findings:
        interfaces = findings.setdefault((finding.hypervisor, finding.domain_key), {})
        key = interface_key(finding.mac, finding.index)
        if key not in interfaces or _urgency(finding) < _urgency(interfaces[key]):
            interfaces[key] = finding
    return findings


def _urgency(finding: Finding) -> tuple[int, int, bool]:
    return standing(finding).rank, finding.exposure.rank, finding.next_start


def finding_changes(
    pairs: Sequence[DomainPair], old: FindingSide, new: FindingSide, causes: Causes
) -> Iterator[FindingChange]:
    """Yield the changes of the findings of one domain, each compared at one place.

    This is the first where it was open, but one where it was lost and is seen now takes precedence. A place that was
    only remembered does not count while the finding is open. A domain that both sides only remember may have other
    findings too: its server was read.
    """
    sides = [(pair, old.of(pair.old), new.of(pair.new)) for pair in pairs]
    for key in dict.fromkeys(key for _, before, after in sides for key in (*before, *after)):
        compared = [(pair, before.get(key), after.get(key)) for pair, before, after in sides]
        pair, first, second = min(compared, key=lambda each: _place_rank(*each))
        if pair.kind is None and _is_alike(first, second):
            continue
        kind = _kind(first, second, pair)
        if kind is not None:
            yield FindingChange(
                kind=kind,
                old=None if kind is FindingKind.SEEN_AGAIN else first,
                new=None if kind is FindingKind.NOT_SEEN else second,
                cause=causes.of(kind, first, second, pair),
                is_seen=kind is FindingKind.NOT_SEEN or pair.new is None or pair.new.is_seen,
            )


def _place_rank(pair: DomainPair, old: Finding | None, new: Finding | None) -> int:
    """Return 0 for a place where an open finding was lost, 1 for another one whose finding counts, 2 for the rest.

    Of a place that was only remembered, the end counts alone: where the domain was seen, it may have ended before.
    """
    if standing(old) not in _OPEN:
        return 2
    if pair.is_found_again:
        return 0
    return 2 if pair.is_memory and standing(new) in _OPEN else 1


def _is_alike(old: Finding | None, new: Finding | None) -> bool:
    if old is None or new is None or old.verdict is not new.verdict:
        return False
    return old.exposure is new.exposure and (old.waived is None) is (new.waived is None)


def _kind(old: Finding | None, new: Finding | None, pair: DomainPair) -> FindingKind | None:
    before, after = standing(old), standing(new)
    exposure = _exposure(old, new) if before is after is Standing.AT_RISK else None
    is_worse = after.rank < before.rank or exposure is FindingKind.EXPOSURE_RISEN
    is_better = after not in _OPEN or exposure is FindingKind.EXPOSURE_FALLEN
    is_settled = is_better and pair.remembers_what_was_read
    if pair.kind is Kind.NOT_SEEN and not (is_worse or is_settled):
        return FindingKind.NOT_SEEN if before in _OPEN else None
    is_back = pair.is_found_again and before in _OPEN and after in _OPEN
    if is_back or (pair.kind is Kind.SEEN_AGAIN and pair.old is None):
        return FindingKind.SEEN_AGAIN if after in _OPEN else None
    if before is after is Standing.AT_RISK:
        return exposure
    if after is Standing.CLEAR and (pair.may_have_stayed or _was_not_read(old, pair.new)):
        return FindingKind.NOT_SEEN if before in _OPEN else None
    if before is Standing.CLEAR and (pair.may_have_been_there or _was_not_read(new, pair.old)):
        return FindingKind.SEEN_AGAIN if after in _OPEN else None
    is_scanned = pair.new is not None or pair.old is None or pair.old.host.pair.new is not None
    return _KINDS.get((before, after)) if is_scanned or before not in _OPEN else FindingKind.NO_LONGER_SCANNED


def _was_not_read(finding: Finding | None, other: DomainOnHost | None) -> bool:
    """Return True for a finding about the next start of a domain, if the other side lacks that definition."""
    return finding is not None and finding.next_start and other is not None and not other.has_next_start


def _exposure(old: Finding | None, new: Finding | None) -> FindingKind | None:
    if old is None or new is None or old.exposure is new.exposure:
        return None
    risen = new.exposure.rank < old.exposure.rank
    return FindingKind.EXPOSURE_RISEN if risen else FindingKind.EXPOSURE_FALLEN


_NEWS = {FindingKind.NEW, FindingKind.SEEN_AGAIN, FindingKind.WAIVER_ENDED, FindingKind.EXPOSURE_RISEN}


def is_newly_at_risk(change: FindingChange) -> bool:
    """Return True if a finding is at risk now, and was not, or less urgently."""
    return change.kind in _NEWS and standing(change.new) is Standing.AT_RISK


def is_newly_unknown(change: FindingChange) -> bool:
    """Return True if a finding is unknown now, and was decided before."""
    kinds = {*_NEWS, FindingKind.UNDECIDED}
    return change.kind in kinds and standing(change.new) is Standing.UNKNOWN
