"""A way to write a remedy."""

from collections.abc import Callable
from functools import partial

import msgspec

from virtscan.remedy.forms.script import script
from virtscan.remedy.forms.steps import SettingCommands, steps
from virtscan.remedy.plan import Change, Remedy, Steps, SwitchedDevice


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A way to write a remedy: the steps of one change, and all of it as one text.

    `use` is how to use the steps where they are not part of that text.
    """

    steps: Callable[[Change], Steps]
    write: Callable[[Remedy], str]
    use: str = "Run the commands as root on the named server, in `sh -eu`: it stops at the first that fails."


def in_shell(setting: Callable[[SwitchedDevice], SettingCommands]) -> Form:
    """Return a form of shell commands, with persistent settings of one kind."""
    steps_of = partial(steps, setting=setting)
    return Form(steps=steps_of, write=partial(script, steps_of=steps_of))
