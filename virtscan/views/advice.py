"""A finding in one phrase, what to change on the servers, and how to look for the fix in a kernel."""

import re
import shlex
from collections import Counter

from virtscan.model import Finding, Report, Server, Verdict
from virtscan.views.servers import is_fixed
from virtscan.views.summary import is_at_risk

_PHRASES = {
    "R2": "the kernel has the fix",
    "R3": "no server is known",
    "R4": "no server serves this network",
    "R5": "the server's offload is off",
    "R6": "the server's card sends only filled checksums",
    "R7": "server on the same device, its offload is on",
    "R8": "the server sends through the same device, its offload is on",
    "R9": "not both in bridge mode: frames leave through the card",
    "R10": "the server is elsewhere",
    "R11": "the server's offload is on, its place unknown",
    "R12": "the server's place or the mode is unknown",
    "R13": "the server's offload is unknown",
}
"""The decision table in a few words: tables have no room for `because`."""

_DEBIAN = re.compile(r"-(?:amd64|686(?:-pae)?|i386|arm64|armhf|generic|lowlatency|server|virtual)$")


def reason(finding: Finding) -> str:
    """Say why: the waiver, what an undecided finding lacks first, else the rule in a few words."""
    if finding.waived is not None:
        return f"waived: {finding.waived}"
    if finding.verdict is Verdict.UNKNOWN and finding.missing:
        return f"missing: {finding.missing[0]}"
    return _PHRASES.get(finding.rule, finding.rule)


def changes(report: Report) -> list[str]:
    """Say for each server that puts interfaces at risk how to end that, the most harmful one first."""
    counts = Counter((finding.server, finding.server_interface) for finding in report.findings if is_at_risk(finding))
    servers = {(server.name, server.interface): server for server in report.inventory.servers}
    return [_change(servers[key], count) for key, count in counts.most_common() if key in servers]


def further(report: Report) -> tuple[str, ...]:
    """Where to read on: one line, or none when nobody is at risk and all is known."""
    if any(map(is_at_risk, report.findings)):
        more = "how to make it last and how to undo it"
    elif any(finding.verdict is Verdict.UNKNOWN and finding.waived is None for finding in report.findings):
        more = "what to find out first"
    else:
        return ()
    return (f"more: `virtscan remedy` says {more}, `virtscan explain DOMAIN` why",)


def look_for_the_fix(kernel: str) -> str:
    """The command that looks through the changelog of a running kernel whose name does not tell if it has the fix.

    Source:
        Debian's and Ubuntu's names end in a flavour (-amd64, -generic), their packages are linux-image-RELEASE; the
        package of any other kernel is asked for by its file, for SUSE calls it kernel-default and Red Hat kernel.
    """
    if _DEBIAN.search(kernel):
        changelog = "apt-get changelog linux-image-$(uname -r)"
    else:
        changelog = "rpm -q --changelog -f /boot/vmlinuz-$(uname -r)"
    return f"{changelog} | grep -iE 'macvlan|macvtap'"


def _change(server: Server, count: int) -> str:
    subject = f"{server.name} puts {count} at risk:"
    if is_fixed(server):
        return f"{subject} its card can't turn TX checksum offload off"
    device = "INTERFACE" if server.interface is None else shlex.quote(server.interface)
    return f"{subject} on it run `ethtool -K {device} tx off` (lasts until it boots again)"
