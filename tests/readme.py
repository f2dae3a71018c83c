"""The examples of the documents. `python -m tests.readme` writes them as they are now."""

import fcntl
import os
import re
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.harness.screen import printed_on

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
DOCUMENTS = (README, PROJECT / "docs" / "verdicts.md")
"""Those with examples that can be run."""

SCAN = "make scan"
MEANS = {SCAN: "virtscan scan --config fixtures/fleet/virtscan.toml"}
"""The program that a command of the README runs, once everything is set up."""

_EXAMPLE = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ |```).*\n)*)", re.MULTILINE)
_SCANNED = re.compile(r"\bScanned \d{4}-\d\d-\d\d \d\d:\d\d UTC")
"""The time of a scan, which is another one each time."""
_BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A command and the lines shown below it."""

    command: str
    output: str


def examples(text: str) -> Iterator[Example]:
    """Return the content of a README's console blocks, in its order."""
    for block in _BLOCK.finditer(text):
        for match in _EXAMPLE.finditer(block["body"]):
            yield Example(match["command"], match["output"])


def can_be_run(command: str) -> bool:
    """Only what needs nothing but this project: help texts and the small fleet."""
    return command == SCAN or (command.startswith("virtscan ") and ("--help" in command or "fixtures/" in command))


def printed(command: str) -> str:
    """Return what the command prints on a terminal of 100 columns without colour; a scan is always of one time."""
    arguments = shlex.split(MEANS.get(command, command))
    screen, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(
        [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
        env=environment | {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "xterm"},
    ):
        os.close(terminal)
        return of_one_time(printed_on(screen))


def of_one_time(text: str) -> str:
    """Replace the time of a scan, so that the same scan has the same text."""
    return _SCANNED.sub("Scanned 2026-11-26 12:31 UTC", text)


def renewed(text: str) -> str:
    """Return the text of a README with what its examples print now."""

    def example(match: re.Match[str]) -> str:
        command = match["command"]
        return f"$ {command}\n{printed(command)}" if can_be_run(command) else match[0]

    return _BLOCK.sub(lambda block: f"```console\n{_EXAMPLE.sub(example, block['body'])}```", text)


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(renewed(document.read_text(encoding="utf-8")), encoding="utf-8")
