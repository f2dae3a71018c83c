import json
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.reporters.reading import text_of
from virtscan.cli.main import run
from virtscan.reporters import REPORTERS

FLEET = str(PROJECT / "fixtures" / "fleet" / "virtscan.toml")


def test_each_host_of_the_fleet_has_its_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--config", FLEET]) == 3

    lines = capfd.readouterr().out.splitlines()
    assert any(re.fullmatch(rf"ok       configuration: {FLEET}; hypervisors: 4, servers: \d+", line) for line in lines)
    assert [line.split()[0] for line in lines if "  hypervisor " in line] == ["ok", "ok", "ok", "failed"]
    assert [line.split(":")[0] for line in lines if line.startswith("failed")] == [
        "failed   hypervisor fra1-kvm04",
        "failed   server depot",
    ]


def test_a_machine_that_can_scan_ends_with_zero(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "-c", "test:///default", "--server", "satellite=on"]) == 0

    shown = capfd.readouterr().out
    assert "ok       configuration: none; hypervisors: 1, servers: 1" in shown
    assert "ok       server satellite" in shown


def test_a_hypervisor_without_a_name_is_named_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    uri = f"qemu:///system?socket={tmp_path}/none"
    assert run(["doctor", "-c", uri]) == 3

    (line,) = [line for line in capfd.readouterr().out.splitlines() if "  hypervisor " in line]
    assert line.startswith(f"failed   hypervisor {uri}: ")
    assert line.count("qemu:///") == 1


@pytest.mark.parametrize("format_name", REPORTERS)
def test_the_checks_are_a_document_in_every_format(
    format_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "checks"

    assert run(["doctor", "-c", "test:///default", "--format", format_name, "-o", str(file)]) == 0

    assert re.search("hypervisor|checks", text_of(file.read_bytes()))
    assert capfd.readouterr().out == ""


def test_the_checks_can_be_read_by_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--config", FLEET, "--format", "json"]) == 3

    document = json.loads(capfd.readouterr().out)
    assert list(document) == ["schema", "version", "taken_at", "summary", "rows", "gaps"]
    assert (document["schema"], document["summary"]["checks"]["failed"]) == ("virtscan.doctor/1", 2)
    assert [row["subject"] for row in document["rows"] if row["outcome"] == "failed"] == [
        "hypervisor fra1-kvm04",
        "server depot",
    ]
    assert len(document["gaps"]) == 2


def test_an_invalid_configuration_is_reported_after_the_local_checks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text("[[servers]]\nname = 'a'")

    assert run(["doctor", "--config", str(tmp_path / "virtscan.toml")]) == 2
    shown = capfd.readouterr()
    assert "libvirt client" in shown.out
    assert "did you mean 'server'?" in shown.err


def test_without_libvirts_library_files_are_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hv9").mkdir()
    (tmp_path / "virtscan.toml").write_text("[[hypervisor]]\nxml = 'hv9'\n[[hypervisor]]\nuri = 'test:///default'")
    monkeypatch.delitem(sys.modules, "virtscan.connectors.libvirt.client", raising=False)
    monkeypatch.setitem(sys.modules, "libvirt", None)

    assert run(["doctor", "--config", str(tmp_path / "virtscan.toml")]) == 3
    shown = capfd.readouterr()
    assert "failed   libvirt client" in shown.out
    assert "hypervisor hv9" in shown.out
    assert "hypervisor default" not in shown.out
    assert "defect" not in shown.out + shown.err


def test_no_name_can_command_the_terminal_or_show_a_password(capfd: pytest.CaptureFixture[str]) -> None:
    address = "qemu+tcp://admin:sesame@127.0.0.1:9/system"

    assert run(["doctor", "-c", address, "--server", "satellite=file:/nowhere/\x1b[31m"]) == 3
    shown = capfd.readouterr()
    assert "\x1b" not in shown.out
    assert "\\x1b" in shown.out
    assert "sesame" not in shown.out + shown.err
