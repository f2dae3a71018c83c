"""`python -m tests.fuzz [SECONDS] [PARSER…]`: try broken inputs on each parser for so long (10), keep what fails."""

import random
import sys
from time import monotonic

from tabulate import tabulate

from tests.fuzz.mutating import mutated
from tests.fuzz.parsers import PARSERS
from tests.fuzz.trying import keep, problem

_SECONDS = 10.0
_MOST_FAILURES = 5


def main(arguments: list[str]) -> int:
    """Try, print a table, return 1 if something failed."""
    seconds = float(arguments.pop(0)) if arguments and arguments[0].isdecimal() else _SECONDS
    unknown = [name for name in arguments if name not in PARSERS]
    if unknown:
        sys.stderr.write(f"{', '.join(unknown)}: no such parser; choose from {', '.join(PARSERS)}\n")
        return 2
    rows: list[list[str]] = []
    failures: list[str] = []
    for name in arguments or PARSERS:
        tried, failed = _fuzz(name, seconds)
        rows.append([name, str(tried), str(len(failed))])
        failures += failed
    sys.stdout.write(tabulate(rows, ["parser", "inputs", "failed"], disable_numparse=True) + "\n")
    sys.stdout.write("".join(f"{line}\n" for line in failures))
    return 1 if failures else 0


def _fuzz(name: str, seconds: float) -> tuple[int, list[str]]:
    parser, generator = PARSERS[name], random.Random()
    inputs = parser.inputs() or [b""]
    tried = 0
    failures: list[str] = []
    end = monotonic() + seconds
    while monotonic() < end and len(failures) < _MOST_FAILURES:
        data = mutated(generator.choice(inputs), inputs, generator) if tried >= len(inputs) else inputs[tried]
        tried += 1
        if (wrong := problem(parser, data)) is not None:
            failures.append(f"{keep(name, data)}: {wrong}")
    return tried, failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
