"""The status of a saved scan in the terms of Nagios and Icinga."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum

import click
import msgspec

from virtscan.cli.exit_codes import counts_as_at_risk, is_nothing_read
from virtscan.cli.process.streams import drop_output
from virtscan.model import FailOn, Report, WaiverState
from virtscan.reporters.text import LINE, printable
from virtscan.views.report.headline import headline
from virtscan.views.wording.phrases.ages import in_words
from virtscan.views.wording.phrases.quantity import quantity


class Level(IntEnum):
    """Exit codes of a monitoring plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A level, the words for it, and numbers as performance data."""

    level: Level
    words: str
    numbers: str = ""

    @property
    def line(self) -> str:
        """The one line of a plugin; a vertical bar would end its words."""
        words = printable(self.words, LINE).replace("|", "\\x7c")
        return f"VIRTSCAN {self.level.name}: {words}{' | ' if self.numbers else ''}{self.numbers}"


class StatusError(click.ClickException):
    """The status UNKNOWN, which a plugin prints on standard output; on standard error if that can't be written."""

    exit_code = Level.UNKNOWN

    def show(self, file: object = None) -> None:  # noqa: ARG002 click's signature
        """Write the line of the status."""
        line = Status(level=Level.UNKNOWN, words=self.message).line
        try:
            click.echo(line)
        except OSError:
            drop_output()
            click.echo(line, err=True)


def status_of(report: Report, fail_on: FailOn, now: datetime, max_scan_age: float) -> Status:
    """Return the status of a scan at a time.

    Args:
        report: The report.
        fail_on: The least exposure of a finding at risk that is critical.
        now: The time of the check.
        max_scan_age: Longest age of the scan in seconds, and longest time by which it may be dated in the future.
    """
    passed = now - report.inventory.taken_at
    age = max(passed, timedelta(0))
    numbers = _numbers(report, age, max_scan_age)
    if -passed.total_seconds() > max_scan_age:  # it would count as new until then
        words = f"the last scan is dated {in_words(-passed)} in the future; correct the clock, then scan again"
        return Status(level=Level.UNKNOWN, words=words, numbers=numbers)
    if age.total_seconds() > max_scan_age:
        words = f"the last scan was {in_words(age)} ago; check that virtscan scan runs"
        return Status(level=Level.UNKNOWN, words=words, numbers=numbers)
    if is_nothing_read(report):
        return Status(level=Level.UNKNOWN, words=f"{headline(report)}; see virtscan report", numbers=numbers)
    concerns = list(_concerns(report))
    if any(counts_as_at_risk(finding, fail_on) for finding in report.findings):
        level = Level.CRITICAL
    else:
        level = Level.WARNING if concerns or _is_doubtful(report) else Level.OK
    return Status(level=level, words=". ".join((headline(report), *concerns)), numbers=numbers)


def _is_doubtful(report: Report) -> bool:
    unknown = any(finding.is_unknown for finding in report.findings)
    return unknown or not report.inventory.has_domains or any(finding.is_at_risk for finding in report.findings)


def _concerns(report: Report) -> Iterator[str]:
    """Yield matters other than verdicts that need attention."""
    if report.gaps:
        yield quantity(len(report.gaps), "gap")
    if report.at_risk_after_reboot:
        yield f"{quantity(report.at_risk_after_reboot, 'further interface')} at risk after the servers' next reboot"
    day = report.inventory.taken_at.date()
    ending = sum(waiver.state_on(day) is WaiverState.ENDING for waiver in report.inventory.policy.waivers)
    if ending:
        yield f"{quantity(ending, 'waiver')} {'ends' if ending == 1 else 'end'} within 14 days"


def _numbers(report: Report, age: timedelta, max_scan_age: float) -> str:
    """Return the performance data; a scan that read nothing has no numbers of findings."""
    findings = () if is_nothing_read(report) else _of_findings(report)
    scan_age = f"scan_age={age.total_seconds():.0f}s;;{max_scan_age:.0f};0"
    return " ".join((*findings, f"gaps={len(report.gaps)};;;0", scan_age))


def _of_findings(report: Report) -> Iterator[str]:
    at_risk = [finding.exposure.value for finding in report.findings if finding.is_at_risk]
    yield f"at_risk={len(at_risk)};;;0"
    yield from (f"{exposure}={at_risk.count(exposure)};;;0" for exposure in ("pending", "boots", "latent"))
    yield f"unknown={sum(finding.is_unknown for finding in report.findings)};;;0"
