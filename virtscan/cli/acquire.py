"""An inventory to work on: a saved one, or that of a fresh scan."""

import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
import msgspec

from virtscan.cli.options import PATH, collect_options
from virtscan.cli.output.console import Console
from virtscan.cli.process.signals import is_report_wanted
from virtscan.cli.process.streams import close_input
from virtscan.errors import InventoryError
from virtscan.files import open_file
from virtscan.model import Inventory, LowerDevice, Plan, Policy
from virtscan.views.wording.phrases.ages import in_words

_LARGEST_PIPED = 1 << 30
"""Bytes of an inventory from a pipe; a VM takes 1 to 2 kB."""

_PART = 1 << 20

F = TypeVar("F", bound=Callable[..., Any])


def fresh_or_saved_options(function: F) -> F:
    """Declare FILE and the options of a scan, for a command that passes them to `acquire`."""
    argument = click.argument("file", required=False, type=PATH)
    return argument(collect_options(function))


def acquire(
    file: Path | None,
    console: Console,
    *,
    lower_device: LowerDevice | None,
    max_age: float | None,
    **options: Any,  # the other options of `collect_options`, typed by `Options`
) -> Inventory:
    """Return the inventory in FILE (- is standard input); without FILE, scan with a progress bar.

    Raises:
        click.UsageError: FILE is given, and with it an option for scans only.
        InventoryError: FILE can't be read, or holds no inventory.
        ConfigError: The options or the configuration are wrong.
    """
    if file is None:
        return collected(planned(console, lower_device=lower_device, max_age=max_age, **options), console)
    if any(options.values()):
        raise click.UsageError(f"{file}: scan options don't apply to a saved inventory; omit FILE or these options")
    return judged_on(load(file), console, lower_device=lower_device, max_age=max_age)


def planned(
    console: Console,
    *,
    config: Path | None,
    **options: Any,  # typed by `Options`
) -> Plan:
    """Make the plan of a scan from the options of `collect_options`, and close standard input: nothing may prompt.

    Raises:
        ConfigError: The options or the configuration are wrong.
    """
    from virtscan.cli.plan import load_plan
    from virtscan.config import Options

    plan = load_plan(config, Options(**options), console)
    close_input()
    return plan


def collected(plan: Plan, console: Console) -> Inventory:
    """Collect with a progress bar; first print which hypervisor is read if none was named.

    This runs, and returns, in a child process. If a library crashes there, another child reads again, one
    call at a time; after a second crash, everything is unread.
    """
    from virtscan.cli.plan import default_uri_line
    from virtscan.cli.process.child_process import read_in_child
    from virtscan.scanning import unread

    if line := default_uri_line(plan, names=console.names):
        console.warn(line)

    def read(seconds: float, one_call_at_a_time: bool) -> Inventory:
        return _collected(
            msgspec.structs.replace(plan, deadline=seconds, one_call_at_a_time=one_call_at_a_time), console
        )

    return read_in_child(
        read, lambda reason: unread(plan, reason), console, seconds=plan.deadline, least=plan.host_timeout
    )


def _collected(plan: Plan, console: Console) -> Inventory:
    from virtscan.cli.output import progress
    from virtscan.scanning import collect, engine_of

    length = len(plan.targets) + len(plan.servers) + len(plan.provisioning)
    with progress.shown(console, length) as report:
        return collect(plan, engine=engine_of(plan), on_progress=report, is_interrupted=is_report_wanted)


def load_merged(files: Sequence[Path], console: Console, policy: Policy | None = None) -> Inventory:
    """Return the inventory of several files merged, judged by this policy or by that of the first.

    Raises:
        InventoryError: One can't be read, or holds no inventory, or their pseudonyms are of different maps.
    """
    from virtscan.scanning.merging import is_of_its_scans, merge

    inventories = [load(file) for file in files]
    for file, inventory in zip(files, inventories, strict=True):
        refuse_other_names(inventory, file, inventories[0], files[0])
        if inventory.merged and not is_of_its_scans(inventory):
            problem = "edited, or merged by another version; only the scans in it count"
            console.warn(f"{file}: {problem}; edit the files that it was merged from, and merge them again")
        if policy is None and inventory.policy != inventories[0].policy:
            console.warn(f"{file}: its waivers and limits are ignored; those of {files[0]} apply")
        if inventory.hypervisors and not inventory.servers and any(other.servers for other in inventories):
            console.warn(f"{file}: no server; its VMs are judged against the servers of the other files")
    return merge(inventories, policy)


def refuse_other_names(inventory: Inventory, origin: object, other: Inventory, other_origin: object) -> None:
    """Refuse real names mixed with pseudonyms, and pseudonyms of two maps: one host would be two, or two hosts one.

    Raises:
        InventoryError: The names of the inventories are of different kinds.
    """
    if inventory.redaction != other.redaction:
        problem = "the same pseudonym may be two different hosts; use files with real names, then --redact"
        raise InventoryError(f"{origin}: not redacted with the same map as {other_origin}: {problem}")


def load(file: Path) -> Inventory:
    """Return the inventory in a file, or on standard input for `-`.

    Raises:
        InventoryError: The file can't be read, or holds no inventory.
    """
    from virtscan.storage import loads

    origin = "standard input" if str(file) == "-" else str(file)
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else BufferedReader(open_file(file)) as stream:
            return loads(_content(stream, origin), origin=origin)
    except OSError as error:
        raise InventoryError(f"{origin}: can't be read: {error.strerror}") from error
    except MemoryError as error:
        problem = "too large for the memory of this machine; use one with more memory, or scan the sites separately"
        raise InventoryError(f"{origin}: {problem}") from error


def _content(stream: BinaryIO, origin: str) -> bytes:
    """Return the bytes of a file; of anything else, which may have no end, up to a limit.

    Raises:
        InventoryError: There is more.
    """
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream.read()
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_PART):
        parts.append(part)
        size += len(part)
        if not parts[0].lstrip().startswith(b"{"):
            break  # no inventory, however long
        if size > _LARGEST_PIPED:
            raise InventoryError(f"{origin}: too large for a pipe (over {_LARGEST_PIPED >> 20} MiB); name a file")
    return b"".join(parts)


def judged_on(
    inventory: Inventory, console: Console, *, lower_device: LowerDevice | None = None, max_age: float | None = None
) -> Inventory:
    """Return the inventory with another lower device and maximum age; with its own for None.

    Ages count from its scan; a scan that is itself older than the limit gets a warning.
    """
    changes = {"lower_device": lower_device, "max_age": max_age}
    chosen = {key: value for key, value in changes.items() if value is not None}
    passed = (datetime.now(UTC) - inventory.taken_at).total_seconds()
    if max_age is not None and passed > max_age:
        console.warn(f"warning: --max-age counts from the scan, which was {in_words(timedelta(seconds=passed))} ago")
    return msgspec.structs.replace(inventory, policy=msgspec.structs.replace(inventory.policy, **chosen))
