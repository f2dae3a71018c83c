"""`python -m tests.lab`: compare virtscan's verdicts with real boots. Exit code 1 if one does not agree.

2 is wrong usage, 77 a machine that can't play the scenarios, 130, 129 and 143 an interruption; everything that was made
is removed then as well.
"""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import msgspec

from tests.lab import guest_kernel
from tests.lab.nested import IN_GUEST, play_nested
from tests.lab.playing import play
from tests.lab.requirements import Machine, ThisMachine, lacking, playable
from tests.lab.scenario import Scenario
from tests.lab.scenarios import CORE, SCENARIOS, for_kernel
from tests.lab.table import Row, filled, markdown_table, text_table

_DISAGREE, _WRONG_USAGE, _CANNOT, _INTERRUPTED = 1, 2, 77, 130


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    scenarios: list[Scenario] = options.scenarios
    if options.list:
        sys.stdout.write("".join(f"{scenario.name}\n" for scenario in scenarios))
        return 0
    document: Path | None = options.document
    if document is not None:
        try:
            filled(document.read_text(encoding="utf-8"), "")
        except (OSError, ValueError) as error:
            return _refused(_WRONG_USAGE, [f"{document}: {error}"])
    machine = ThisMachine()
    here = [scenario for scenario in scenarios if options.kernel is None and _is_for(scenario, machine)]
    nested = [scenario for scenario in scenarios if scenario not in here]
    if lacks := lacking(here, machine, nested) + (guest_kernel.lacking() if nested else []):
        return _refused(_CANNOT, ["this machine can't play the scenarios:", *(f"  {lack}" for lack in lacks)])
    rows: list[Row] = []
    try:
        for row in _played(here, nested, machine, options):
            rows.append(row)
            sys.stderr.write(f"{len(rows)}. {', '.join(row.cells)}\n")
            if options.rows:
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.write(text_table(rows))
        return _INTERRUPTED
    if not options.rows:
        sys.stdout.write(text_table(rows))
    if document is not None:
        made = f"Made on {datetime.now(UTC):%Y-%m-%d}, on kernel {platform.release()} where no other is named."
        table = filled(document.read_text(encoding="utf-8"), markdown_table(rows, made))
        document.write_text(table, encoding="utf-8")
    return _DISAGREE if any(row.against for row in rows) else 0


def _is_for(scenario: Scenario, machine: Machine) -> bool:
    """Return True if this machine has to play it: a nested guest everything, else what leaves its own NICs alone."""
    if IN_GUEST in os.environ:
        return True
    return not scenario.needs_nic and (not scenario.needs_bond or playable(scenario, machine))


def _played(
    here: Sequence[Scenario], nested: Sequence[Scenario], machine: Machine, options: argparse.Namespace
) -> Iterator[Row]:
    bonds = machine.makes("bond")
    for scenario in here:
        yield from play(scenario, bonds=bonds, patience=options.patience)
    if nested:
        yield from play_nested(nested, options.kernel, real=options.real)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Compare verdicts with real boots.")
    parser.add_argument("--core", action="store_true", help="only the scenarios that prove most, one for each rule")
    parser.add_argument("--only", metavar="TEXT", action="append", help="only scenarios with this in their names")
    parser.add_argument(
        "--kernel", metavar="BZIMAGE", type=Path, help="play --real in a guest with this kernel, its drivers built in"
    )
    parser.add_argument(
        "--real", action="store_true", help="only scenarios that need no stand-in for an unfixed kernel, on bonds"
    )
    parser.add_argument("--list", action="store_true", help="print the scenarios' names and play none")
    parser.add_argument("--rows", action="store_true", help="print each row as JSON when it is done, and no table")
    parser.add_argument("--document", metavar="FILE", type=Path, help="put the table between the marks in this file")
    parser.add_argument("--patience", metavar="N", type=float, default=1, help="boots may take N times as long")
    options = parser.parse_args(arguments)
    if options.kernel is not None:
        try:
            options.kernel = guest_kernel.read_image(options.kernel)
            options.real = True
        except OSError as error:
            parser.error(str(error))
    among = CORE if options.core else SCENARIOS
    if options.real:
        among = for_kernel(among)
    parts: list[str] = options.only or [""]
    options.scenarios = [scenario for scenario in among if any(part in scenario.name for part in parts)]
    if not options.scenarios:
        parser.error("no scenario has that in its name; --list prints their names")
    if options.document and (options.core or options.real or options.only):
        parser.error("--document is for the whole table")
    return options


def _refused(code: int, lines: Sequence[str]) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    return code


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    # Daemons live in sbin folders, which a user's PATH may lack.
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    sys.exit(main(sys.argv[1:]))
