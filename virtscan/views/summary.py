"""The counts of a report, the same in every format."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from virtscan.model import Exposure, Finding, HostStatus, NotJudged, Reach, Report, Verdict


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what was read and judged; every mapping has every key, in the order of its set.

    `verdicts` counts every finding, so they add up to `judged`; `waived` says how many of each were waived.
    `at_risk` counts the findings at risk that are not waived, `at_risk_after_reboot` those that the next reboot of a
    server adds. `reaches_server` counts all findings by whether they reach a server at all. Domains and interfaces are
    those that were read: on hypervisors that are not complete there may be more.
    """

    hypervisors: Mapping[HostStatus, int]
    domains: int
    interfaces: int
    judged: int
    not_judged: Mapping[NotJudged, int]
    verdicts: Mapping[Verdict, int]
    waived: Mapping[Verdict, int]
    at_risk: Mapping[Exposure, int]
    at_risk_after_reboot: int
    reaches_server: Mapping[Reach, int]


_NOT_JUDGED = {
    NotJudged.NOT_MACVTAP: "not macvtap",
    NotJudged.NOT_ON_A_BOND: "not on a bond",
    NotJudged.SERVER_ITSELF: "the server's own interface",
}
_EXPOSURES = {
    Exposure.PENDING: "about to netboot",
    Exposure.BOOTS: "with network in the boot order",
    Exposure.LATENT: "only if netbooted by hand",
}
_JUDGE_THEM = "judge them with --lower-device any"


def summarise(report: Report) -> Summary:
    """Count a report."""
    hypervisors = report.inventory.hypervisors
    domains = [domain for hypervisor in hypervisors for domain in hypervisor.domains]
    statuses = Counter(hypervisor.status for hypervisor in hypervisors)
    verdicts = Counter(finding.verdict for finding in report.findings)
    waived = Counter(finding.verdict for finding in report.findings if finding.waived is not None)
    at_risk = Counter(finding.exposure for finding in report.findings if is_at_risk(finding))
    reaches = Counter(finding.reaches_server for finding in report.findings)
    return Summary(
        hypervisors={status: statuses[status] for status in HostStatus},
        domains=len(domains),
        interfaces=sum(len(domain.interfaces) for domain in domains),
        judged=len(report.findings),
        not_judged={reason: report.not_judged.get(reason, 0) for reason in NotJudged},
        verdicts={verdict: verdicts[verdict] for verdict in Verdict},
        waived={verdict: waived[verdict] for verdict in Verdict},
        at_risk={exposure: at_risk[exposure] for exposure in Exposure},
        at_risk_after_reboot=report.at_risk_after_reboot,
        reaches_server={reach: reaches[reach] for reach in Reach},
    )


def is_at_risk(finding: Finding | None) -> bool:
    """Return True if the finding counts as at risk; a waived one does not."""
    return finding is not None and finding.verdict is Verdict.AT_RISK and finding.waived is None


def is_accepted(finding: Finding | None) -> bool:
    """Return True if the finding counts as at risk but for a waiver."""
    return finding is not None and finding.verdict is Verdict.AT_RISK and finding.waived is not None


def document(counts: Summary) -> Mapping[str, object]:
    """The `summary` of a JSON document."""
    return {
        "hypervisors": {status.value: count for status, count in counts.hypervisors.items()},
        "domains": counts.domains,
        "interfaces": counts.interfaces,
        "judged": counts.judged,
        "verdicts": {verdict.value: count for verdict, count in counts.verdicts.items()},
        "waived": {verdict.value: count for verdict, count in counts.waived.items()},
        "at_risk_after_reboot": counts.at_risk_after_reboot,
        "reaches_server": {reach.value: count for reach, count in counts.reaches_server.items()},
        "not_judged": {reason.value: count for reason, count in counts.not_judged.items()},
    }


def coverage(counts: Summary) -> tuple[str, ...]:
    """Say in lines how much was read."""
    statuses = ", ".join(f"{count} {status.value}" for status, count in counts.hypervisors.items())
    return (
        f"hypervisors: {statuses}",
        f"domains: {counts.domains}, interfaces: {counts.interfaces}, judged: {counts.judged}",
    )


def outcome(counts: Summary) -> tuple[str, ...]:
    """Say in lines what the result is."""
    not_judged = ", ".join(f"{count} {_NOT_JUDGED[reason]}" for reason, count in counts.not_judged.items() if count)
    skipped = counts.not_judged.get(NotJudged.NOT_ON_A_BOND, 0)
    at_risk = sum(counts.at_risk.values())
    exposures = ", ".join(f"{count} {_EXPOSURES[exposure]}" for exposure, count in counts.at_risk.items())
    verdicts = ", ".join(
        f"{count} {verdict.value}" + (f" ({counts.waived[verdict]} waived)" if counts.waived[verdict] else "")
        for verdict, count in counts.verdicts.items()
    )
    return (
        f"verdicts: {verdicts}",
        *([f"at risk: {at_risk} ({exposures})"] if at_risk else []),
        f"not judged: {not_judged or 'none'}",
        *([f"macvtap interfaces skipped because they are not on a bond: {skipped}; {_JUDGE_THEM}"] if skipped else []),
    )
