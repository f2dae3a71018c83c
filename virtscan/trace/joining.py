"""Comparison of verdicts with boots: the findings of a scan and the boots of a capture, by MAC."""

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum

import msgspec

from virtscan.model import Confidence, DomainState, Finding, Inventory, Mac, Report, Verdict
from virtscan.trace.boots.boot import Boot, Trace
from virtscan.trace.boots.judging import Failed, Judgement, judge


class Agreement(Enum):
    """Comparison of a boot with a finding.

    UNDECIDED: one of the two is undecided, they concern different servers, or the finding's domain is not the running
    copy. NO_FINDING: the interface was not judged, or is not in the inventory.
    """

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    NOT_CAPTURED = "not-captured"
    NO_FINDING = "no-finding"


class BootComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A boot with its judgement, a finding, or both.

    `agreement` is None without an inventory.
    """

    boot: Boot | None = None
    judgement: Judgement | None = None
    finding: Finding | None = None
    agreement: Agreement | None = None


def comparisons(trace: Trace, report: Report | None) -> tuple[BootComparison, ...]:
    """Return the boots as captured, each once for every finding of its MAC, then the findings without a boot."""
    return tuple(_comparisons(trace, report))


def _comparisons(trace: Trace, report: Report | None) -> Iterator[BootComparison]:
    judged = [(boot, judge(boot)) for boot in trace.boots]
    if report is None:
        yield from (BootComparison(boot=boot, judgement=judgement) for boot, judgement in judged)
        return
    findings: defaultdict[Mac | None, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.mac].append(finding)
    for boot, judgement in judged:
        matching = findings[boot.mac] if boot.mac is not None else []
        if not matching:
            yield BootComparison(boot=boot, judgement=judgement, agreement=Agreement.NO_FINDING)
        for finding in matching:
            applies = _is_running_copy(finding, report.inventory)
            agreement = _agreement(finding, boot, judgement, report.inventory) if applies else Agreement.UNDECIDED
            yield BootComparison(boot=boot, judgement=judgement, finding=finding, agreement=agreement)
    booted = {boot.mac for boot in trace.boots}
    for finding in report.findings:
        if finding.mac not in booted or finding.mac is None:
            yield BootComparison(finding=finding, agreement=Agreement.NOT_CAPTURED)


def _agreement(finding: Finding, boot: Boot, judgement: Judgement, inventory: Inventory) -> Agreement:
    at_risk = finding.verdict is Verdict.AT_RISK
    match judgement.failed:
        case Failed.YES if judgement.confidence is not Confidence.LOW:
            agrees = at_risk
        case Failed.NO if judgement.confidence is Confidence.HIGH:
            agrees = not at_risk
        case _:
            return Agreement.UNDECIDED
    if finding.verdict is Verdict.UNKNOWN or (at_risk and not _same_server(finding, boot, inventory)):
        return Agreement.UNDECIDED
    return Agreement.CONFIRMED if agrees else Agreement.CONTRADICTED


def _is_running_copy(finding: Finding, inventory: Inventory) -> bool:
    """Return True if the finding's domain made the boot: it is the only one with this MAC, or it is running."""
    copies = {
        (domain.origin, domain.key): domain.state
        for hypervisor in inventory.hypervisors
        for domain in hypervisor.domains
        if any(interface.mac == finding.mac for interface in domain.interfaces)
    }
    state = copies.get((finding.origin, finding.domain_key))
    return state is None or len(copies) == 1 or state is DomainState.ACTIVE


def _same_server(finding: Finding, boot: Boot, inventory: Inventory) -> bool:
    """Return True if the boot's server may be the finding's server: no known address or MAC contradicts this."""
    for server in inventory.servers:
        if (server.name, server.interface) == (finding.server, finding.server_interface):
            addresses = {address.partition("/")[0] for address in server.addresses}
            known = bool(addresses or server.macs)
            return not known or boot.server in addresses or boot.server_mac in server.macs
    return True
