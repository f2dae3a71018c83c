"""Scans that find nothing, or that read a hypervisor which was not named."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.build import domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.conftest import PROJECT
from tests.harness.libvirtd import running_libvirtd
from virtscan.cli.main import run
from virtscan.model import GapAbout, Mac, Netboot, State, Subnet
from virtscan.storage import dumps

HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"
EMPTY = "<node><cpu><mhz>1</mhz></cpu></node>"


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """A hypervisor without domains."""
    path = tmp_path / "empty.xml"
    path.write_text(EMPTY)
    return f"test://{path}"


def test_no_domain_anywhere_is_a_gap_and_not_a_clean_result(empty: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "-c", empty, "--server", "satellite=off", "--format", "json"]) == 3

    document = json.loads(capfd.readouterr().out)
    assert [(gap["subject"], gap["reason"]) for gap in document["gaps"]] == [(empty, "no domain defined")]
    assert document["summary"]["hypervisors"] == {"complete": 1, "partial": 0, "failed": 0}


def test_a_saved_inventory_without_domains_is_incomplete_too(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_bytes(dumps(inventory(hypervisor("hv1"), servers=(server(),))))

    assert run(["report", str(file)]) == 3
    assert run(["remedy", str(file)]) == 3


@pytest.mark.parametrize("command", ["scan", "diff"])
def test_a_fleet_that_lost_all_its_domains_is_an_incomplete_comparison(
    command: str, empty: str, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(
        dumps(inventory(hypervisor("hv1", domain("vm1", macvtap())), servers=(server(tx_checksum=State.OFF),)))
    )
    new.write_bytes(dumps(inventory(hypervisor("hv1"), servers=(server(tx_checksum=State.OFF),))))
    scan = ["scan", "-c", empty, "--server", "satellite=off", "--since", str(old), "-o", os.devnull]

    assert run(scan if command == "scan" else ["diff", str(old), str(new)]) == 3
    assert run(["diff", str(new), str(new)]) == 0


def test_one_hypervisor_may_be_empty_while_another_is_not(empty: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "-c", empty, "-c", HOST, "--server", "satellite=off", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["gaps"] == []


def test_a_hypervisor_that_could_not_be_read_has_its_own_gap_alone(
    empty: str, capfd: pytest.CaptureFixture[str]
) -> None:
    dead = "qemu+tcp://127.0.0.1:9/system"

    assert run(["scan", "-c", dead, "-c", empty, "--server", "satellite=off", "--format", "json"]) == 3
    subjects = [gap["subject"] for gap in json.loads(capfd.readouterr().out)["gaps"]]
    assert subjects == [dead, empty]
    assert run(["scan", "-c", dead, "--server", "satellite=off", "-o", os.devnull]) == 5


def test_an_empty_session_daemon_leads_to_that_of_the_system(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "session"
    path.write_text(EMPTY)

    assert run(["scan", "-c", f"test://{path}", "--format", "json"]) == 3
    hint = f"test://{path} is the user's own daemon; system VMs are at test://{tmp_path}/system"
    assert [gap["reason"] for gap in json.loads(capfd.readouterr().out)["gaps"]] == [f"no domain defined; {hint}"]


def test_an_empty_daemon_is_a_warning_of_the_doctor(empty: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "-c", empty])

    assert "warning  hypervisor empty: " in capfd.readouterr().out


def test_the_hypervisor_that_was_not_named_is_shown_with_its_origin(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", HOST)
    line = f"hypervisor: {HOST} (LIBVIRT_DEFAULT_URI; choose others with -c, --xml or a configuration)"

    run(["scan", "--server", "satellite=off"])
    shown = capfd.readouterr()
    assert f"\n{line}\n" in shown.out
    assert shown.err == f"virtscan: {line}\n"
    run(["scan", "--server", "satellite=off", "--format", "csv", "-q"])
    assert capfd.readouterr().err == ""
    run(["explain", "web01", "--server", "satellite=off"])
    assert line in capfd.readouterr().err
    run(["doctor"])
    assert f"; {line}\n" in capfd.readouterr().out


def test_a_hypervisor_that_was_named_needs_no_origin(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "test:///default")

    run(["scan", "-c", HOST, "--server", "satellite=off"])
    shown = capfd.readouterr()
    assert "LIBVIRT_DEFAULT_URI" not in shown.out + shown.err


def test_the_daemon_of_the_environment_is_read(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_libvirtd() as daemon:
        address = daemon.unix(daemon.definitions("kvm1"))
        monkeypatch.setenv("LIBVIRT_DEFAULT_URI", address)
        code = run(["scan", "--server", "satellite=off", "--format", "json"])

    document = json.loads(capfd.readouterr().out)
    assert code == 3
    assert [host["uri"] for host in document["hypervisors"]] == [address]
    assert [(gap["subject"], gap["reason"]) for gap in document["gaps"]] == [(address, "no domain defined")]


def test_the_configuration_chooses_from_which_exposure_on_a_scan_fails(tmp_path: Path) -> None:
    config = tmp_path / "virtscan.toml"
    text = f"[[hypervisor]]\nuri = '{HOST}'\nkernel = '2.6.32-279.el6.x86_64'\n[[server]]\nname = 'a'\noffload = 'on'\n"
    config.write_text(f"[scan]\nfail_on = 'never'\n{text}")

    never = run(["scan", "--config", str(config)])
    assert run(["scan", "--config", str(config), "--fail-on", "latent"]) == never + 1


def test_pending_is_refused_without_a_provisioning_system(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fleet.json"
    file.write_bytes(dumps(inventory(hypervisor("hv1", domain("web01", macvtap())), servers=(server(),))))

    assert run(["scan", "-c", HOST, "--server", "satellite=on", "--fail-on", "pending"]) == 2
    assert "add [[provisioning]], or choose boots, latent or never" in capfd.readouterr().err
    assert run(["report", str(file), "--fail-on", "pending"]) == 2
    assert "no provisioning records; choose boots, latent or never" in capfd.readouterr().err


@pytest.mark.parametrize(
    "records",
    [
        {"netboots": (Netboot(mac=Mac("52:54:00:00:00:09"), system="db01", pending=True, source="cobbler"),)},
        {"subnets": (Subnet(name="pxe", network="10.77.0.0/24", source="cobbler"),)},
        {"gaps": (gap_in_words(subject="cobbler", reason="no answer", about=GapAbout.PROVISIONING),)},
    ],
)
def test_pending_is_accepted_with_a_provisioning_system(records: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_bytes(dumps(inventory(hypervisor("hv1", domain("web01", macvtap())), servers=(server(),), **records)))

    assert run(["report", str(file), "--fail-on", "pending", "-o", os.devnull]) in {0, 3}


MISMATCH = f"""
[[hypervisor]]
name = "kvm1"
uri = "{HOST}"
segments = {{ bond2 = "pxe-a" }}
[[server]]
name = "satellite"
offload = "on"
segments = ["pxe_a"]
runs_on = "kvm-1"
"""
WARNINGS = (
    "segment pxe_a: a server serves it, but no hypervisor has a device in it; did you mean 'pxe-a'?",
    "server satellite: runs_on: no hypervisor is named 'kvm-1'; did you mean 'kvm1'?",
)


def test_names_that_do_not_match_are_warned_about_by_every_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config, saved = tmp_path / "virtscan.toml", tmp_path / "fleet.json"
    config.write_text(MISMATCH)

    assert run(["config", "check", str(config)]) == 0
    in_check = capfd.readouterr().err
    run(["scan", "--config", str(config), "--save", str(saved)])
    in_scan = capfd.readouterr().out
    run(["report", str(saved), "--format", "csv"])
    in_report = capfd.readouterr().err
    run(["doctor", "--config", str(config)])
    in_doctor = capfd.readouterr().out
    assert f"\nwarning: {WARNINGS[0]}\n" in in_scan
    assert f"virtscan: warning: {WARNINGS[0]}\n" in in_report
    for warning in WARNINGS:
        assert f"virtscan: warning: {warning}\n" in in_check
        assert f"\nwarning  {warning}\n" in in_doctor


def test_a_report_compares_names_with_the_hypervisors_scanned(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fleet.json"
    satellite = server(tx_checksum=State.OFF, runs_on="kvm-1")
    file.write_bytes(dumps(inventory(hypervisor("kvm1", domain("web01", macvtap())), servers=(satellite,))))

    assert run(["report", str(file)]) == 0
    assert f"\nwarning: {WARNINGS[1]}\n" in capfd.readouterr().out


def test_a_name_that_only_a_scan_can_find_is_not_compared_before_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "virtscan.toml"
    config.write_text('[[hypervisor]]\nuri = "qemu:///system"\n[[server]]\nname = "a"\noffload = "on"\nruns_on = "hv1"')

    run(["config", "check", str(config)])
    assert capfd.readouterr().err == ""


def test_every_new_key_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "virtscan.toml"
    config.write_text(
        "[scan]\nmax_age = '7d'\nfail_on = 'boots'\nnext_start = true\n"
        "[[hypervisor]]\nuris = ['qemu+ssh://hv1/system', 'qemu+ssh://hv2/system']\nphysical = true\n"
        "reflective = ['bond2', 'bond3']\n[[server]]\nname = 'a'\noffload = 'on'\nruns_on = 'hv1'\n"
    )

    assert run(["config", "show", str(config)]) == 0
    scan, hv1, hv2, shown = capfd.readouterr().out.splitlines()
    assert scan.endswith(
        ", facts older than 1 week ignored, persistent definitions of running domains read, "
        "exit code 1 or 4 at exposure boots or higher"
    )
    assert hv1 == "hypervisor hv1: qemu+ssh://hv1/system, physical yes, reflective bond2 bond3"
    assert hv2.startswith("hypervisor hv2: qemu+ssh://hv2/system, physical yes")
    assert shown == "server a: on, serves every segment, runs on hv1"
