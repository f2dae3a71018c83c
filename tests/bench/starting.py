"""Time of `virtscan --version`, `--help` and `report` of a small file, against an interpreter that does nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measuring import Row, in_turns

_SMALL = Path(__file__).parents[2] / "fixtures" / "rules" / "R2.json"
_LIMITS = {"--version": 3, "--help": 3, "report": 3.5}
_LIBRARIES = "import click, msgspec"
"""The libraries that every report needs, without virtscan."""


def rows() -> list[Row]:
    program = shutil.which("virtscan", path=str(Path(sys.executable).parent))
    assert program, "install the package first: make bench does"
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "libraries": [sys.executable, "-c", _LIBRARIES],
        "--version": [program, "--version"],
        "--help": [program, "--help"],
        "report": [program, "report", str(_SMALL)],
    }
    with TemporaryDirectory() as compiled:
        # Installed modules are compiled; the round that warms up compiles these.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        took = in_turns({name: partial(_run, command, environment) for name, command in commands.items()}, rounds=15)
    libraries = took["libraries"]
    return [
        Row(
            benchmark=f"`{_LIBRARIES}`: `python -c pass`",
            measured=libraries / took["pass"],
            detail=f"{libraries * 1000:.0f} ms; {took['pass'] * 1000:.0f} ms",
        ),
        *(_against_nothing(command, took[command], took["pass"], limit) for command, limit in _LIMITS.items()),
    ]


def _against_nothing(command: str, took: float, nothing: float, limit: float) -> Row:
    return Row(
        benchmark=f"virtscan {command}: `python -c pass`",
        measured=took / nothing,
        limit=limit,
        detail=f"{took * 1000:.0f} ms; {nothing * 1000:.0f} ms",
    )


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in {0, 1}, command
