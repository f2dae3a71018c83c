"""Stable identifiers of findings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from virtscan.model import Finding, FindingKey, Report

_DIGITS = 12
_Parts: TypeAlias = tuple[str | int | bool | None, ...]


def identifiers(report: Report) -> Mapping[FindingKey, str]:
    """Return 12 hexadecimal digits for each finding, the same in every scan and for every verdict.

    They are a hash of three parts: the hypervisor's best key; the domain's uuid, else origin and name; the interface's
    MAC, else number. A finding about the next start has another hash. Two files that describe one domain give findings
    that are alike in all of these. The first by hypervisor, origin, name and number has that hash; the others also
    include these.
    """
    hosts = {host.name: host.keys[0] for host in report.inventory.hypervisors}
    alike: defaultdict[_Parts, list[FindingKey]] = defaultdict(list)
    for finding in report.findings:
        alike[_parts(finding, hosts)].append(finding.key)
    return {
        key: _digest((*parts, *_order(key)) if number else parts)
        for parts, keys in alike.items()
        for number, key in enumerate(sorted(keys, key=_order))
    }


def _order(key: FindingKey) -> tuple[str, str, str, int]:
    return key.hypervisor, key.origin, key.domain, key.index


def _parts(finding: Finding, hosts: Mapping[str, str]) -> _Parts:
    domain = ("uuid", finding.uuid) if finding.uuid is not None else ("name", finding.origin, finding.domain)
    interface = ("index", finding.index) if finding.mac is None else ("mac", finding.mac)
    return (hosts.get(finding.hypervisor, finding.hypervisor), *domain, *interface, finding.next_start)


def _digest(parts: Iterable[str | int | bool | None]) -> str:
    import hashlib  # loads OpenSSL

    # repr escapes characters that UTF-8 can't hold, and no two different tuples have the same.
    return hashlib.sha256(repr(tuple(parts)).encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
