"""`--format xlsx` at the command line."""

import io
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from virtscan.cli.main import run


@pytest.fixture
def fleet(tmp_path: Path) -> str:
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    return saved_in(tmp_path, inventory(host, servers=(server(),)))


@pytest.mark.parametrize("option", [("--view", "risks"), ("--by", "site"), ("--where", "domain=web01")])
def test_a_choice_of_rows_is_refused_because_a_workbook_holds_all(
    option: tuple[str, str], fleet: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", fleet, "--format", "xlsx", *option]) == 2
    assert f"--format xlsx holds all views; omit {option[0]}" in capfd.readouterr().err


def test_every_view_is_a_sheet(fleet: str, tmp_path: Path) -> None:
    file = tmp_path / "fleet.xlsx"

    assert run(["report", fleet, "--format", "xlsx", "-o", str(file)]) == 1

    book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()))
    assert {"Risks", "vInfo", "vNetwork", "vHost", "Capacity", "Servers", "Gaps", "Metadata"} <= {*book.sheetnames}
    assert "web01" in [cell.value for cell in book["vInfo"][2]]


def test_a_workbook_is_not_written_to_a_terminal(
    fleet: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)  # a captured stream is not a terminal

    assert run(["report", fleet, "--format", "xlsx"]) == 2
    assert "--format xlsx is not text; name a file with -o" in capfd.readouterr().err


def test_no_sheet_repeats_a_header_or_a_count(fleet: str, tmp_path: Path) -> None:
    file = tmp_path / "fleet.xlsx"
    run(["report", fleet, "--format", f"xlsx={file}"])

    book = openpyxl.load_workbook(file)

    for sheet in book:
        headers = [str(cell.value).casefold() for cell in sheet[1]]
        assert len(headers) == len(set(headers)), sheet.title
    counts = [row[:2] for row in book["Metadata"].iter_rows(values_only=True) if row[0] != "note"]
    assert len(counts) == len(set(counts))
