"""What a format is: a module with a `render`, loaded when it is used."""

from importlib import import_module
from typing import Protocol

import msgspec

from virtscan.views import Presentation


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """Where people will read it at once: how many columns fit, and whether colour is wanted."""

    width: int
    colour: bool = False


class Render(Protocol):
    """Turns a presentation into text that ends with a newline; never prints or writes."""

    def __call__(self, presentation: Presentation, terminal: Terminal | None = None) -> str:
        """`terminal` is None for a file or a pipe: then there is one line for each row, and no colour."""


class Reporter(msgspec.Struct, frozen=True):
    """A format by the name of its module; `has_gaps` is False if it has no place for what could not be looked at."""

    module: str
    has_gaps: bool = True

    def render(self, presentation: Presentation, terminal: Terminal | None = None) -> str:
        """See `Render`."""
        render: Render = import_module(f"virtscan.reporters.{self.module}").render
        return render(presentation, terminal)
