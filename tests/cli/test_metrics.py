"""`--format prometheus`: a file that every scan replaces."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap
from virtscan.cli.main import run
from virtscan.model import GapAbout
from virtscan.reporters.prometheus import last_complete
from virtscan.storage import dumps

DEAD = ("scan", "-c", "qemu+tcp://127.0.0.1:9/system", "--server", "satellite=on")
LAST = "virtscan_last_complete_scan_timestamp_seconds"


def values(file: Path) -> dict[str, float]:
    """The values by name, of several the last."""
    families = text_string_to_metric_families(file.read_text())
    return {sample.name: sample.value for family in families for sample in family.samples}


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    """Metrics of a complete scan."""
    saved, file = tmp_path / "fleet.json", tmp_path / "virtscan.prom"
    saved.write_bytes(dumps(inventory(hypervisor("hv1", domain("web01", macvtap())))))
    run(["report", str(saved), "--format", f"prometheus={file}"])
    return file


def test_a_complete_scan_is_the_last_complete_one(metrics: Path) -> None:
    assert values(metrics)[LAST] == values(metrics)["virtscan_scan_timestamp_seconds"] == TAKEN_AT.timestamp()


def test_a_scan_with_gaps_keeps_the_time_of_the_last_complete_one(metrics: Path, tmp_path: Path) -> None:
    gap = gap_in_words(subject="hv1", reason="no answer", about=GapAbout.DOMAIN)
    (tmp_path / "later.json").write_bytes(dumps(inventory(hypervisor("hv1"), gaps=(gap,))))

    for _ in range(2):
        assert run(["report", str(tmp_path / "later.json"), "--format", f"prometheus={metrics}", "-q"]) == 3
        assert values(metrics)[LAST] == TAKEN_AT.timestamp()


def test_a_scan_that_read_nothing_replaces_the_metrics_alone(
    metrics: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page, saved = tmp_path / "report.txt", tmp_path / "saved.json"
    page.write_text("yesterday's")
    saved.write_text("yesterday's")

    assert run([*DEAD, "--save", str(saved), "--format", f"table={page}", "--format", f"prometheus={metrics}"]) == 5

    assert page.read_text() == saved.read_text() == "yesterday's"
    shown = values(metrics)
    assert shown["virtscan_hypervisor_up"] == 0
    assert shown["virtscan_scan_exit_code"] == 5
    assert shown["virtscan_scan_timestamp_seconds"] > TAKEN_AT.timestamp()
    assert shown["virtscan_scan_duration_seconds"] > 0
    assert shown[LAST] == TAKEN_AT.timestamp()
    assert "127.0.0.1:9" in capfd.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"", b"not metrics {", b"\xff", f"{LAST} 1e300\n".encode(), f"{LAST} NaN\n".encode(), f"{LAST} 0\n".encode()],
)
def test_an_invalid_time_of_a_complete_scan_is_none(content: bytes, metrics: Path) -> None:
    assert last_complete(content) is None
    metrics.write_bytes(content)

    run([*DEAD, "--format", f"prometheus={metrics}", "-q"])
    assert values(metrics)[LAST] == 0


def test_metrics_can_be_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fleet.json").write_bytes(dumps(inventory(hypervisor("hv1", domain("web01", macvtap())))))

    run(["report", str(tmp_path / "fleet.json"), "--format", "prometheus"])
    assert 'virtscan_hypervisor_up{hypervisor="hv1",site=""} 1.0\n' in capfd.readouterr().out


def test_metrics_have_no_view_to_choose(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "x.json", "--format", "prometheus", "--view", "domains"]) == 2
    assert "--format prometheus always has all metrics; omit --view" in capfd.readouterr().err
