"""Redaction of the counts in a history; pure."""

from virtscan.model.history import ScanCounts
from virtscan.redaction.forms import Forms
from virtscan.redaction.policy import TextKind
from virtscan.redaction.pseudonyms import Map, Pseudonyms
from virtscan.redaction.walking import name_machines, redacted


def redact_counts(counts: tuple[ScanCounts, ...], known: Map) -> tuple[tuple[ScanCounts, ...], Map]:
    """Return the counts of scans with pseudonyms, and the map of them."""
    pseudonyms = Pseudonyms(known)
    for scan_counts in counts:
        name_machines(scan_counts, pseudonyms)
    forms = Forms(pseudonyms, pseudonyms.map())
    return tuple(redacted(scan_counts, forms) for scan_counts in counts), pseudonyms.map()


def known_scope(scope: str, known: Map) -> str | None:
    """Return the pseudonym of a scope; None if it has none yet."""
    pseudonyms = Pseudonyms(known)
    pseudonym = Forms(pseudonyms, known).of(scope, TextKind.SCOPE)
    return pseudonym if pseudonyms.map().names == known.names else None
