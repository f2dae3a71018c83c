"""A copy of a scan that could not be written to its own place."""

import os
import tempfile
from pathlib import Path

import click

from virtscan.cli.history.state_folder import state_directory
from virtscan.cli.output.outputs import PRIVATE, opened
from virtscan.model import Inventory
from virtscan.storage import dumps


def rescued(inventory: Inventory) -> str:
    """Write an inventory to the state directory, or else to the folder for temporary files; state where it is."""
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
