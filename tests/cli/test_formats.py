"""Every format serves every command that reports; the formats are those of `REPORTERS`."""

import json
import os
import sys
from pathlib import Path

import click
import pytest

from tests.build import UNFIXED_KERNEL, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.conftest import PROJECT
from tests.reporters.reading import text_of
from tests.trace.build import ethernet, lease, pcap, read_request, said
from virtscan.cli.main import COMMANDS as ALL_COMMANDS
from virtscan.cli.main import run, virtscan
from virtscan.cli.output.formats import FormatType
from virtscan.model import Gap, GapAbout, Hypervisor
from virtscan.reporters import REPORTERS
from virtscan.storage import dumps
from virtscan.views.wording.gaps import subject

GAP = gap_in_words(subject="qemu+ssh://hv9/system", reason="no answer", about=GapAbout.HYPERVISOR)
HOST = ("-c", "test:///default")
COMMANDS = {
    "scan": ("scan", *HOST),
    "report": ("report", "FILE"),
    "diff": ("diff", "EARLIER", "FILE"),
    "explain": ("explain", "web01", "FILE"),
    "remedy": ("remedy", "FILE"),
    "trace": ("trace", "PCAP"),
    "servers": ("servers", "--server", "satellite=on"),
    "doctor": ("doctor", *HOST),
}


def test_every_command_with_formats_is_tested_here_and_has_all_of_them() -> None:
    formats: dict[str, object] = {}
    for name in ALL_COMMANDS:
        command = virtscan.get_command(click.Context(virtscan), name)
        assert command is not None
        formats.update((name, option.type) for option in command.params if "--format" in option.opts)

    assert formats.keys() == COMMANDS.keys()
    for choice in formats.values():
        assert isinstance(choice, FormatType)
        assert set(choice.formats) - {"text"} == set(REPORTERS)


def line(command: str, folder: Path) -> list[str]:
    """Return the words of a command, with files for it."""
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    fleet = folder / "fleet.json"
    fleet.write_bytes(dumps(inventory(host, servers=(server(),), gaps=(GAP,))))
    capture = folder / "boot.pcap"
    shots = [*lease(), said(1.0, read_request())]
    capture.write_bytes(pcap([(shot.time, ethernet(shot)) for shot in shots]))
    earlier = folder / "earlier.json"
    earlier.write_bytes(dumps(inventory(hypervisor("hv1"))))
    places = {"FILE": str(fleet), "PCAP": str(capture), "EARLIER": str(earlier)}
    return [places.get(word, word) for word in COMMANDS[command]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_fills_a_file_of_a_format_beside_standard_output(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"

    run([*line(command, tmp_path), "--format", f"json={file}", "--format", "markdown"])

    assert json.loads(file.read_bytes())["schema"].startswith("virtscan.")
    assert capfd.readouterr().out.startswith("## virtscan ")


@pytest.mark.parametrize("command", COMMANDS)
def test_two_formats_at_one_place_are_refused(command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*line(command, tmp_path), "--format", "json=x", "--format", "csv=x"]) == 2
    assert "--format json=x and --format csv=x are the same file" in capfd.readouterr().err


@pytest.mark.parametrize("format_name", REPORTERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_its_document_in_every_format(
    command: str, format_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report"

    code = run([*line(command, tmp_path), "--format", format_name, "-o", str(file)])

    printed = capfd.readouterr()
    assert code in {0, 1, 3, 4}, printed.err
    assert printed.out == ""
    assert file.read_bytes()
    if "FILE" in COMMANDS[command]:
        where = printed.err if not REPORTERS[format_name].has_gaps else text_of(file.read_bytes())
        assert subject(GAP) in where


def saved(folder: Path, *hosts: Hypervisor, gaps: tuple[Gap, ...] = (GAP,)) -> str:
    """A fleet with a gap, in a file."""
    return saved_in(folder, inventory(*hosts, servers=(server(),), gaps=gaps))


def test_one_scan_fills_several_files_and_standard_output_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved(tmp_path, hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL))
    files = {name: tmp_path / f"shown.{name}" for name in REPORTERS}

    code = run(["report", fleet, *(word for name, file in files.items() for word in ("--format", f"{name}={file}"))])

    assert code == 4
    assert capfd.readouterr() == ("", "")
    for name, file in files.items():
        alone = tmp_path / "alone"
        assert run(["report", fleet, "--format", name, "-o", str(alone), "-q"]) == code
        assert file.read_bytes() == alone.read_bytes()


def test_a_format_without_a_file_goes_to_standard_output_beside_those_with_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved(tmp_path, hypervisor("hv1", domain("web01", macvtap())))

    run(["report", fleet, "--format", f"csv={tmp_path / 'x'}", "--format", "json", "--view", "domains"])

    assert capfd.readouterr().out.startswith('{\n  "schema": "virtscan.domains/1"')
    assert (tmp_path / "x").read_text().startswith("hypervisor,origin,domain")


def test_gaps_are_on_standard_error_only_if_no_output_has_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved(tmp_path, hypervisor("hv1", domain("web01", macvtap())))

    run(["report", fleet, "--format", f"csv={tmp_path / 'x'}", "--format", f"json={tmp_path / 'y'}"])
    assert capfd.readouterr().err == ""
    run(["report", fleet, "--format", f"csv={tmp_path / 'x'}"])
    assert subject(GAP) in capfd.readouterr().err


def test_files_of_an_earlier_scan_stay_when_nothing_was_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report, kept, inventory_file = tmp_path / "report.txt", tmp_path / "risks.json", tmp_path / "saved.json"
    command = ["scan", "-c", "qemu+tcp://127.0.0.1:9/system", "--server", "satellite=on", "--save", str(inventory_file)]
    inventory_file.write_text("yesterday's")
    kept.write_text("yesterday's")

    assert run([*command, "--format", f"table={report}", "--format", f"json={kept}"]) == 5

    assert kept.read_text() == inventory_file.read_text() == "yesterday's"
    assert "127.0.0.1:9" in report.read_text()
    printed = capfd.readouterr().err
    assert f"virtscan: {inventory_file}, {kept}: left as it was; nothing could be read" in printed
    assert "qemu+tcp://127.0.0.1:9/system: " in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.txt", "risks.json", "saved.json"]


def test_an_inventory_is_private_and_a_report_is_readable_as_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        run(["scan", *HOST, "--save", str(tmp_path / "saved"), "--format", f"json={tmp_path / 'shown'}"])
    finally:
        os.umask(before)

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("saved", "shown")] == [0o600, 0o644]


@pytest.mark.parametrize("name", [name for name, reporter in REPORTERS.items() if reporter.needs])
def test_a_format_whose_module_is_missing_is_wrong_usage(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    needs = REPORTERS[name].needs
    assert needs is not None
    monkeypatch.setitem(sys.modules, needs, None)

    assert run(["report", str(PROJECT / "fixtures/saved/fleet.json"), "--format", f"{name}=/dev/null"]) == 2
    assert f"--format {name}: {needs} is not installed; install virtscan[reports]" in capfd.readouterr().err
