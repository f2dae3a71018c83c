"""`--summary`: the result in one line."""

from pathlib import Path

import pytest

from tests.build import UNFIXED_KERNEL, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.reporters import hostile
from virtscan.cli.main import run
from virtscan.model import GapAbout, Persistence, State
from virtscan.model.facts.persistence import SettingInWords
from virtscan.reporters import SUMMARY
from virtscan.storage import dumps
from virtscan.views import VIEWS

LINE = (
    "1 interface of 1 VM at risk (1 medium confidence). 1 gap. Scanned 2026-11-22 02:00 UTC by virtscan 0.1.0; "
    "exit code 4.\n"
)


@pytest.fixture
def saved(tmp_path: Path) -> str:
    host = hypervisor("hv1", domain("web01", macvtap(), boot_devices=("hd",)), kernel=UNFIXED_KERNEL)
    gap = gap_in_words("qemu+ssh://hv9/system", "no answer", GapAbout.HYPERVISOR)
    return saved_in(tmp_path, inventory(host, servers=(server(),), gaps=(gap,)))


def test_the_result_is_one_line_and_gaps_are_named_beside_it(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved, "--summary"]) == 4

    printed = capfd.readouterr()
    assert printed.out == LINE
    assert "qemu+ssh://hv9/system" in printed.err


@pytest.mark.parametrize("view", VIEWS)
def test_the_line_is_that_of_the_risks_whatever_view_goes_along_with_it(
    view: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", saved, "--summary", "--view", view])
    assert capfd.readouterr().out == LINE

    run(["report", saved, "--summary", "--format", f"json={tmp_path / 'x'}", "--view", view])
    assert capfd.readouterr() == (LINE, "")
    assert f"virtscan.{'report' if view == 'risks' else view}/1" in (tmp_path / "x").read_text()


def test_the_line_goes_along_with_files_of_other_formats(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(
        [
            "report",
            saved,
            "--summary",
            "--format",
            f"json={tmp_path / 'x'}",
            "--where",
            "server=none",
            "--view",
            "risks",
        ]
    )

    printed = capfd.readouterr()
    assert printed.out == LINE
    assert printed.err == ""
    assert '"findings": []' in (tmp_path / "x").read_text()


def test_summary_can_be_written_to_a_file(saved: str, tmp_path: Path) -> None:
    run(["report", saved, "--summary", "-o", str(tmp_path / "line"), "-q"])

    assert (tmp_path / "line").read_text() == LINE


def test_scan_prints_the_summary(capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", "-c", "test:///default", "--server", "satellite=off", "--summary"])

    assert capfd.readouterr().out.startswith("1 interface of 1 VM read, none judged. Scanned ")


def test_two_outputs_at_one_place_are_refused(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved, "--summary", "--format", "csv"]) == 2
    assert "--format csv and --summary would go to the same place" in capfd.readouterr().err


def test_a_name_adds_no_line_to_it() -> None:
    text = SUMMARY.render(hostile.document()).decode()

    hostile.assert_harmless(text.encode())
    assert text.count("\n") == 1


def test_the_line_counts_the_risks_after_the_next_reboot(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    later = Persistence(tx_checksum=State.ON, setting=SettingInWords(text="none"))
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    file = tmp_path / "fleet.json"
    file.write_bytes(dumps(inventory(host, servers=(server(tx_checksum=State.OFF, persistence=later),))))
    run(["report", str(file), "--summary"])

    assert "1 judged. 1 further interface at risk after the servers' next reboot. Scanned" in capfd.readouterr().out
