"""`--max-age`, on every command that judges."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.trace.build import CLIENT_MAC, ethernet, lease, pcap
from virtscan.cli.main import run
from virtscan.model import Observed, State
from virtscan.storage import dumps, loads

OFF = "Features for eth0:\ntx-checksumming: off\n\ttx-checksum-ipv4: off\n\ttx-checksum-ip-generic: off\n"
DOMAIN = """<domain type='kvm'><name>web01</name><devices><interface type='direct'>
<mac address='52:54:00:93:76:af'/><source dev='bond2' mode='bridge'/></interface></devices></domain>"""
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A host that was dumped now, and a server's state that was saved a month ago: the options to scan them."""
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "web01.xml").write_text(DOMAIN)
    state = tmp_path / "satellite.txt"
    state.write_text(OFF)
    month_ago = (NOW - timedelta(days=31)).timestamp()
    os.utime(state, (month_ago, month_ago))
    return ["--xml", str(tmp_path / "dumps"), "--server", f"satellite:eth0=file:{state}"]


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """An inventory of now, with a server that was observed a month before."""
    month_ago = NOW - timedelta(days=31)
    kernel = Observed(value=UNFIXED_KERNEL, source="ssh", observed_at=NOW)
    here = replace(hypervisor("hv1", domain("web01", macvtap()), observed_at=NOW), kernel=kernel)
    old = server(tx_checksum=State.OFF, source="sosreport:sat.tar.xz", observed_at=month_ago)
    return saved_in(tmp_path, replace(inventory(here, servers=(old,)), taken_at=NOW))


def findings(capfd: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(capfd.readouterr().out)["findings"]
    return found


def test_a_scan_treats_facts_that_are_too_old_as_unknown(files: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", *files, "--format", "json"]) == 0
    (found,) = findings(capfd)
    assert found["verdict"] == "mitigated"
    assert any("observed 31 days ago" in fact for fact in found["because"])

    assert run(["scan", *files, "--format", "json", "--max-age", "4w"]) == 3
    (found,) = findings(capfd)
    assert found["verdict"] == "unknown"
    renewal = "observed 31 days ago (the limit is 4 weeks); save the output of ethtool -k again"
    assert any(renewal in fact for fact in found["missing"])


def test_saved_scan_is_complete_and_judged_the_same_later(
    files: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    run(["scan", *files, "--max-age", "7d", "--save", str(kept), "--format", "json"])
    (first,) = findings(capfd)

    assert loads(kept.read_bytes(), origin="kept").servers[0].tx_checksum is State.OFF
    run(["report", str(kept), "--format", "json"])
    assert findings(capfd) == [first]
    run(["report", str(kept), "--max-age", "9w", "--format", "json"])
    assert findings(capfd)[0]["verdict"] == "mitigated"


@pytest.mark.parametrize(
    ("command", "young", "old"), [(["report"], 0, 3), (["remedy"], 0, 3), (["explain", "web01"], 0, 3)]
)
def test_max_age_applies_to_commands_on_a_saved_inventory(
    command: list[str], young: int, old: int, saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, saved]) == young
    assert run([*command, saved, "--max-age", "90d"]) == young
    assert run([*command, saved, "--max-age", "7d"]) == old
    assert "take a new sosreport" in capfd.readouterr().out


def test_a_capture_is_joined_with_facts_that_are_young_enough(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "boot.pcap"
    file.write_bytes(pcap([(shot.time, ethernet(shot)) for shot in lease()]))
    inventory_of = loads(Path(saved).read_bytes(), origin="saved")
    here = replace(inventory_of.hypervisors[0], domains=(domain("web01", macvtap(mac=CLIENT_MAC)),))
    Path(saved).write_bytes(dumps(replace(inventory_of, hypervisors=(here,))))
    arguments = ["trace", str(file), "--inventory", saved, "--format", "json"]

    run(arguments)
    assert '"verdict": "mitigated"' in capfd.readouterr().out
    run([*arguments, "--max-age", "7d"])
    assert '"verdict": "unknown"' in capfd.readouterr().out


def test_without_an_inventory_a_capture_has_no_facts_that_age(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", str(tmp_path / "boot.pcap"), "--max-age", "7d"]) == 2
    assert "add --inventory FILE" in capfd.readouterr().err


def test_a_report_warns_if_its_scan_is_older_than_the_limit(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.json"
    old.write_bytes(dumps(replace(inventory(), taken_at=NOW - timedelta(days=40))))

    run(["report", str(old), "--max-age", "7d"])
    assert "virtscan: warning: --max-age counts from the scan, which was 40 days ago\n" in capfd.readouterr().err
    run(["report", saved, "--max-age", "7d", "-o", os.devnull])
    assert "counts from the scan" not in capfd.readouterr().err


@pytest.mark.parametrize("text", ["7", "d", "-7d", "0d", "7 d", "week", "7y", "36501d", "9" * 400 + "d"])
def test_an_invalid_duration_is_refused(text: str, saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved, "--max-age", text]) == 2
    assert "invalid duration" in capfd.readouterr().err


def test_the_longest_duration_is_taken(saved: str) -> None:
    assert run(["report", saved, "--max-age", "36500d", "-o", os.devnull]) == 0
