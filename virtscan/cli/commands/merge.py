"""`virtscan merge`: one inventory out of several."""

from collections.abc import Sequence
from pathlib import Path

import click

from virtscan.cli.acquire import load_merged
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.help import ANSWERS, Command
from virtscan.cli.options import FILE, PATH, console_options
from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import PRIVATE, opened, refuse_same_place
from virtscan.cli.plan import load_plan
from virtscan.config import Options
from virtscan.model import Gap
from virtscan.reporters import printable
from virtscan.views.wording.gaps import subject
from virtscan.views.wording.phrases.names import listed
from virtscan.views.wording.phrases.quantity import quantity

_LONGEST = 100


@click.command(
    cls=Command,
    examples=(
        "virtscan merge ams1.json fra1.json --save fleet.json",
        "virtscan merge ams1.json fra1.json --config virtscan.toml --save fleet.json",
    ),
    exit_codes=ANSWERS,
)
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--save", type=FILE, required=True, help="Save the merged inventory to this file.")
@click.option("--config", type=FILE, help="Configuration with waivers and limits (default: those of the first FILE).")
@console_options
def merge(files: tuple[Path, ...], save: Path, config: Path | None, console: Console) -> int:
    """Merge FILES, inventories of several sites or dates, for virtscan report.

    For a hypervisor in several FILES, the newest complete observation is used. All gaps are kept.
    """
    from virtscan.storage import dumps

    refuse_same_place(("--save", save))
    policy = None if config is None else load_plan(config, Options(), console).policy
    inventory = load_merged(files, console, policy)
    with opened(save, mode=PRIVATE) as output:
        output.write(dumps(inventory))
    hypervisors, servers = (
        quantity(len(inventory.hypervisors), "hypervisor"),
        quantity(len(inventory.servers), "server"),
    )
    console.detail(f"{save}: {hypervisors}, {servers}")
    if not inventory.gaps:
        return ExitCode.CLEAN
    console.warn(
        f"{save}: not everything was read: {_subjects(inventory.gaps)}; virtscan report {save} has the reasons"
    )
    return ExitCode.INCOMPLETE


def _subjects(gaps: Sequence[Gap]) -> str:
    """Name the first things that were not read, and count the others."""
    return listed(list(dict.fromkeys(printable(subject(gap), _LONGEST) for gap in gaps)))
