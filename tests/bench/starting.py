"""Time of `virtscan --version`, against an interpreter that does nothing."""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.bench.measuring import Row, in_turns


def rows() -> list[Row]:
    program = shutil.which("virtscan", path=str(Path(sys.executable).parent))
    assert program, "install the package first: make bench does"
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "--version": [program, "--version"],
        "--help": [program, "--help"],
    }
    took = in_turns({name: partial(_run, command) for name, command in commands.items()}, rounds=15)
    return [
        Row(
            benchmark=f"virtscan {option}: `python -c pass`",
            measured=took[option] / took["pass"],
            limit=6,
            detail=f"{took[option] * 1000:.0f} ms; {took['pass'] * 1000:.0f} ms",
        )
        for option in ("--version", "--help")
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
