"""The result of a report in one sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from virtscan.model import Confidence, Exposure, Finding, HostStatus, Report, Verdict
from virtscan.views.wording.phrases.quantity import quantity


def headline(report: Report) -> str:
    """State how many interfaces are at risk, how certainly and urgently, and how many are not; no full stop."""
    if not report.findings:
        return _without_findings(report)
    findings = report.findings
    at_risk = [finding for finding in findings if finding.is_at_risk]
    verdicts = Counter(finding.verdict for finding in findings if finding.waived is None)
    harmless = sum(finding.verdict in {Verdict.MITIGATED, Verdict.NOT_AFFECTED} for finding in findings)
    unknown = verdicts[Verdict.UNKNOWN]
    waived = len(findings) - harmless - len(at_risk) - unknown
    is_open = bool(report.gaps) or any(finding.verdict is Verdict.UNKNOWN for finding in findings)
    known = " known to be" if is_open else ""
    fine = "judged" if harmless == len(findings) and not is_open else "not at risk"
    rest = _counts([(unknown, "unknown"), (waived, "waived"), (harmless, fine)])
    return ". ".join(filter(None, (_at_risk(at_risk) if at_risk else f"No interface is{known} at risk", rest)))


def nothing_found(report: Report) -> str:
    """Return the reason why a list about hypervisors has no rows."""
    hosts = report.inventory.hypervisors
    if all(host.status is HostStatus.FAILED for host in hosts):
        return "No hypervisor was read." if hosts else "No hypervisor was given."
    return "No interface was found." if any(host.domains for host in hosts) else "No domain was found."


def _at_risk(findings: list[Finding]) -> str:
    domains: defaultdict[tuple[str, str], set[str]] = defaultdict(set)  # by host: a key for each is more than a name
    for finding in findings:
        domains[finding.hypervisor, finding.origin].add(finding.domain)
    confidences = Counter(finding.confidence for finding in findings)
    certain = _counts((confidences[confidence], confidence.value) for confidence in Confidence)
    subject = f"{quantity(len(findings), 'interface')} of {quantity(sum(map(len, domains.values())), 'VM')} at risk"
    return f"{subject} ({certain} confidence){_urgent(Counter(finding.exposure for finding in findings))}"


def _urgent(exposures: Counter[Exposure]) -> str:
    pending, boots = exposures[Exposure.PENDING], exposures[Exposure.BOOTS]
    parts = [
        *([f"{pending} {'is' if pending == 1 else 'are'} about to netboot"] if pending else []),
        *([f"{boots} {'has network in its' if boots == 1 else 'have network in their'} boot order"] if boots else []),
    ]
    return f"; {', '.join(parts)}" if parts else ""


def _counts(counted: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def _without_findings(report: Report) -> str:
    domains = [domain for host in report.inventory.hypervisors for domain in host.present_domains]
    interfaces = sum(len(domain.interfaces) for domain in domains)
    if not interfaces:
        return nothing_found(report).removesuffix(".")
    return f"{quantity(interfaces, 'interface')} of {quantity(len(domains), 'VM')} read, none judged"
