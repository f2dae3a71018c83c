"""The text around the commands, the same in every form: affected interfaces, cost, and missing facts."""

import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from virtscan.model import State
from virtscan.model.sources import is_remote
from virtscan.remedy.notes import COST
from virtscan.remedy.plan import Change, Endangered, Question, Remedy, Upgrade
from virtscan.reporters import printable
from virtscan.views.assuming import assumed_words
from virtscan.views.document import timestamp
from virtscan.views.wording.phrases.names import listed
from virtscan.views.wording.phrases.quantity import quantity

T = TypeVar("T")

_WIDTH = 98
_LISTED = 50
"""Interfaces, and hypervisors, that are listed of a server: the text is for reading; documents have all."""


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


def opening(remedy: Remedy, how: str) -> list[str]:
    """Describe the text and whether a change is needed; `how` is the advice on using the text."""
    scanned = timestamp(remedy.taken_at)
    lines = [f"virtscan {remedy.version}: remedy for the fleet as scanned {scanned}. virtscan changed nothing."]
    lines += [assumed_words(remedy.assumed)] * bool(remedy.assumed)
    if remedy.changes:
        places = ", ".join(_title(change) for change in remedy.changes)
        lines.append(f"To change: {places}. {how}")
        lines.append(f"Remaining after that: {remedy.still_at_risk} at risk, {remedy.still_unknown} unknown.")
        lines += [COST] * any(not change.fixed for change in remedy.changes)
    else:
        # Not "no interface is at risk": hypervisors may not have answered.
        unknown = f" Unknown: {remedy.still_unknown}." if remedy.still_unknown else ""
        lines.append(f"No interface is known to be at risk: no change is needed.{unknown}")
    if remedy.questions:
        lines += ["", "Facts to find out first, with the number of interfaces that need them:"]
        lines += [line for question in remedy.questions for line in _question(question)]
    return lines


def about(change: Change) -> list[str]:
    """Describe one server: its state, the interfaces at risk, and its special conditions."""
    return [
        f"==== {_title(change)} ====",
        *_state(change),
        *_first(change.endangered, _endangered, "interfaces"),
        *change.notes,
        "The cause is in the hypervisors' kernels; with a fixed kernel no server needs a change:",
        *_first(change.upgrades, _upgrade, "hypervisors"),
    ]


def _first(items: Sequence[T], line: Callable[[T], str], what: str) -> Iterator[str]:
    for item in items[:_LISTED]:
        yield f"  {line(item)}"
    if len(items) > _LISTED:
        yield f"  and {len(items) - _LISTED} more {what}; --format json lists all"


def afterwards(change: Change) -> list[str]:
    """Describe how to verify the change from outside; a source that is not live would only repeat itself."""
    source = change.source if is_remote(change.source) else "ssh://root@HOST"
    option = shlex.quote(f"{change.server}:{change.interface or 'INTERFACE'}={source}")
    return ["From outside, now and after its next reboot:", f"  virtscan servers --server {option}"]


def _title(change: Change) -> str:
    names = [sender.interface for sender in change.senders if sender.interface is not None]
    if change.fixed and change.interface is not None:
        names = [change.interface]
    return " ".join([change.server, ", ".join(names)]).strip()


def _state(change: Change) -> list[str]:
    seen = "" if change.observed_at is None else f", seen {timestamp(change.observed_at)}"
    interfaces = quantity(len(change.endangered), "interface")
    lines = [f"TX checksum offload is {change.tx_checksum.value} now ({change.source}{seen})."]
    if change.after_reboot is not None:
        lines.append(f"After its next reboot: {change.state_after_reboot.value} ({change.after_reboot}).")
    rows = "(hypervisor, domain, MAC)"
    if change.tx_checksum is State.OFF:
        return [*lines, f"{change.server} puts {interfaces} at risk after its next reboot {rows}:"]
    return [*lines, f"{change.server} puts {interfaces} at risk {rows}:"]


def _endangered(one: Endangered) -> str:
    line = f"{one.hypervisor} {one.domain} {one.mac or f'interface {one.index}'} ({one.exposure.value})"
    if not one.others:
        return line
    return f"{line}; also at risk because of {listed(one.others)}"


def _upgrade(upgrade: Upgrade) -> str:
    return f"{upgrade.hypervisor}: {upgrade.kernel or 'kernel unknown'}; {upgrade.why}"


def _question(question: Question) -> list[str]:
    return [f"  {question.where}, for {question.interfaces}: {'; '.join(question.missing)}", f"    {question.command}"]
