"""What to change, so that nobody is at risk any more: worked out and written, never run; pure."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from virtscan.remedy import ansible, ifcfg, nmcli, shell, systemd
from virtscan.remedy.document import document
from virtscan.remedy.plan import Change, Remedy, Steps
from virtscan.remedy.planning import plan
from virtscan.remedy.script import script

__all__ = ["FORMS", "Form", "Remedy", "document", "plan"]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A way to write a remedy: the steps of one change, and all of it as one text."""

    steps: Callable[[Change], Steps]
    write: Callable[[Remedy], str]


def _in_shell(steps: Callable[[Change], Steps]) -> Form:
    def wanted(change: Change) -> Steps:
        return shell.without_second_setting(change, steps(change))

    return Form(steps=wanted, write=partial(script, steps_of=wanted))


FORMS: Mapping[str, Form] = {
    "shell": _in_shell(shell.steps),
    "nmcli": _in_shell(nmcli.steps),
    "ifcfg": _in_shell(ifcfg.steps),
    "systemd": _in_shell(systemd.steps),
    "ansible": Form(steps=ansible.steps, write=ansible.playbook),
}
"""By the word of the command line, the default first."""
