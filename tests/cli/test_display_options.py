"""`--all`, `--wide`, `--color`, `--columns`, `--sort`: how a text is shown."""

import fcntl
import json
import os
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.harness.launching import VIRTSCAN
from tests.harness.screen import printed_on
from virtscan.cli.main import run
from virtscan.model import State
from virtscan.storage import dumps

LONG = "ams1-prod-application-server-with-a-name-of-seventy-five-characters-in-all1"
RED = "\x1b[31m"


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """An inventory with a VM at risk, whose name is long, and one that is not."""
    host = hypervisor("hv1", domain(LONG, macvtap()), domain("other", macvtap(mac="")), kernel=UNFIXED_KERNEL)
    return saved_in(tmp_path, inventory(host, servers=(server(),)))


def on_a_terminal(*arguments: str, width: int = 80, **environment: str) -> str:
    """Return what a command prints on a terminal of some columns."""
    screen, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with subprocess.Popen(
        [*VIRTSCAN, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        env=variables | {"LC_ALL": "C.UTF-8", "TERM": "xterm"} | environment,
    ):
        os.close(terminal)
        return printed_on(screen)


@pytest.mark.long
def test_names_are_shortened_on_a_terminal_only_and_not_with_wide(
    saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", saved])

    assert LONG in capfd.readouterr().out
    assert LONG not in on_a_terminal("report", saved)
    assert LONG in on_a_terminal("report", saved, "--wide")


@pytest.mark.long
def test_checks_of_the_machine_keep_within_the_terminal_except_with_wide() -> None:
    failing = "test:///nowhere/a-file-with-a-long-name-that-does-not-exist.xml"

    narrow = on_a_terminal("doctor", "-c", failing, width=60).splitlines()
    assert max(map(len, narrow)) <= 60
    assert any(line.startswith(" " * 9) and line.endswith("No such file or directory") for line in narrow)
    wide = on_a_terminal("doctor", "-c", failing, "--wide", width=60).splitlines()
    assert any(line.startswith("failed ") and line.endswith("No such file or directory") for line in wide)


@pytest.mark.long
def test_colour_is_that_of_the_terminal_by_default(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert RED in on_a_terminal("report", saved)
    assert RED not in on_a_terminal("report", saved, NO_COLOR="1")
    assert RED not in on_a_terminal("report", saved, TERM="dumb")
    assert RED not in on_a_terminal("report", saved, "--color", "never")
    run(["report", saved])
    assert RED not in capfd.readouterr().out
    run(["report", saved, "--color", "always"])
    assert RED in capfd.readouterr().out


def test_all_shows_also_what_needs_no_action(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    host = hypervisor("hv1", domain("fine01", macvtap()), kernel=UNFIXED_KERNEL)
    file = tmp_path / "fleet.json"
    file.write_bytes(dumps(inventory(host, servers=(server(tx_checksum=State.OFF),))))

    assert run(["report", str(file)]) == 0
    assert capfd.readouterr().out.startswith("No interface is at risk. 1 judged (--all).\n")
    run(["report", str(file), "--all"])
    assert "fine01" in capfd.readouterr().out


def test_columns_and_order_are_those_of_tables_and_csv(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(["report", saved, "--format", "csv", "--columns", "domain, MAC", "--sort=-domain"])
    assert capfd.readouterr().out.splitlines() == [
        "domain,mac,taken_at",
        "other,,2026-11-22T02:00:00Z",
        f"{LONG},52:54:00:93:76:af,2026-11-22T02:00:00Z",
    ]

    run(["report", saved, "--columns", "domain", "--sort", "domain"])
    assert capfd.readouterr().out.split("\n\n")[1].split() == ["domain", "-" * 75, LONG, "other"]

    run(["report", saved, "--format", "json", "--columns", "domain"])
    assert len(json.loads(capfd.readouterr().out)["findings"][0]) > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "domian"], "--columns: this view has no column 'domian'; did you mean 'domain'?"),
        (["--sort", "domian"], "--sort: this view has no column 'domian'; did you mean 'domain'?"),
        (["--columns", ""], "Invalid value for '--columns': '': no column given; write COLUMN, or COLUMN,COLUMN"),
        (["--sort", "domain,"], "Invalid value for '--sort': 'domain,': no column given"),
        (["--format", "html", "--columns", "domain"], "--format html holds all views; omit --columns"),
        (["--format", "xlsx=x", "--sort", "domain"], "--format xlsx holds all views; omit --sort"),
        (
            ["--format", "prometheus", "--sort", "domain"],
            "--format prometheus always has all metrics; omit --sort",
        ),
        (["--format", "html", "--total"], "--format html holds all views; omit --total"),
        (["--summary", "--where", "site=ams1"], "--summary is the result for the whole fleet; omit --where"),
        (["--by", "site"], "--by is for the capacity view; add --view capacity, or omit --by"),
        (["--total", "--view", "capacity"], "--total is for --format csv; other formats always have the total"),
        (["--total", "--format", "csv"], "--total: the total is that of the whole capacity view; add --view capacity"),
        (["--total", "--format", "csv", "--view", "capacity", "--where", "cpus>1"], "and omit --where"),
        (
            ["--total", "--format", "csv", "--view", "capacity", "--by", "site", "--columns", "cpus,site"],
            "--total: the word total is in the column site; begin --columns with it",
        ),
        (["--color", "sometimes"], "'sometimes' is not one of 'auto', 'always', 'never'"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: list[str], message: str, saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", saved, *arguments]) == 2
    assert message in capfd.readouterr().err


def test_the_last_line_of_a_text_has_the_exit_code(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved]) == 1
    assert capfd.readouterr().out.endswith(" by virtscan 0.1.0; exit code 1.\n")


def test_an_explanation_fits_the_terminal_too(saved: str) -> None:
    for width in (60, 140):
        lines = on_a_terminal("explain", "other", saved, width=width).splitlines()

        assert 0.7 * width < max(map(len, lines)) <= width


def test_hints_name_the_saved_inventory_but_no_path_where_names_are_hidden(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "a fleet.json"
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    saved.write_bytes(dumps(inventory(host, servers=(server(),))))

    run(["report", str(saved)])
    assert f"`virtscan explain DOMAIN '{saved}'` shows why." in capfd.readouterr().out
    run(["report", str(saved), "--redact", str(tmp_path / "map.json")])
    assert "`virtscan explain DOMAIN FILE` shows why." in capfd.readouterr().out
