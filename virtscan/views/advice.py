"""A finding in one phrase, and what to change on the servers."""

from collections import Counter

from virtscan.correlator.aging import aged
from virtscan.correlator.servers.cure import Cure, cure_of, server_of, stack_of
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.supposed import after_reboot as rebooted
from virtscan.model import Finding, Reach, Report, Server, Verdict
from virtscan.model.reasons import NeedsKernel
from virtscan.views.document import Row
from virtscan.views.summary import is_at_risk
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS


def reason(finding: Finding, wording: Wording) -> str:
    """Say why: the waiver, the fact that an undecided finding lacks most, else the rule in a few words."""
    if finding.waived is not None:
        return f"waived: {finding.waived}"
    if finding.verdict is Verdict.UNKNOWN and finding.missing:
        # The kernel is missing wherever it is unknown; the other facts are the rule's own.
        lacks = next((one for one in finding.missing if not isinstance(one, NeedsKernel)), finding.missing[0])
        return f"unknown: {wording.sentence(lacks)}"
    return RULE_WORDS[finding.rule].phrase


def changes(report: Report) -> list[str]:
    """Say for each server that puts interfaces at risk how to end that, the most harmful one first."""
    counts = Counter((finding.server, finding.server_interface) for finding in report.findings if is_at_risk(finding))
    found = (
        (server_of(report.inventory.servers, name, interface), interface, count)
        for (name, interface), count in counts.most_common()
    )
    if not counts:
        return []
    fleet = ServerIndex(aged(report.inventory)).fleet
    return [
        _change(server, cure_of(stack_of(server, interface), fleet), count)
        for server, interface, count in found
        if server is not None
    ]


def after_reboot(report: Report) -> tuple[Row, ...]:
    """Name the servers whose offload is off until their next reboot, and what is at risk then: one row, or none."""
    names = tuple(dict.fromkeys(one.name for one in report.inventory.servers if rebooted(one) != one))
    if not names:
        return ()
    count = report.at_risk_after_reboot
    then = f", which puts {_interfaces(count) if count else 'no further interface'} at risk"
    action = "; `virtscan remedy` shows how to make it permanent" if count else ""
    subject = f"{'server' if len(names) == 1 else 'servers'} {', '.join(names)}"
    text = f"TX checksum offload is off until the next reboot{then if report.findings else ''}{action}"
    return ((subject, text),)


def unreached(report: Report) -> tuple[str, ...]:
    """Say how many interfaces can't exchange frames with any server, whatever the checksums: one line, or none."""
    count = sum(finding.reaches_server is Reach.NO for finding in report.findings)
    if not count:
        return ()
    why = "private, passthrough or vepa mode on the server's device"
    cures = "bridge mode, another device or another server cures it"
    return (f"can't reach any server, whatever the checksums: {_interfaces(count)} ({why}); {cures}",)


def further(report: Report) -> tuple[str, ...]:
    """Name the commands that say more: one line, or none when nothing is at risk and all is known."""
    if any(map(is_at_risk, report.findings)):
        more = "how to make it permanent and how to undo it"
    elif any(finding.verdict is Verdict.UNKNOWN and finding.waived is None for finding in report.findings):
        more = "which facts to learn first"
    else:
        return ()
    return (f"more: `virtscan remedy` shows {more}, `virtscan explain DOMAIN` why",)


def _change(server: Server, planned: Cure, count: int) -> str:
    subject = f"{server.name} puts {_interfaces(count)} at risk."
    if not planned.is_complete:
        return f"{subject} TX checksum offload can't be switched off there; virtscan remedy shows what helps instead"
    commands = "; ".join(f"ethtool -K {name or 'INTERFACE'} tx off" for name in planned.words)
    return f"{subject} Fix: run this on {server.name}: {commands} (until its next reboot)"


def _interfaces(count: int) -> str:
    return f"{count} interface" if count == 1 else f"{count} interfaces"
