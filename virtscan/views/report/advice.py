"""A finding in one phrase, and lines about facts beyond single findings."""

import shlex

from virtscan.correlator.servers.supposed import after_reboot as rebooted
from virtscan.model import Finding, Gap, GapAbout, Reach, Report, SourceMode, Verdict
from virtscan.model.gaps.items import Servers
from virtscan.model.gaps.mismatches import OffUntilReboot
from virtscan.views.wording.missing import leading
from virtscan.views.wording.phrases.quantity import quantity
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS


def reason(finding: Finding, wording: Wording) -> str:
    """Return the reason: the main missing fact of an undecided finding, else the rule in short; then the waiver."""
    lacks = leading(finding.missing) if finding.verdict is Verdict.UNKNOWN else None
    words = RULE_WORDS[finding.rule].phrase if lacks is None else f"unknown: {wording.sentence(lacks)}"
    return words if finding.waived is None else f"{words}; waived: {finding.waived}"


def mark(finding: Finding, *, is_less_certain: bool) -> str | None:
    """Describe differences of a finding from others of its cause: confidence, waiver, next start."""
    marks = [
        *([f"{finding.confidence.value} confidence"] if is_less_certain else []),
        *([f"waived: {finding.waived}"] if finding.waived is not None else []),
        *(["at its next start"] if finding.next_start else []),
    ]
    return "; ".join(marks) or None


def after_reboot(report: Report) -> tuple[Gap, ...]:
    """Name the servers whose offload is off until their next reboot, and the risks after that: one row, or none."""
    names = tuple(dict.fromkeys(server.name for server in report.inventory.servers if rebooted(server) != server))
    if not names:
        return ()
    cause = OffUntilReboot(at_risk=report.at_risk_after_reboot if report.findings else None)
    return (Gap(item=Servers(servers=names), cause=cause, about=GapAbout.SERVER),)


def unreached(report: Report) -> tuple[str, ...]:
    """Count the interfaces that can't exchange frames with any server, regardless of checksums: one line, or none."""
    unreached_findings = [finding for finding in report.findings if finding.reaches_server is Reach.NO]
    if not unreached_findings:
        return ()
    modes = {finding.source_mode for finding in unreached_findings}
    words = " or ".join(mode.value for mode in SourceMode if mode in modes and mode is not SourceMode.UNKNOWN)
    mode = f" ({words} mode)" if words else ""
    return (f"Can't reach any server{mode}: {quantity(len(unreached_findings), 'interface')}; see `virtscan explain`",)


def further(report: Report) -> tuple[str, ...]:
    """Name the commands with details: one line, or none when nothing is at risk and all is known."""
    if any(finding.is_at_risk for finding in report.findings):
        more = "how to make the fix persistent and how to undo it"
    elif any(finding.is_unknown for finding in report.findings):
        more = "which facts to find out first"
    else:
        return ()
    file = "" if report.file is None else f" {shlex.quote(report.file)}"
    given = ", with the same options" if report.file is None else ""
    return (f"Next{given}: `virtscan remedy{file}` shows {more}; `virtscan explain DOMAIN{file}` shows why.",)
