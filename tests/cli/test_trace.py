"""`virtscan trace` as users run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.trace.build import (
    CLIENT_MAC,
    Shot,
    acknowledged,
    answered,
    data,
    ethernet,
    lease,
    options,
    pcap,
    read_request,
    said,
)
from virtscan.cli.main import run
from virtscan.storage import dumps
from virtscan.trace.capture.checksums import Checksum

ASKS = [*lease(), said(1.0, read_request())]
FAILS = [*ASKS, *(answered(time, options(), kind=Checksum.PARTIAL) for time in (1.1, 2.1, 4.1))]
WORKS = [*ASKS, answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000)]
UNANSWERED = [*ASKS, said(2.0, read_request())]


def capture(folder: Path, *shots: Shot, cut: int | None = None) -> str:
    path = folder / "boot.pcap"
    path.write_bytes(pcap([(shot.time, ethernet(shot)) for shot in shots])[:cut])
    return str(path)


@pytest.mark.parametrize(
    ("shots", "cut", "code"),
    [
        (WORKS, None, 0),
        (FAILS, None, 1),
        (UNANSWERED, None, 3),
        (WORKS, -1, 3),
        (FAILS + FAILS[-1:], -1, 4),
        ([], None, 5),
    ],
    ids=["works", "fails", "unclear", "works, cut short", "fails, cut short", "no boot"],
)
def test_the_exit_code_is_that_of_a_scan(
    shots: list[Shot], cut: int | None, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", capture(tmp_path, *shots, cut=cut)]) == code
    assert capfd.readouterr().err == ""


def test_another_file_than_a_capture_is_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no capture")

    assert run(["trace", str(path), "-o", str(tmp_path / "report")]) == 2
    printed = capfd.readouterr()
    assert (printed.out, "not a packet capture" in printed.err) == ("", True)
    assert not (tmp_path / "report").exists()


def test_a_gap_goes_to_standard_error_if_the_format_has_no_place_for_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["trace", capture(tmp_path, *WORKS, cut=-1), "--format", "csv"])

    printed = capfd.readouterr()
    assert "cut short" in printed.err
    assert "cut short" not in printed.out


@pytest.mark.parametrize(("shots", "agreement"), [(FAILS, "confirmed"), (WORKS, "contradicted")])
def test_an_inventory_is_compared_with_the_capture(
    shots: list[Shot], agreement: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    host = hypervisor(
        "hv1", domain("web01", macvtap(mac=CLIENT_MAC)), domain("web02", macvtap(mac="52:54:00:00:00:02")),
        kernel=UNFIXED_KERNEL,
    )  # fmt: skip
    saved = tmp_path / "fleet.json"
    saved.write_bytes(dumps(inventory(host, servers=(server(),))))

    run(["trace", capture(tmp_path, *shots), "--inventory", str(saved), "--format", "json"])
    rows = json.loads(capfd.readouterr().out)["rows"]
    assert [(row["domain"], row["verdict"], row["agreement"]) for row in rows] == [
        ("web01", "at-risk", agreement),
        ("web02", "at-risk", "not-captured"),
    ]


def test_a_capture_may_come_from_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "virtscan", "trace", "-", "--format", "json"]

    with Path(capture(tmp_path, *FAILS)).open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["capture"]["file"]) == (1, "standard input")
    done = subprocess.run(command, input=b"text", capture_output=True, check=False)
    assert (done.returncode, done.stderr.startswith(b"virtscan: standard input: not a packet capture")) == (2, True)
    assert run(["trace", "-", "--inventory", "-"]) == 2


def test_another_file_than_an_inventory_is_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = capture(tmp_path, *WORKS)

    assert run(["trace", path, "--inventory", path]) == 2
    assert "boot.pcap" in capfd.readouterr().err


def test_nothing_but_the_report_is_printed(captures: Path) -> None:
    path = captures / "lossy-on.server.pcap"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from virtscan.__main__ import main; main()", "trace", path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "options-not-acknowledged" in done.stdout
