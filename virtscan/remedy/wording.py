"""What stands around the commands, the same in every form: who is freed, what it costs, what to find out first."""

import shlex
import textwrap
from collections.abc import Iterable, Iterator

from virtscan.model import State
from virtscan.remedy.notes import COST
from virtscan.remedy.plan import Change, Endangered, Question, Remedy, Upgrade
from virtscan.reporters import printable
from virtscan.views.presentation import timestamp

_WIDTH = 98


def comment(lines: Iterable[str]) -> list[str]:
    """Lines as comments of a shell or of YAML; whatever stands in one, it gets out of none.

    Sentences are wrapped; what is set in is a command or a row, and kept whole.
    """
    return [f"# {line}".rstrip() for line in _wrapped(printable(line) for line in lines)]


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(" ") or not line:
            yield line
        else:
            yield from textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def opening(remedy: Remedy, how: str) -> list[str]:
    """What this is about, and whether there is anything to do; `how` says what to do with the text."""
    lines = [f"virtscan {remedy.version}: what was found on {timestamp(remedy.taken_at)}. Nothing was run or changed."]
    if remedy.changes:
        places = ", ".join(_title(change) for change in remedy.changes)
        lines.append(f"To change: {places}. {how}")
        lines.append(f"Left after that: {remedy.still_at_risk} at risk, {remedy.still_unknown} unknown.")
        lines += [COST] * any(not change.fixed for change in remedy.changes)
    else:
        # Not that nobody is: hypervisors may not have answered.
        unknown = f" {remedy.still_unknown} are unknown." if remedy.still_unknown else ""
        lines.append(f"Nobody is known to be at risk: there is nothing to change.{unknown}")
    if remedy.questions:
        lines += ["", "Find out first, for as many interfaces:"]
        lines += [line for question in remedy.questions for line in _question(question)]
    return lines


def about(change: Change) -> list[str]:
    """One server: its state, whom it endangers, what ending that costs."""
    return [
        f"==== {_title(change)} ====",
        *_state(change),
        *(f"  {_endangered(one)}" for one in change.endangered),
        *change.notes,
        "The cause is in the hypervisors' kernels; with a fixed one no server need change:",
        *(f"  {_upgrade(one)}" for one in change.upgrades),
    ]


def afterwards(change: Change) -> list[str]:
    """How to see that it worked, from outside; a source that is no live one would only say the same again."""
    source = change.source if change.source.startswith("ssh://") else "ssh://root@HOST"
    option = shlex.quote(f"{change.server}:{change.sender.interface or 'INTERFACE'}={source}")
    return ["From outside, now and after its next boot:", f"  virtscan servers --server {option}"]


def _title(change: Change) -> str:
    return change.server if change.sender.interface is None else f"{change.server} {change.sender.interface}"


def _state(change: Change) -> list[str]:
    seen = "" if change.observed_at is None else f", seen {timestamp(change.observed_at)}"
    count = len(change.endangered)
    lines = [f"TX checksum offload is {change.tx_checksum.value} now ({change.source}{seen})."]
    if change.after_reboot is not None:
        lines.append(f"After its next boot: {change.after_reboot}.")
    if change.tx_checksum is State.OFF:
        return [*lines, f"With its next boot it puts {count} at risk (hypervisor, domain, MAC):"]
    return [*lines, f"It puts {count} at risk (hypervisor, domain, MAC):"]


def _endangered(one: Endangered) -> str:
    line = f"{one.hypervisor} {one.domain} {one.mac or f'interface {one.index}'} ({one.exposure.value})"
    return f"{line}; so does {', '.join(one.others)}" if one.others else line


def _upgrade(upgrade: Upgrade) -> str:
    return f"{upgrade.hypervisor}: {upgrade.kernel or 'kernel not known'}; {upgrade.why}"


def _question(question: Question) -> list[str]:
    return [f"  {question.where}, for {question.interfaces}: {'; '.join(question.missing)}", f"    {question.command}"]
