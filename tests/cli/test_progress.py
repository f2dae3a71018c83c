"""Progress on standard error: a line for each host with `-v`, a bar that names what it waits for."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import VIRTSCAN
from tests.harness.patience import deadlines
from tests.harness.ports import port_of, silent_port
from tests.harness.screen import printed_on
from virtscan.cli.main import run
from virtscan.cli.output.progress import ended_line, waiting_line
from virtscan.model import State
from virtscan.scanning.progress import Ended, Waiting

HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"


@contextlib.contextmanager
def silent_host() -> Iterator[str]:
    """A URI of a host that takes connections and never answers."""
    with silent_port() as server:
        yield f"qemu+tcp://127.0.0.1:{port_of(server)}/system"


def test_verbose_prints_a_line_for_each_host_and_server(capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", "-v", "-c", HOST, "-c", "qemu+tcp://127.0.0.1:9/system", "--server", "satellite=on", "-o", os.devnull])

    lines = [line for line in capfd.readouterr().err.splitlines() if re.search(r"\d\.\d\d s\)?$", line)]
    kinds = {re.sub(r"[\d.]+ s(\)?)$", r"TIME\1", line) for line in lines}
    assert kinds == {
        "virtscan: ams1-kvm01: 9 domains in TIME",
        "virtscan: 127.0.0.1: not read (TIME)",
        "virtscan: server satellite: TX checksum offload is on (TIME)",
    }


def test_no_name_is_printed_where_names_are_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", "-v", "-c", HOST, "-o", os.devnull, "--redact", str(tmp_path / "names.json")])

    assert "ams1-kvm01" not in capfd.readouterr().err


@pytest.mark.long
def test_the_bar_of_a_terminal_names_the_host_that_it_waits_for() -> None:
    with silent_host() as uri:
        for seconds in deadlines(2):
            shown = on_a_terminal("scan", "-c", uri, "--host-timeout", f"{seconds:g}s", "-o", os.devnull)
            if "waiting" in shown:
                break

    assert re.search(rf"waiting for 127\.0\.0\.1, [1-9]\d* of {seconds:g} s", shown)
    assert "100%" in shown


def on_a_terminal(*arguments: str) -> str:
    """Return what a command prints on a terminal as standard error."""
    screen, terminal = os.openpty()
    with subprocess.Popen([*VIRTSCAN, *arguments], stdin=subprocess.DEVNULL, stderr=terminal):
        os.close(terminal)
        return printed_on(screen)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Ended(name="kvm01", seconds=0.041, is_read=True, domains=10), "kvm01: 10 domains in 0.04 s"),
        (Ended(name="kvm01", seconds=0.041, is_read=True, domains=1), "kvm01: 1 domain in 0.04 s"),
        (Ended(name="kvm01", seconds=30, is_read=False), "kvm01: not read (30.00 s)"),
        (
            Ended(name="server a", seconds=1, is_read=True, offload=State.OFF),
            "server a: TX checksum offload is off (1.00 s)",
        ),
        (Ended(name="cobbler c", seconds=1, is_read=True), "cobbler c: read in 1.00 s"),
    ],
)
def test_ended_item_is_one_line(event: Ended, line: str) -> None:
    assert ended_line(event) == line


def test_waiting_line_fits_its_width_and_counts_the_others() -> None:
    waiting = Waiting(name="slow-kvm99.prod.example.com\x1b", seconds=8.4, limit=10, others=3)

    assert waiting_line(waiting, 15) == "waiting for slow-kv…com\\x1b and 3 more, 8 of 10 s"
