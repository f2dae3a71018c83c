"""A copy of a scan that could not be written to its own place."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from virtscan.cli.history.state_folder import state_directory
from virtscan.cli.output.console import print_message
from virtscan.cli.output.outputs import PRIVATE, ReaderGoneError, opened
from virtscan.model import Inventory


@contextlib.contextmanager
def rescued_unless_reported(inventory: Inventory, is_kept: Callable[[], bool]) -> Iterator[None]:
    """Write an inventory elsewhere, with a message, if its report or its file can't be written and nothing keeps it.

    A reader who closes the pipe has seen enough.
    """
    is_reported = False
    try:
        yield
        is_reported = True
    except ReaderGoneError:
        is_reported = True
        raise
    finally:
        if not is_reported and not is_kept():
            print_message(rescued(inventory))


def rescued(inventory: Inventory) -> str:
    """Write an inventory to the state directory, or else to the folder for temporary files; state where it is."""
    from virtscan.storage import dumps

    # cron starts the scans of several configurations in one second
    name = f"scan-{inventory.taken_at:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}.json"
    problem = ""
    for folder in (state_directory, lambda: Path(tempfile.gettempdir())):
        try:
            path = folder() / name
            with opened(path, mode=PRIVATE) as output:
                output.write(dumps(inventory))
        except (OSError, click.ClickException) as error:
            problem = problem or str(error)
        else:
            return f"the scan is in {path} (virtscan report)"
    return f"the scan is lost: {problem}"
