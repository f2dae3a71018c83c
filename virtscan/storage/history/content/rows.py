"""Rows of a scan: the values with a column of their own."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from virtscan.model import HostStatus, Inventory, Verdict
from virtscan.model.history import CapacityCount, FindingCount
from virtscan.storage.history.content.pieces import HostPieces
from virtscan.storage.inventory_file import VERSION

_LONGEST_KEY = 250
_LARGEST = 2**63 - 1


def sql_text(text: str) -> str:
    """Return a text without NUL characters, which PostgreSQL does not accept."""
    return text.replace("\0", "\ufffd")


def maybe_text(text: str | None) -> str | None:
    """Return the same for a text that may be absent."""
    return None if text is None else sql_text(text)


def sql_number(number: int | None) -> int | None:
    """Return a number, None if it does not fit into a column: no fleet has that much, so the real one is unknown."""
    return None if number is None or abs(number) > _LARGEST else number


def sql_key(text: str) -> str:
    """Return a text that fits into an index: with 250 characters or more, its hash."""
    text = sql_text(text)
    return text if len(text) < _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


NOT_JUDGED = -1
"""Number of findings of a scan that was not judged; the columns have no NULL."""


def scan_row(inventory: Inventory, counts: Sequence[FindingCount] | None, scope_id: int, rest: bytes) -> dict[str, Any]:
    """Make the row of a scan with these findings; None if it was not judged."""
    hosts = inventory.hypervisors
    status_counts = {status: sum(host.status is status for host in hosts) for status in HostStatus}
    domains = [domain for host in hosts for domain in host.present_domains]
    return {
        "scope_id": scope_id,
        "taken_at": inventory.taken_at,
        "version": sql_text(inventory.version),
        "status": _status(inventory).value,
        "hypervisors": len(hosts),
        **{status.value: number for status, number in status_counts.items()},
        "domains": len(domains),
        "interfaces": sum(len(domain.interfaces) for domain in domains),
        "gaps": len(inventory.gaps),
        "at_risk": _findings(counts, Verdict.AT_RISK),
        "unknown": _findings(counts, Verdict.UNKNOWN),
        "format": VERSION,
        "rest": rest,
    }


def _findings(counts: Sequence[FindingCount] | None, verdict: Verdict) -> int:
    """Count the findings that are not waived."""
    if counts is None:
        return NOT_JUDGED
    return sum(count.findings for count in counts if count.verdict is verdict and not count.waived)


def _status(inventory: Inventory) -> HostStatus:
    """Return the status of a scan; without any hypervisor it failed, as for the exit code."""
    statuses = {host.status for host in inventory.hypervisors} or {HostStatus.FAILED}
    return statuses.pop() if len(statuses) == 1 else HostStatus.PARTIAL


def host_row(pieces: HostPieces, host_id: int) -> dict[str, Any]:
    """Make the row of a version of a host."""
    host = pieces.hypervisor
    return {
        "host_id": host_id,
        "digest": pieces.own.digest,
        "name": sql_text(host.name),
        "site": maybe_text(host.site),
        "uri": sql_text(host.uri),
        "kernel": maybe_text(host.kernel_release),
        "cpus": sql_number(host.cpus),
        "memory_mib": sql_number(host.memory_mib),
        "data": pieces.own.data.decode(),
    }


def domain_row(pieces: HostPieces, host_id: int, place: int) -> dict[str, Any]:
    """Make the row of a version of the domain at this place of its host."""
    domain = pieces.hypervisor.domains[place]
    return {
        "host_id": host_id,
        "digest": pieces.digests[place],
        "name": sql_text(domain.name),
        "uuid": None if domain.uuid is None else sql_key(domain.uuid),
        "state": domain.state.value,
        "next_start": int(domain.next_start),
        "vcpus": sql_number(domain.vcpus),
        "memory_mib": sql_number(domain.memory_mib),
        "interfaces": len(domain.interfaces),
        "data": pieces.domains[place].decode(),
    }


def finding_rows(counts: Iterable[FindingCount], scan_id: int) -> Iterator[dict[str, Any]]:
    """Make the rows of the counts of findings."""
    for count in counts:
        words = {"verdict": count.verdict.value, "exposure": count.exposure.value, "waived": int(count.waived)}
        names = {"site": maybe_text(count.site), "server": maybe_text(count.server)}
        yield msgspec.structs.asdict(count) | words | names | {"scan_id": scan_id}


def capacity_rows(counts: Iterable[CapacityCount], scan_id: int) -> Iterator[dict[str, Any]]:
    """Make the rows of the counts of capacity."""
    for count in counts:
        amounts = {name: sql_number(amount) for name, amount in msgspec.structs.asdict(count).items() if name != "site"}
        yield amounts | {"scan_id": scan_id, "site": maybe_text(count.site)}
