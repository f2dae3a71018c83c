"""Appearance of text: options of every command that reports, read where a document is written."""

import os
import sys
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from virtscan.cli.output.outputs import STDOUT
from virtscan.reporters import RenderOptions

_KEY = f"{__name__}.options"


class Colour(Enum):
    """Use of colour; AUTO: on a terminal with colours, with NO_COLOR unset or empty (no-color.org)."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class DisplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Display options: nothing shortened, colour, rows that need no action, the total, columns, order."""

    wide: bool = False
    colour: Colour = Colour.AUTO
    show_all: bool = False
    total: bool = False
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()

    def render_options(self, path: Path | None) -> RenderOptions:
        """Return the options for a text that goes to a path; None and `-` are standard output."""
        is_terminal = path in (None, STDOUT) and sys.stdout.isatty()
        return RenderOptions(
            width=_terminal_width() if is_terminal and not self.wide else None,
            colour=self._has_colour(is_terminal=is_terminal),
            show_all=self.show_all,
            total=self.total,
            flat=bool(self.columns or self.sort),
        )

    def _has_colour(self, *, is_terminal: bool) -> bool:
        if self.colour is not Colour.AUTO:
            return self.colour is Colour.ALWAYS
        return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def current_display_options() -> DisplayOptions:
    """Return the display options of the command line in progress."""
    context = click.get_current_context(silent=True)
    options = None if context is None else context.meta.get(_KEY)
    return options if isinstance(options, DisplayOptions) else DisplayOptions()


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:  # Any: typed by the field
    """Store the value of an option."""
    match option.name:
        case "columns" | "sort":
            value = () if value is None else _names(value)
        case "colour":
            value = Colour(value)
    name = option.name or ""
    context.meta[_KEY] = msgspec.structs.replace(context.meta.get(_KEY, DisplayOptions()), **{name: value})


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    if not all(names):
        raise click.BadParameter(f"{text!r}: no column given; write COLUMN, or COLUMN,COLUMN")
    return names


_option = partial(click.option, expose_value=False, callback=_keep)

wide_option = _option(
    "--wide",
    is_flag=True,
    help="Never shorten names or break rows to fit the terminal.",
)

color_option = _option(
    "--color",
    "colour",
    type=click.Choice([member.value for member in Colour]),
    default=Colour.AUTO.value,
    help="Colour the text; auto (the default): on a terminal, unless NO_COLOR is set.",
)

all_option = _option(
    "--all",
    "show_all",
    is_flag=True,
    help="Also show findings that need no action: mitigated, not-affected. Formats other than table always show them.",
)

total_option = _option(
    "--total",
    is_flag=True,
    help="End the CSV of the capacity view with a row of totals.",
)

columns_option = _option(
    "--columns",
    metavar="COLUMN,…",
    help="Show these columns, in this order, as one table. JSON keeps all.",
)

sort_option = _option(
    "--sort",
    metavar="COLUMN,…",
    help="Sort the rows as one table; a - before a column reverses it: --sort=-at_risk,site.",
)


def _terminal_width() -> int:
    import shutil  # loads every kind of archive

    return shutil.get_terminal_size().columns
