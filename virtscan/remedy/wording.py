"""The text around the commands, the same in every form: affected interfaces, cost, and missing facts."""

import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from virtscan.model import State
from virtscan.model.sources import is_declared, is_remote
from virtscan.remedy.notes import COST
from virtscan.remedy.plan import Change, InterfaceAtRisk, Question, Remedy, Upgrade
from virtscan.reporters import printable
from virtscan.views.assumptions import assumed_words
from virtscan.views.wording.phrases.ages import moment
from virtscan.views.wording.phrases.names import listed
from virtscan.views.wording.phrases.quantity import quantity

T = TypeVar("T")

NO_CHANGE = "No interface is known to be at risk"
"""Not "no interface is at risk": hypervisors may not have answered."""

CAUSE = "The cause is in the hypervisors' kernels; with a fixed kernel no server needs a change"
UNTIL_REBOOT = "Until its next reboot"
TO_VERIFY = "To verify it"
TO_UNDO = "To undo it"

_WIDTH = 98
_LISTED = 50
"""Longest list of interfaces, or of hypervisors, for a server in the text; documents have all."""


def comment(lines: Iterable[str]) -> list[str]:
    """Write lines as comments of a shell or of YAML; no text in them can end the comment.

    Sentences are wrapped; an indented line is a command or a row, and kept whole.
    """
    return [f"# {line}".rstrip() for line in _wrapped(printable(line) for line in lines)]


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(" ") or not line:
            yield line
        else:
            yield from textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def opening(remedy: Remedy, advice: str) -> list[str]:
    """Describe the text and whether a change is needed; `advice` is about using the text."""
    scanned = moment(remedy.taken_at)
    lines = [f"virtscan {remedy.version}: remedy for the fleet scanned {scanned}. virtscan changed nothing."]
    lines += [assumed_words(remedy.assumed)] * bool(remedy.assumed)
    if remedy.changes:
        titles = "; ".join(title(change) for change in remedy.changes)
        lines.append(f"To change: {titles}. {advice}")
        lines.append(f"Remaining after that: {remedy.still_at_risk} at risk, {remedy.still_unknown} unknown.")
        lines += [cost()] * remedy.has_commands
    else:
        unknown = f"; unknown: {remedy.still_unknown}" if remedy.still_unknown else ""
        unread = "" if remedy.is_complete else "; not everything was read"
        lines.append(f"{NO_CHANGE}{unknown}{unread}{'' if unknown or unread else ': no change is needed'}.")
    if remedy.questions:
        lines += ["", "Facts to find out first, with the number of interfaces that need them:"]
        lines += [line for question in remedy.questions for line in _question(question)]
    return lines


def cost() -> str:
    """Describe the cost of the changes."""
    return f"Cost: {' '.join(COST)}"


def about(change: Change) -> list[str]:
    """Describe one server: its state, the interfaces at risk, and its special conditions."""
    return [
        f"==== {title(change)} ====",
        *state(change),
        f"{change.server} puts {at_risk(change)} (hypervisor, domain, MAC):",
        *_first(change.interfaces_at_risk, _interface, "interfaces"),
        *change.notes,
        f"{CAUSE}:",
        *_first(change.upgrades, _upgrade, "hypervisors"),
    ]


def _first(items: Sequence[T], line: Callable[[T], str], noun: str) -> Iterator[str]:
    for item in items[:_LISTED]:
        yield f"  {line(item)}"
    if len(items) > _LISTED:
        yield f"  and {len(items) - _LISTED} more {noun}; --format json lists all"


def afterwards(change: Change) -> list[str]:
    """Describe how to verify the change from another machine; a source that is not live would only repeat itself."""
    source = change.source if is_remote(change.source) else "ssh://root@HOST"
    option = shlex.quote(f"{change.server}:{change.interface or 'INTERFACE'}={source}")
    return ["From another machine, now and after its next reboot:", f"  virtscan servers --server {option}"]


def lasting(means: str) -> str:
    """Name the steps that keep offload off by some means."""
    return f"Persistent, from its next reboot on ({means})"


def verification(change: Change) -> list[str]:
    """Return commands that show on the server that the change works."""
    return [f"ethtool -k {device.word} | grep tx-checksum" for device in change.devices]


def title(change: Change) -> str:
    """Name the server and the devices to switch."""
    names = [device.interface for device in change.devices if device.interface is not None]
    if change.fixed and change.interface is not None:
        names = [change.interface]
    return " ".join([change.server, ", ".join(names)]).strip()


def state(change: Change) -> list[str]:
    """Describe offload now and after a reboot."""
    observed = "" if change.observed_at is None else f", observed {moment(change.observed_at)}"
    source = "declared" if is_declared(change.source) else change.source
    lines = [f"TX checksum offload is {change.tx_checksum.value} now ({source}{observed})."]
    if change.after_reboot is not None:
        lines.append(f"After its next reboot: {change.state_after_reboot.value} ({change.after_reboot}).")
    return lines


def at_risk(change: Change) -> str:
    """Return the number of interfaces at risk, and when the risk begins."""
    later = " after its next reboot" if change.tx_checksum is State.OFF else ""
    return f"{quantity(len(change.interfaces_at_risk), 'interface')} at risk{later}"


def _interface(interface: InterfaceAtRisk) -> str:
    name = interface.mac or f"interface {interface.index}"
    line = f"{interface.hypervisor} {interface.domain} {name} ({interface.exposure.value})"
    if not interface.others:
        return line
    return f"{line}; also at risk because of {listed(interface.others, total=interface.others_total)}"


def _upgrade(upgrade: Upgrade) -> str:
    return f"{upgrade.hypervisor}: {upgrade.kernel or 'kernel unknown'}; {upgrade.reason}"


def _question(question: Question) -> list[str]:
    interfaces = quantity(question.interfaces, "interface")
    return [f"  {question.where} ({interfaces}): {'; '.join(question.missing)}", f"    {question.how}"]
