"""Progress on standard error: a bar on a terminal, or a line for each host with `--verbose`."""

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

import click

from virtscan.cli.output.console import Console, Verbosity
from virtscan.reporters.terminal.width import shorten
from virtscan.reporters.text import LINE, printable
from virtscan.scanning.progress import Ended, Waiting, ignore
from virtscan.views.wording.phrases.quantity import quantity

ReportProgress: TypeAlias = Callable[[Ended | Waiting], None]

_BAR = 20
_BESIDE_THE_NAME = 70
_SHORTEST_NAME = 8


@contextlib.contextmanager
def shown(console: Console, length: int) -> Iterator[ReportProgress]:
    """Yield the function that a scan reports its progress to.

    Args:
        console: With `--verbose` it gets a line for each host; else a terminal has a bar, except with `--quiet`.
        length: Number of hosts, servers and provisioning systems to read.
    """
    if console.verbosity is Verbosity.VERBOSE and console.names:
        yield lambda event: console.detail(printable(ended_line(event), LINE)) if isinstance(event, Ended) else None
    elif console.verbosity is Verbosity.NORMAL and sys.stderr.isatty():
        with _bar(length, names=console.names) as report:
            yield report
    else:
        yield ignore


def ended_line(event: Ended) -> str:
    """Describe a finished job.

    >>> ended_line(Ended(name="ams1-kvm01", seconds=0.041, is_read=True, domains=10))
    'ams1-kvm01: 10 domains in 0.04 s'
    """
    seconds = f"{event.seconds:.2f} s"
    if not event.is_read:
        result = f"not read ({seconds})"
    elif event.domains is not None:
        result = f"{quantity(event.domains, 'domain')} in {seconds}"
    elif event.offload is not None:
        result = f"TX checksum offload is {event.offload.value} ({seconds})"
    else:
        result = f"read in {seconds}"
    return f"{event.name}: {result}"


def waiting_line(event: Waiting, room: int) -> str:
    """Describe an unfinished job, with its name shortened to `room` columns.

    >>> waiting_line(Waiting(name="slow-kvm99", seconds=8.3, limit=10, others=0), 40)
    'waiting for slow-kvm99, 8 of 10 s'
    """
    more = f" and {event.others} more" if event.others else ""
    name = shorten(printable(event.name, LINE), room)
    return f"waiting for {name}{more}, {event.seconds:.0f} of {event.limit:g} s"


@contextlib.contextmanager
def _bar(length: int, *, names: bool) -> Iterator[ReportProgress]:
    room = max(shutil.get_terminal_size().columns - _BESIDE_THE_NAME, _SHORTEST_NAME)
    with click.progressbar(
        length=length,
        label="Reading",
        file=sys.stderr,
        width=_BAR,
        show_eta=False,
        item_show_func=lambda item: item,
    ) as bar:

        def report(event: Ended | Waiting) -> None:
            if isinstance(event, Ended):
                bar.update(1)
            elif names:
                bar.current_item = waiting_line(event, room)
                bar.render_progress()

        yield report
