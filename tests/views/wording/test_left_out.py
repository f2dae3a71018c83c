"""The warning of files that were left out of a folder."""

import json
from pathlib import Path

import pytest

from tests.build import hypervisor
from virtscan.cli.main import run
from virtscan.model import LeftOut, WhyLeftOut
from virtscan.views import VIEWS
from virtscan.views.report.left_out import left_out
from virtscan.views.wording.gaps import reason

DOMAIN = "<domain type='kvm'><name>web01</name></domain>"


def of(why: WhyLeftOut, *paths: str) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(path=path, why=why) for path in paths)


def test_each_reason_is_a_line_with_the_names() -> None:
    host = hypervisor(left_out=(*of(WhyLeftOut.HIDDEN, ".git"), *of(WhyLeftOut.NOT_XML, "README", "notes.txt")))

    assert [reason(gap) for gap in left_out(host)] == [
        "left out (not XML): README, notes.txt",
        "left out (the name begins with a dot): .git",
    ]


def test_long_lists_of_names_end_with_a_count() -> None:
    (gap,) = left_out(hypervisor(left_out=of(WhyLeftOut.OTHER_KIND, *map(str, range(13)))))

    assert reason(gap) == "left out (neither a domain nor a network): 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a domain and a file that is none."""
    folder = tmp_path / "hv1"
    folder.mkdir()
    (folder / "web01.xml").write_text(DOMAIN)
    (folder / "customer-acme.txt").write_text("notes")
    return folder


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_names_what_a_scan_left_out(view: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = "left out (not XML): customer-acme.txt"
    saved = folder.with_name("fleet.json")

    assert run(["scan", "--xml", str(folder), "--view", view, "--save", str(saved)]) == 0
    assert f"warning: xml:{folder}: {line}\n" in capfd.readouterr().out

    assert run(["report", str(saved), "--view", view, "--format", "json"]) == 0
    gaps = json.loads(capfd.readouterr().out)["gaps"]
    assert (f"xml:{folder}", line) in [(gap["subject"], gap["reason"]) for gap in gaps]

    assert run(["report", str(saved), "--view", view, "--format", "csv"]) == 0
    printed = capfd.readouterr()
    assert f"virtscan: warning: xml:{folder}: {line}\n" in printed.err


def test_a_redacted_report_names_no_file(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for view in VIEWS:
        run(
            ["scan", "--xml", str(folder), "--redact", str(folder.with_name("map")), "--format", "json", "--view", view]
        )

        printed = capfd.readouterr().out
        assert "acme" not in printed
        assert "left out (not XML): file1" in printed
