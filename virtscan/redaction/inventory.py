"""Redaction of an inventory: stable pseudonyms for hosts, domains, MACs, addresses and users; pure."""

from collections import defaultdict
from collections.abc import Iterator
from glob import escape

import msgspec

from virtscan.correlator import correlate
from virtscan.correlator.findings.waivers import Waivers
from virtscan.model import WAIVER_PATTERNS, Inventory, Waiver
from virtscan.redaction.forms import WITHHELD, Forms
from virtscan.redaction.policy import TextKind
from virtscan.redaction.pseudonyms import Map, Pseudonyms
from virtscan.redaction.walking import name_machines, redacted

_NOTHING = "nothing-that-was-found"
"""Pattern of a waiver that matches nothing."""

_TEXT_KINDS = dict(zip(WAIVER_PATTERNS, (TextKind.HOST, TextKind.VM, TextKind.MAC, TextKind.HOST), strict=True))


def redact(inventory: Inventory, known: Map) -> tuple[Inventory, Map]:
    """Return the inventory with pseudonyms, and the map of them.

    Equal names get equal pseudonyms in all inventories that share a map. Addresses of one subnet stay in one subnet, so
    verdicts do not change. Free text is withheld. Names of devices, networks, segments and sites remain: without them
    findings are useless. Only some words of them have pseudonyms, as `NameRedaction.of` describes.
    """
    (result,), names = redact_together((inventory,), known)
    return result, names


def redact_together(inventories: tuple[Inventory, ...], known: Map) -> tuple[tuple[Inventory, ...], Map]:
    """Return inventories that are shown together with pseudonyms, and the map of them.

    A name that is only in a later one is replaced in the earlier ones too.
    """
    pseudonyms = Pseudonyms(known)
    for inventory in inventories:
        name_machines(inventory, pseudonyms)
    forms = Forms(pseudonyms, pseudonyms.map())
    return tuple(_redacted(inventory, forms, known) for inventory in inventories), pseudonyms.map()


def _redacted(inventory: Inventory, forms: Forms, known: Map) -> Inventory:
    result = msgspec.structs.replace(redacted(inventory, forms), redaction=known.identity)
    if inventory.policy.waivers:
        waivers = tuple(_waivers(inventory, forms))
        result = msgspec.structs.replace(result, policy=msgspec.structs.replace(result.policy, waivers=waivers))
    return result


def _waivers(inventory: Inventory, forms: Forms) -> Iterator[Waiver]:
    """Yield waivers with exact names, one per finding that a waiver matches, because globs don't match pseudonyms.

    A waiver that matches nothing, or has expired, is kept as one that matches nothing.
    """
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    matched: defaultdict[int, set[tuple[str, ...]]] = defaultdict(set)
    for finding in correlate(inventory).findings:
        for server in dict.fromkeys((finding.server, *(waived.server for waived in finding.waived_servers))):
            subject = (finding.hypervisor, finding.domain, finding.mac or "", server or "")
            for number in waivers.matching(finding.concluding(server=server)):
                patterns = (getattr(inventory.policy.waivers[number], key) for key in WAIVER_PATTERNS)
                matched[number].add(
                    tuple("*" if glob == "*" else name for glob, name in zip(patterns, subject, strict=True))
                )
    for number, waiver in enumerate(inventory.policy.waivers):
        nothing = tuple("*" if getattr(waiver, key) == "*" else _NOTHING for key in WAIVER_PATTERNS)
        for names in sorted(matched[number]) or [nothing]:
            exact = (
                name if name in {"*", _NOTHING} else escape(forms.of(name, _TEXT_KINDS[key]))
                for key, name in zip(WAIVER_PATTERNS, names, strict=True)
            )
            yield msgspec.structs.replace(waiver, reason=WITHHELD, **dict(zip(WAIVER_PATTERNS, exact, strict=True)))
