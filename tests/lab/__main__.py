"""`python -m tests.lab`: hold virtscan's verdicts against real boots. Exit code 1 if one does not agree.

2 is wrong usage, 77 a machine that can't play the scenarios, 130 and 143 an interruption; all that was made is gone
then as well.
"""

import argparse
import platform
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from tests.lab.playing import play
from tests.lab.requirements import ThisMachine, lacking
from tests.lab.scenario import Scenario
from tests.lab.scenarios import CORE, SCENARIOS
from tests.lab.table import Row, filled, markdown_table, text_table

_DISAGREE, _WRONG_USAGE, _CANNOT, _INTERRUPTED = 1, 2, 77, 130


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    scenarios = [one for one in (CORE if options.core else SCENARIOS) if options.only in one.name]
    if options.list:
        sys.stdout.write("".join(f"{one.name}\n" for one in scenarios))
        return 0
    document: Path | None = options.document
    if document is not None:
        try:
            filled(document.read_text(encoding="utf-8"), "")
        except (OSError, ValueError) as error:
            return _refused(_WRONG_USAGE, [f"{document}: {error}"])
    machine = ThisMachine()
    if lacks := lacking(scenarios, machine):
        return _refused(_CANNOT, ["this machine can't play the scenarios:", *(f"  {lack}" for lack in lacks)])
    rows, finished = _play(scenarios, bonds=machine.makes("bond"), patience=options.patience)
    sys.stdout.write(text_table(rows))
    if not finished:
        return _INTERRUPTED
    if document is not None:
        made = f"Made on {datetime.now(UTC):%Y-%m-%d}, on kernel {platform.release()}."
        table = filled(document.read_text(encoding="utf-8"), markdown_table(rows, made))
        document.write_text(table, encoding="utf-8")
    return _DISAGREE if any(row.against for row in rows) else 0


def _play(scenarios: Sequence[Scenario], *, bonds: bool, patience: float) -> tuple[list[Row], bool]:
    """All rows, and whether it was done to the end; what is going on is told on standard error."""
    rows: list[Row] = []
    try:
        for number, scenario in enumerate(scenarios, 1):
            for row in play(scenario, bonds=bonds, patience=patience):
                rows.append(row)
                sys.stderr.write(f"[{number}/{len(scenarios)}] {': '.join(row.cells)}\n")
    except KeyboardInterrupt:
        return rows, False
    return rows, True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Hold verdicts against real boots.")
    parser.add_argument("--core", action="store_true", help="only the three scenarios that say most")
    parser.add_argument("--only", metavar="TEXT", default="", help="only scenarios with this in their names")
    parser.add_argument("--list", action="store_true", help="print the scenarios' names and play none")
    parser.add_argument("--document", metavar="FILE", type=Path, help="put the table between the marks in this file")
    parser.add_argument(
        "--patience", metavar="N", type=float, default=1, help="multiply all time limits, on slow machines"
    )
    return parser


def _refused(code: int, lines: Sequence[str]) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    return code


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    sys.exit(main(sys.argv[1:]))
