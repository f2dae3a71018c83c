"""A remedy as text for a shell: what runs stands as commands, what takes it back as comments below."""

import shlex
import textwrap
from collections.abc import Callable

from virtscan.remedy.plan import Change, Remedy, Steps
from virtscan.remedy.wording import about, afterwards, comment, opening
from virtscan.reporters import printable

_READ = "Read it before you run it, as root, on the server that is named."
_NAMED = ': "${INTERFACE:?name the device that serves}"\n'
_CHOSEN = ': "${SERVER:?several servers are to be changed: say which of them this one is}"\n'


def script(remedy: Remedy, steps_of: Callable[[Change], Steps]) -> str:
    """Write the script.

    With several servers it does on each only that one's part, by the variable SERVER, and without that nothing. It
    stops at the first command that fails.
    """
    to_run = [change for change in remedy.changes if not change.fixed]
    parts = ["#!/bin/sh", *comment(opening(remedy, _READ))]
    if to_run:
        parts += ["set -eu", *([_CHOSEN.rstrip()] if len(to_run) > 1 else [])]
    for change in remedy.changes:
        parts += ["", *comment(about(change))]
        if not change.fixed:
            parts += ["", *_commands(change, steps_of(change), among=len(to_run))]
    return "\n".join(parts) + "\n"


def check(device: str) -> str:
    """Fail when the offload of a device is on, whatever ethtool -K said: its exit code 0 does not mean that it is off.

    Seen with ethtool 6.1 on a macvlan: `Actual changes: tx-checksum-ip-generic: on [requested off]`, exit code 0.
    """
    return (
        f"if ethtool -k {device} | grep -E 'tx-checksum(ming|-ipv4|-ip-generic): on'; then\n"
        f"    echo 'TX checksum offload is still on' >&2\n"
        f"    exit 1\n"
        f"fi\n"
    )


def _commands(change: Change, steps: Steps, *, among: int) -> list[str]:
    name = shlex.quote(printable(change.server))
    where = "On this server, as root" if among == 1 else f"On the server with SERVER={name}, as root"
    body = _NAMED if change.sender.interface is None else ""
    if steps.now is not None:
        body += f"# Now, until its next boot:\n{steps.now}{steps.check}"
    if steps.lasting is not None:
        body += f"# For good, from its next boot on ({steps.means}):\n{steps.lasting}"
    if among > 1:
        body = f'if [ "$SERVER" = {name} ]; then\n{_indented(body)}fi\n'
    undo = steps.undo.splitlines()
    return [
        *comment([f"{where}:"]),
        *body.splitlines(),
        *comment(["To see that it worked:", f"  ethtool -k {change.sender.word} | grep tx-checksum"]),
        *comment(afterwards(change)),
        *comment(["To undo it:", *(f"  {line}" for line in undo)]),
    ]


def _indented(text: str) -> str:
    """The text further in, but not the here-documents in it, whose end must begin its line."""
    lines, inside = [], False
    for line in text.splitlines():
        lines.append(line if inside else textwrap.indent(line, "    "))
        inside = line != "EOF" if inside else line.endswith("<<EOF")
    return "\n".join(lines) + "\n"
