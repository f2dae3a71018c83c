"""Exit codes, for cron jobs and scripts."""

from collections.abc import Container, Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from virtscan.correlator.servers.sending import sending
from virtscan.model import Exposure, FailOn, Finding, HostStatus, Report, State, Verdict
from virtscan.model.reasons import NeedsHypervisors, NeedsOffload, NeedsPlace, Reason, WhyUnlocated

if TYPE_CHECKING:
    from virtscan.changes import Changes  # loaded where news is judged


class ExitCode(IntEnum):
    """Exit codes of a judged scan, as in the README's table; 2 (wrong usage) belongs to the errors themselves."""

    CLEAN = 0
    AT_RISK = 1
    INCOMPLETE = 3
    AT_RISK_AND_INCOMPLETE = 4
    NOTHING_SEEN = 5


_COUNTED = {
    FailOn.PENDING: {Exposure.PENDING},
    FailOn.BOOTS: {Exposure.PENDING, Exposure.BOOTS},
    FailOn.LATENT: set(Exposure),
    FailOn.NEVER: set[Exposure](),
}


def of_report(report: Report, fail_on: FailOn) -> ExitCode:
    """Return the exit code of a scan or report.

    A waived finding counts neither as at risk nor as not judged. Without any domain nothing was judged.
    """
    if is_nothing_read(report):
        return ExitCode.NOTHING_SEEN
    at_risk = any(counts_as_at_risk(finding, fail_on) for finding in report.findings)
    unknown = any(finding.is_unknown for finding in report.findings)
    return _of(bad=at_risk, incomplete=unknown or not report.inventory.has_domains or bool(report.gaps))


def is_nothing_read(report: Report) -> bool:
    """Return True if no hypervisor could be read at all."""
    return all(hypervisor.status is HostStatus.FAILED for hypervisor in report.inventory.hypervisors)


def of_changes(changes: "Changes", fail_on: FailOn) -> ExitCode:
    """Return the exit code of a comparison: a risk on both sides changes nothing.

    It is incomplete if one side did not read a hypervisor or a provisioning system, or if a finding is newly unknown.
    The same holds if an unseen domain may still exist, or if no domain at all is left.
    """
    from virtscan.changes import FindingKind, Kind, is_newly_at_risk, is_newly_unknown

    unknown = any(is_newly_unknown(change) or change.kind is FindingKind.NOT_SEEN for change in changes.findings)
    unknown = unknown or any(change.kind is Kind.NOT_SEEN for change in changes.domains)
    at_risk = any(
        is_newly_at_risk(change) and change.finding.exposure in _COUNTED[fail_on] for change in changes.findings
    )
    holes = bool(changes.unread or changes.unread_systems) or changes.lost_all_domains
    return _of(bad=at_risk, incomplete=unknown or holes)


def of_servers(report: Report) -> ExitCode:
    """Return the exit code of `virtscan servers`: 1 if a server's offload is on, over its whole sending stack."""
    servers = report.inventory.servers
    states = [sending(server).tx for server in servers]
    if all(state is State.UNKNOWN and server.reason for state, server in zip(states, servers, strict=True)):
        return ExitCode.NOTHING_SEEN
    unread = State.UNKNOWN in states or any(server.reason is not None for server in servers)
    return _of(bad=State.ON in states, incomplete=unread)


def of_trace(*, boots: int, failed: bool, incomplete: bool) -> ExitCode:
    """Return the exit code of a capture; one without a boot proves nothing."""
    return _of(bad=failed, incomplete=incomplete) if boots else ExitCode.NOTHING_SEEN


def of_explanation(report: Report, explained: Iterable[Finding], hypervisors: Container[str]) -> ExitCode:
    """Return the exit code of `virtscan explain`: 3 if a gap affects the explanation, else 0.

    Args:
        report: The report.
        explained: The findings.
        hypervisors: The hypervisors of all interfaces explained, judged or not.
    """
    unread = any(gap.hypervisor in hypervisors for gap in report.gaps if gap.hypervisor is not None)
    return ExitCode.INCOMPLETE if unread or any(map(_rests_on_a_gap, explained)) else ExitCode.CLEAN


def of_answer(report: Report) -> ExitCode:
    """Return the exit code of `virtscan remedy` and `virtscan history show`: 3 if a gap may hide more, else 0.

    Without any domain it is 3 as well.
    """
    unknown = any(finding.is_unknown for finding in report.findings)
    return ExitCode.INCOMPLETE if unknown or report.gaps or not report.inventory.has_domains else ExitCode.CLEAN


def _rests_on_a_gap(finding: Finding) -> bool:
    """Return True if something that could not be read leaves the verdict unknown, or less certain."""
    return finding.verdict is Verdict.UNKNOWN or any(map(_is_a_gap, finding.missing))


def _is_a_gap(missing: Reason) -> bool:
    match missing:
        case NeedsHypervisors() | NeedsOffload():
            return True
        case NeedsPlace(why=why):
            return why in {WhyUnlocated.HYPERVISOR_INCOMPLETE, WhyUnlocated.OUTDATED}
        case _:
            return False


def _of(*, bad: bool, incomplete: bool) -> ExitCode:
    match bad, incomplete:
        case True, True:
            return ExitCode.AT_RISK_AND_INCOMPLETE
        case True, False:
            return ExitCode.AT_RISK
        case False, True:
            return ExitCode.INCOMPLETE
        case _:
            return ExitCode.CLEAN


def counts_as_at_risk(finding: Finding, fail_on: FailOn) -> bool:
    """Return True for a finding at risk that is not waived and of at least this exposure."""
    return finding.is_at_risk and finding.exposure in _COUNTED[fail_on]
