import json
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from virtscan.cli.main import run

FLEET = str(PROJECT / "fixtures" / "fleet" / "virtscan.toml")


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("VIRTSCAN_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_a_good_configuration_can_be_used(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", FLEET]) == 0
    assert "can be used; hypervisors: 4, servers: 6, waivers: 1" in capfd.readouterr().out


def test_the_one_that_a_scan_would_use_is_checked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIRTSCAN_CONFIG", FLEET)

    assert run(["config", "check"]) == 0
    assert FLEET in capfd.readouterr().out


def test_a_wrong_key_gets_the_nearest_right_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("[[servers]]\nname = 'a'")

    assert run(["config", "check", str(tmp_path / "virtscan.toml")]) == 2
    assert "servers: unknown key; did you mean 'server'?" in capfd.readouterr().err


def test_without_a_configuration_there_is_nothing_to_check(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 2
    assert "there is no configuration: name a file" in capfd.readouterr().err


def test_what_a_configuration_comes_to_is_shown_without_secrets(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text("""
        [[hypervisor]]
        uri = "esx://admin:sesame@esx1/?no_verify=1"
        site = "ams1"
        [[hypervisor]]
        xml = "hv9"
        [[server]]
        name = "satellite"
        offload = "on"
        physical = true
        [[waiver]]
        domain = "legacy-*"
        reason = "boots from ISO"
    """)
    (tmp_path / "virtscan.toml").chmod(0o600)

    assert run(["config", "show", str(tmp_path / "virtscan.toml")]) == 0
    shown = capfd.readouterr()
    assert "hypervisor esx1: esx://admin:***@esx1/?no_verify=1, site ams1" in shown.out
    assert "server satellite: on, serves every segment, physical yes" in shown.out
    assert "waiver: boots from ISO, domain legacy-*" in shown.out
    assert "sesame" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("hypervisor", "device", "lines"),
    [
        (
            "ams1-kvm01",
            "bond2",
            [
                "segment: pxe-a (segments of the hypervisor)",
                "server satellite: may answer: it serves pxe-a",
                "server cobbler: does not answer: it serves pxe-b",
            ],
        ),
        (
            "fra1-kvm03",
            "bond0",
            ["segment: none is named", "server cobbler: may answer: it serves pxe-b, and the device may be in any"],
        ),
    ],
)
def test_a_devices_segment_and_servers_are_explained(
    hypervisor: str, device: str, lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", FLEET, "--hypervisor", hypervisor, "--device", device]) == 0

    shown = capfd.readouterr().out
    for line in lines:
        assert line in shown


def test_an_inventory_adds_the_addresses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("""
        [[hypervisor]]
        uri = "qemu+ssh://hv1/system"
        [[server]]
        name = "near"
        offload = "on"
        subnets = ["10.77.0.0/24"]
        [[server]]
        name = "far"
        offload = "on"
        subnets = ["10.78.0.0/24"]
    """)
    device = {"name": "bond2", "addresses": ["10.77.0.5/24"]}
    host = {"name": "hv1", "uri": "qemu+ssh://hv1/system", "status": "complete", "devices": [device]}
    inventory = {
        "schema": "virtscan.inventory/1",
        "version": "0.1.0",
        "taken_at": "2026-11-22T02:00:00Z",
        "hypervisors": [host],
    }
    (tmp_path / "scan.json").write_text(json.dumps(inventory))
    arguments = ["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "hv1", "--device", "bond2"]

    assert run(arguments) == 0
    assert "server far: may answer" in capfd.readouterr().out
    assert run([*arguments, "--inventory", str(tmp_path / "scan.json")]) == 0
    shown = capfd.readouterr().out
    assert "server near: may answer: it serves 10.77.0.0/24" in shown
    assert "server far: does not answer" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hypervisor", "hv1"], "go together"),
        (["--hypervisor", "nobody", "--device", "bond2"], "no hypervisor 'nobody' is configured"),
    ],
)
def test_what_is_not_there_can_not_be_explained(
    arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", FLEET, *arguments]) == 2
    assert message in capfd.readouterr().err


def test_without_servers_that_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("[[hypervisor]]\nuri = 'test:///default'")

    run(["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "default", "--device", "eth0"])
    assert "no server is configured" in capfd.readouterr().out


def test_the_schema_is_json_schema(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema"]) == 0
    schema = json.loads(capfd.readouterr().out)
    assert schema["$defs"]["ScanSection"]["additionalProperties"] is False
