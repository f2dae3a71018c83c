"""The counts of a report, the same in every format."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from virtscan.model import Exposure, Finding, HostStatus, NotJudged, Reach, Report, Verdict
from virtscan.views.document import Metric, counts

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


def metrics(report: Report) -> tuple[Metric, ...]:
    """Count what was read and judged; every label has every value, in the order of its set.

    Definitions for the next start of running domains count among the findings only. On hypervisors that were not read
    completely there may be more domains and interfaces than counted.
    """
    findings, hypervisors = report.findings, report.inventory.hypervisors
    domains = [domain for hypervisor in hypervisors for domain in hypervisor.domains if not domain.next_start]
    waived = (finding.verdict for finding in findings if finding.waived is not None)
    at_risk = (finding.exposure for finding in findings if is_at_risk(finding))
    return (
        *_by("hypervisors", HostStatus, "status", (host.status for host in hypervisors), "Hypervisors by status."),
        Metric(name="domains", value=len(domains), help="Domains read."),
        Metric(name="interfaces", value=sum(len(one.interfaces) for one in domains), help="Interfaces read."),
        Metric(name="judged", value=len(findings), help="Findings: interfaces that were judged."),
        *_by("verdicts", Verdict, "verdict", (one.verdict for one in findings), "Findings, waived or not."),
        *_by("waived", Verdict, "verdict", waived, "Findings that are waived."),
        *_by("at_risk", Exposure, "exposure", at_risk, "Findings at risk that are not waived."),
        at_risk_after_reboot(report),
        Metric(
            name="judged_for_next_start",
            value=sum(finding.next_start for finding in findings),
            help="Findings about the next start of a running domain.",
        ),
        *_by("reaches_server", Reach, "reach", (one.reaches_server for one in findings), "Findings by reach."),
        *_by("not_judged", NotJudged, "reason", report.not_judged, "Interfaces without a finding by reason."),
    )


def at_risk_after_reboot(report: Report) -> Metric:
    """Count what the next reboot of the servers puts at risk in addition."""
    return Metric(
        name="at_risk_after_reboot",
        value=report.at_risk_after_reboot,
        help="Further findings at risk after the next reboot of the servers.",
    )


def _by(
    name: str, members: type[Enum], label: str, values: Iterable[Enum] | Mapping[Enum, int], text: str
) -> Iterator[Metric]:
    counted = Counter(values)
    for member in members:
        yield Metric(name=name, value=counted[member], help=text, labels={label: str(member.value)})


def is_at_risk(finding: Finding | None) -> bool:
    """Return True if the finding counts as at risk; a waived one does not."""
    return finding is not None and finding.verdict is Verdict.AT_RISK and finding.waived is None


def is_accepted(finding: Finding | None) -> bool:
    """Return True if the finding counts as at risk but for a waiver."""
    return finding is not None and finding.verdict is Verdict.AT_RISK and finding.waived is not None


def coverage(counted: Iterable[Metric]) -> tuple[str, ...]:
    """Say in lines how much was read."""
    counted = tuple(counted)
    (domains, interfaces, judged, next_starts) = (
        counts(counted, name)[""] for name in ("domains", "interfaces", "judged", "judged_for_next_start")
    )
    of_them = f" ({next_starts} of them for the next start)" if next_starts else ""
    return (
        f"hypervisors: {listed(counts(counted, 'hypervisors'))}",
        f"domains: {domains}, interfaces: {interfaces}, judged: {judged}{of_them}",
    )


def outcome(counted: Iterable[Metric]) -> tuple[str, ...]:
    """Say in lines what the result is."""
    counted = tuple(counted)
    left_out, at_risk, waived = (counts(counted, name) for name in ("not_judged", "at_risk", "waived"))
    total = sum(at_risk.values())
    not_judged = ", ".join(f"{left_out[key.value]} {text}" for key, text in _NOT_JUDGED.items() if left_out[key.value])
    skipped = left_out[NotJudged.NOT_ON_A_BOND.value]
    exposures = ", ".join(f"{at_risk[exposure.value]} {text}" for exposure, text in _EXPOSURES.items())
    verdicts = ", ".join(
        f"{count} {verdict}" + (f" ({waived[verdict]} waived)" if waived[verdict] else "")
        for verdict, count in counts(counted, "verdicts").items()
    )
    return (
        f"verdicts: {verdicts}",
        *([f"at risk: {total} ({exposures})"] if total else []),
        f"not judged: {not_judged or 'none'}",
        *([f"macvtap interfaces skipped because they are not on a bond: {skipped}; {_JUDGE_THEM}"] if skipped else []),
    )


def listed(counted: Mapping[str, int | float]) -> str:
    """Write counts by label in one line, as in `2 complete, 1 partial`."""
    return ", ".join(f"{count} {label}" for label, count in counted.items())
