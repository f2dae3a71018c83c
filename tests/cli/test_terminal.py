"""Every view on a real terminal: tmux, at four widths."""

import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.conftest import PROJECT
from tests.harness.patience import LONG
from tests.views import screens
from virtscan.reporters import RenderOptions
from virtscan.reporters.terminal.width import width
from virtscan.storage import dumps
from virtscan.views import VIEWS

_SCRIPT = """
import sys
from virtscan.cli.main import run
for view in sys.argv[3:]:
    print(f"=== {view}", flush=True)
    run(["report", sys.argv[1], "--view", view, "--all", "--color", "never", *sys.argv[2].split()])
print("=== end", flush=True)
"""


class Terminal(Protocol):
    """A terminal of a width that shows every view."""

    def __call__(self, columns: int, *options: str) -> dict[str, list[str]]:
        """Return the lines of each view; a line that the terminal had to break is one line."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A tmux server of its own."""
    assert shutil.which("tmux"), "no tmux on PATH; packaging/system-packages.sh test installs it"
    folder = tempfile.TemporaryDirectory(prefix="virtscan-", dir="/tmp")  # a socket's path must be short
    tmux = ["tmux", "-u", "-S", f"{folder.name}/socket", "-f", str(tmp_path / "tmux.conf")]
    (tmp_path / screens.FILE).write_bytes(dumps(screens.fleet()))

    def command(*arguments: str) -> str:
        return subprocess.run(
            [*tmux, *arguments], check=True, capture_output=True, text=True, encoding="utf-8", timeout=LONG
        ).stdout

    def shown(columns: int, *options: str) -> dict[str, list[str]]:
        script = [sys.executable, "-c", _SCRIPT, screens.FILE, " ".join(options), *VIEWS]
        done = f"{columns}-{len(options)}"
        program = f"{shlex.join(script)}; {shlex.join(tmux)} wait-for -S {done}; read end"
        (tmp_path / "tmux.conf").write_text(
            f"set -g history-limit 20000\nset -g default-size {columns}x50\n"
            f"set-environment -g PYTHONPATH {PROJECT}\nset-environment -gr COLUMNS\n"
        )
        command("new-session", "-d", "-s", done, "-x", str(columns), "-y", "50", "-c", str(tmp_path), program)
        command("wait-for", done)
        end = time.monotonic() + LONG
        views: dict[str, list[str]] = {}
        while "end" not in views and time.monotonic() < end:  # what was printed may come to tmux after the signal
            views = _views(command("capture-pane", "-p", "-J", "-S", "-", "-t", done))
        return views

    yield shown
    subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    folder.cleanup()


def _views(text: str) -> dict[str, list[str]]:
    views: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("=== "):
            lines = views.setdefault(line.removeprefix("=== ").strip(), [])
        else:
            lines.append(line.rstrip())
    return views


@pytest.mark.parametrize("columns", screens.WIDTHS)
def test_every_view_fits_a_terminal_and_is_what_it_is_meant_to_be(columns: int, terminal: Terminal) -> None:
    shown = terminal(columns)

    for view in VIEWS:
        assert max(map(width, shown[view])) <= columns
        expected = screens.screen(view, RenderOptions(width=columns, show_all=True))
        assert "\n".join(shown[view]) == expected.rstrip("\n")


def test_wide_shows_every_name_whole(terminal: Terminal) -> None:
    shown = terminal(80, "--wide")

    assert "…" not in "".join(line for view in VIEWS for line in shown[view])
    assert all(screens.LONGEST in "\n".join(shown[view]) for view in ("risks", "interfaces", "domains"))
    for host in screens.fleet().hypervisors:
        assert all(host.name in "\n".join(shown[view]) for view in ("hypervisors", "capacity"))
