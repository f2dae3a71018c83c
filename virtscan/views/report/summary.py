"""The counts of a report, the same in every format."""

from collections.abc import Iterable, Iterator, Mapping

from virtscan.correlator.servers.sending import sending
from virtscan.model import Exposure, GapAbout, HostStatus, NotJudged, Reach, Report, State, Verdict
from virtscan.views.document import Metric, counts, metrics_by
from virtscan.views.wording.phrases.quantity import quantity

_NOT_JUDGED = {
    NotJudged.NOT_MACVTAP: "not macvtap",
    NotJudged.NOT_ON_A_BOND: "macvtap but not on a bond (--lower-device any judges them)",
    NotJudged.SERVER_ITSELF: "belonging to the servers",
}


def metrics(report: Report) -> tuple[Metric, ...]:
    """Count the items read and judged; every label has every value, in the order of its set.

    Definitions for the next start of running domains count among the findings only. On hypervisors that were not read
    completely there may be more domains and interfaces than counted.
    """
    findings, hypervisors = report.findings, report.inventory.hypervisors
    domains = [domain for hypervisor in hypervisors for domain in hypervisor.present_domains]
    statuses = (hypervisor.status for hypervisor in hypervisors)
    verdicts = (finding.verdict for finding in findings)
    waived = (finding.verdict for finding in findings if finding.waived is not None)
    at_risk = (finding.exposure for finding in findings if finding.is_at_risk)
    reaches = (finding.reaches_server for finding in findings)
    return (
        *metrics_by("hypervisors", HostStatus, "status", statuses, "Hypervisors by status."),
        Metric(name="domains", value=len(domains), help="Domains read."),
        Metric(name="interfaces", value=sum(len(domain.interfaces) for domain in domains), help="Interfaces read."),
        Metric(name="judged", value=len(findings), help="Findings: interfaces that were judged."),
        *metrics_by("verdicts", Verdict, "verdict", verdicts, "Findings, waived or not."),
        *metrics_by("waived", Verdict, "verdict", waived, "Findings that are waived."),
        *metrics_by("at_risk", Exposure, "exposure", at_risk, "Findings at risk that are not waived."),
        at_risk_after_reboot(report),
        Metric(
            name="judged_for_next_start",
            value=sum(finding.next_start for finding in findings),
            help="Findings about the next start of a running domain.",
        ),
        *metrics_by("reaches_server", Reach, "reach", reaches, "Findings by whether the interface reaches a server."),
        *metrics_by("not_judged", NotJudged, "reason", report.not_judged, "Interfaces without a finding by reason."),
    )


def at_risk_after_reboot(report: Report) -> Metric:
    """Count the interfaces that the next reboot of the servers puts at risk in addition."""
    return Metric(
        name="at_risk_after_reboot",
        value=report.at_risk_after_reboot,
        help="Further findings at risk after the next reboot of the servers.",
    )


def coverage(counted: Iterable[Metric]) -> tuple[str, ...]:
    """State in lines how much was read and judged, and how many risks are waived."""
    counted = tuple(counted)
    (domains, interfaces, judged, next_starts) = (
        counts(counted, name)[""] for name in ("domains", "interfaces", "judged", "judged_for_next_start")
    )
    of_them = f" ({next_starts} of them for the next start)" if next_starts else ""
    waived = counts(counted, "waived")[Verdict.AT_RISK.value]
    return (
        f"hypervisors: {listed(counts(counted, 'hypervisors'))}",
        f"domains: {domains}, interfaces: {interfaces}, judged: {judged}{of_them}",
        *([f"at risk and waived, so not counted as at risk: {waived}"] if waived else []),
    )


def scope(report: Report) -> tuple[str, ...]:
    """State in one line how much was read completely, and the items skipped; none if there is nothing."""
    line = " ".join([*_read(report), *_skipped(report)])
    return (line,) if line else ()


def _read(report: Report) -> Iterator[str]:
    """State that everything was read, or how many hypervisors and servers were."""
    hosts, servers = report.inventory.hypervisors, report.inventory.servers
    kinds = ["hypervisors"] * bool(hosts) + ["servers"] * bool(servers)
    if not report.inventory.gaps:
        if kinds:
            yield f"All {' and '.join(kinds)} were read."
        return
    # A merged scan may have a complete observation of a hypervisor from one file, and its gap from another.
    unread = {gap.hypervisor for gap in report.inventory.gaps if gap.about is GapAbout.HYPERVISOR}
    complete = sum(host.status is HostStatus.COMPLETE and host.name not in unread for host in hosts)
    known = sum(sending(server).tx is not State.UNKNOWN for server in servers)
    counted = [f"{complete} of {quantity(len(hosts), 'hypervisor')}"] * bool(hosts)
    counted += [f"{known} of {quantity(len(servers), 'server')}"] * bool(servers)
    if counted:
        yield f"Read completely: {', '.join(counted)}."


def _skipped(report: Report) -> Iterator[str]:
    left_out = report.not_judged
    skipped = [f"{left_out[reason]} {text}" for reason, text in _NOT_JUDGED.items() if left_out.get(reason)]
    if skipped:
        yield f"Skipped: {', '.join(skipped)}."


def listed(counted: Mapping[str, int | float]) -> str:
    """Write counts by label in one line, as in `2 complete, 1 partial`."""
    return ", ".join(f"{count} {label}" for label, count in counted.items())
