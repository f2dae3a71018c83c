"""A remedy as text for a shell: steps as commands, their undo as comments below."""

import shlex
import textwrap
from collections.abc import Callable

from virtscan.remedy.forms.check import FUNCTIONS
from virtscan.remedy.plan import Change, Remedy, Steps
from virtscan.remedy.wording import (
    TO_UNDO,
    TO_VERIFY,
    UNTIL_REBOOT,
    about,
    afterwards,
    comment,
    lasting,
    opening,
    verification,
)
from virtscan.reporters import printable

_READ = "Read this script, then run it as root on the named server."
_READ_SEVERAL = "Read this script, then run it as root on each of these servers, with SERVER set to its name."
_NAMED = ': "${INTERFACE:?set it to the serving interface}"\n'
_CHOSEN = ': "${SERVER:?several servers need a change; set it to the name of this one}"'
_IS_KNOWN = "known=yes\n"
_UNKNOWN = """
if [ -z "$known" ]; then
    echo "SERVER=$SERVER: no server of this script has this name" >&2
    exit 2
fi
"""


def script(remedy: Remedy, steps_of: Callable[[Change], Steps]) -> str:
    """Write the script.

    With several servers it runs on each only that one's part, chosen by the variable SERVER, and fails without it or
    with any other name. It stops at the first command that fails.
    """
    to_run = [change for change in remedy.changes if not change.fixed]
    parts = ["#!/bin/sh", *comment(opening(remedy, _READ if len(to_run) < 2 else _READ_SEVERAL))]
    if to_run:
        parts += ["set -eu", *([_CHOSEN, "known="] if len(to_run) > 1 else []), "", *FUNCTIONS.rstrip().splitlines()]
    for change in remedy.changes:
        parts += ["", *comment(about(change))]
        if not change.fixed:
            parts += ["", *_commands(change, steps_of(change), among=len(to_run))]
    if len(to_run) > 1:
        parts += _UNKNOWN.rstrip().splitlines()
    return "\n".join(parts) + "\n"


def _commands(change: Change, steps: Steps, *, among: int) -> list[str]:
    name = shlex.quote(printable(change.server))
    instruction = f"Fix: run this on {change.server}, as root" + ("" if among == 1 else f", with SERVER={name}")
    body = "" if change.is_named else _NAMED
    if steps.now is not None:
        body += f"# {UNTIL_REBOOT}:\n{steps.now}{steps.check.removeprefix(FUNCTIONS)}"
    if steps.lasting is not None:
        body += f"# {lasting(steps.means)}:\n{steps.lasting}"
    if among > 1:
        body = f'if [ "$SERVER" = {name} ]; then\n{textwrap.indent(_IS_KNOWN + body, "    ")}fi\n'
    return [
        *comment([f"{instruction}:"]),
        *body.splitlines(),
        *comment([f"{TO_VERIFY}:", *(f"  {line}" for line in verification(change))]),
        *comment(afterwards(change)),
        *comment([f"{TO_UNDO}:", *(f"  {line}" for line in steps.undo.splitlines())]),
    ]
