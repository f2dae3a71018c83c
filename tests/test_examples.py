"""The examples of the documents, run as they are shown on a fleet that is scanned first."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_trace import FAILS, capture
from tests.harness.patience import LONG
from tests.readme import DOCUMENTS, PROJECT

pytestmark = pytest.mark.long

SHOWN = sorted({PROJECT / "README.md", *DOCUMENTS, *(PROJECT / "docs").glob("*.md")})
ELSEWHERE = ("example.com/", "--scope")
"""Examples for hosts and configurations that a reader has."""

RESULTS = (0, 1, 3, 4)
STATES = (0, 1, 2, 3)
"""Exit codes of `virtscan check`, as Nagios defines them."""


def blocks(language: str) -> list[str]:
    """Every block of a language, in the order of the documents."""
    texts = [path.read_text(encoding="utf-8") for path in SHOWN]
    block = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [found for text in texts for found in block.findall(text)]


COMMANDS = [
    line
    for block in blocks("sh")
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("virtscan ") and not any(word in line for word in ELSEWHERE)
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it by then: a configuration with a history, two saved scans and a capture."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(PROJECT / "fixtures/offload", folder / "etc/offload")
    shutil.copytree(PROJECT / "fixtures/fleet", folder / "etc/virtscan")
    for place in ("var/lib/virtscan", "var/lib/node_exporter", "var/www", "bin"):
        (folder / place).mkdir(parents=True)
    with (folder / "etc/virtscan/virtscan.toml").open("a") as config:
        config.write(f'\n[history]\nurl = "sqlite:///{folder}/var/lib/virtscan/history.sqlite"\n')
    mail = folder / "bin/mail"
    mail.write_text('#!/bin/sh\ntest "$1" = -s && exec cat\n')
    mail.chmod(0o755)
    capture(folder, *FAILS)
    done = shell(folder, "virtscan scan --save fleet.json -q")
    assert done.returncode in RESULTS, done.stderr
    for copy in ("tuesday.json", "ams1.json", "fra1.json", "var/lib/virtscan/fleet.json"):
        shutil.copy(folder / "fleet.json", folder / copy)
    shutil.copytree(folder / "etc/virtscan", folder, dirs_exist_ok=True)
    (folder / "monday.json").write_text((folder / "fleet.json").read_text().replace('"web01"', '"former"'))
    return folder


def shell(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line in the reader's folder, where `/var` and `/etc` are; its programs come first on PATH."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", re.sub("/(var|etc)/", rf"{folder}/\1/", line)],
        cwd=folder,
        env=environment
        | {
            "HOME": str(folder),
            "PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "VIRTSCAN_CONFIG": str(folder / "etc/virtscan/virtscan.toml"),
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=LONG,
        check=False,
    )


@pytest.mark.parametrize("line", COMMANDS)
def test_an_example_succeeds(line: str, reader: Path) -> None:
    line = line.replace("2026-11-01", f"{datetime.now(UTC):%F}").replace(" 17 ", " 1 ")

    done = shell(reader, line)

    assert done.returncode in (STATES if line.startswith("virtscan check ") else RESULTS), done.stdout + done.stderr
    assert done.stdout or re.search(r"-o |=\S+\.(prom|xlsx|html)|--save|--since", line), done.stderr


@pytest.mark.parametrize("code", blocks("python"))
def test_an_example_in_python_succeeds(code: str, reader: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(len(report.findings))"],
        cwd=reader,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )

    assert int(done.stdout or 0) > 0, done.stderr


def test_examples_of_each_kind_are_found() -> None:
    assert len(COMMANDS) > 30
    assert sum("jq " in line for line in COMMANDS) >= 3
    assert blocks("python")
