"""`virtscan report`: judge a saved inventory again."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from virtscan.cli.exit_codes import FailOn, of_report
from virtscan.cli.options import console, lower_device_option, quiet_and_verbose, report_options
from virtscan.cli.output import opened
from virtscan.cli.rendering import Rendering
from virtscan.errors import InventoryError
from virtscan.model import Inventory, LowerDevice
from virtscan.storage import loads


@click.command(epilog="Example: virtscan report fleet.json --view capacity --format csv")
@click.argument("file", type=click.Path(path_type=Path))
@lower_device_option
@report_options
@quiet_and_verbose
def report(
    file: Path,
    lower_device: str | None,
    fail_on: str,
    verbose: bool,
    quiet: bool,
    **how: Any,  # the options of `report_options`, typed by Rendering
) -> int:
    """Report on FILE, an inventory that a scan kept with --save (- reads standard input); no network is touched."""
    said = console(verbose=verbose, quiet=quiet)
    inventory = load(file)
    if lower_device:
        policy = msgspec.structs.replace(inventory.policy, lower_device=LowerDevice(lower_device))
        inventory = msgspec.structs.replace(inventory, policy=policy)
    rendering = Rendering(**how)
    with opened(rendering.output) as shown:
        judged = rendering.write(inventory, shown, said)
    return of_report(judged, FailOn(fail_on))


def load(file: Path) -> Inventory:
    """The inventory in a file, or on standard input for `-`.

    Raises:
        InventoryError: The file can't be read, or holds no inventory.
    """
    if str(file) == "-":
        return loads(sys.stdin.buffer.read(), origin="standard input")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InventoryError(f"{file}: can't be read: {error.strerror}") from error
    return loads(data, origin=str(file))
