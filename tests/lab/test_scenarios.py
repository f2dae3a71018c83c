"""Tests of the scenarios as data, and of the commands and documents made of them."""

import platform
import re
import subprocess
from pathlib import Path

import pytest

from tests.analyzer.reading import read_domain
from tests.lab.__main__ import main
from tests.lab.guest import client_xml, server_xml
from tests.lab.login import write_client
from tests.lab.scenario import UNFIXED, Firmware, Lower, Scenario, Sender, Service, Step, Way
from tests.lab.scenarios import CORE, SCENARIOS, for_kernel
from tests.lab.topology import PORT, SERVER_MACS, commands, offload_commands, sending_device, source_device
from virtscan.model import DeviceName, SourceMode, State

MADE = re.compile(r"(?:link add|tuntap add dev|peer name|\bname) (?!link |name )(\S+)")
USED = re.compile(r"(?:add link|link set|master|(?<!tuntap add )dev|-K|primary) (\S+)")
STEP = Step(offload=State.ON, rule="R8")


def test_the_lossy_path_is_played_with_every_model_in_every_mode_with_offload_on_and_off() -> None:
    played = {
        (scenario.model, scenario.mode, scenario.steps[0].offload)
        for scenario in SCENARIOS
        if scenario.way is Way.LOSSY and scenario.lower is None and len(scenario.steps) == 1 and not scenario.csum_off
    }

    models = ("virtio", "e1000", "rtl8139")
    modes = set(SourceMode) - {SourceMode.UNKNOWN}
    switches = (State.ON, State.OFF)
    assert played == {(model, mode, switch) for model in models for mode in modes for switch in switches}


def test_every_service_firmware_path_and_lower_device_is_played() -> None:
    assert {scenario.service for scenario in SCENARIOS} == set(Service)
    assert {scenario.firmware for scenario in SCENARIOS} == set(Firmware)
    assert {scenario.way for scenario in SCENARIOS} == set(Way)
    assert {scenario.sender for scenario in SCENARIOS} == set(Sender)
    assert {scenario.lower for scenario in SCENARIOS} == {None, *set(Lower) - {Lower.VETH}}


def test_the_core_shows_each_rule_that_decides_by_place_or_offload() -> None:
    assert {step.rule for scenario in CORE for step in scenario.steps} == {"R5", "R7", "R8", "R9", "R10"}
    assert any(scenario.way is Way.HOST_MACVLAN for scenario in CORE)
    assert len(CORE) <= 6


def test_a_fixed_kernel_decides_and_an_unfixed_or_unknown_one_leaves_it_to_the_next_rule() -> None:
    scenario = Scenario(way=Way.GUEST, steps=(STEP,))
    called_unfixed = Scenario(way=Way.GUEST, steps=(STEP,), unfixed=True)

    assert [scenario.rule(STEP, kernel, "") for kernel in ("6.1.0-56-amd64", "3.14.1", "3.12.20")] == ["R2", "R8", "R8"]
    assert called_unfixed.rule(STEP, "6.1.0-56-amd64", "") == "R8"


def test_a_kernel_of_the_callers_shows_fault_and_cure_by_itself_with_a_guest_on_the_same_bond() -> None:
    real = for_kernel(SCENARIOS)

    assert not any(scenario.unfixed or scenario.needs_stand_in for scenario in real)
    same_bond = [
        scenario
        for scenario in real
        if (scenario.way, scenario.lower, scenario.sender) == (Way.GUEST, Lower.BOND, Sender.NIC)
    ]
    assert {step.rule for scenario in same_bond if not scenario.apart for step in scenario.steps} == {"R7", "R5"}
    assert "R8" in {step.rule for scenario in real if scenario.lower is Lower.BOND for step in scenario.steps}


@pytest.mark.parametrize("scenarios", [SCENARIOS, for_kernel(SCENARIOS)], ids=["all", "for a kernel"])
def test_a_name_selects_one_scenario(scenarios: tuple[Scenario, ...]) -> None:
    names = [scenario.name for scenario in scenarios]

    assert [name for name in names if sum(name in other for other in names) != 1] == []


def test_no_scenario_is_played_twice_and_the_core_is_part_of_all() -> None:
    assert len(set(SCENARIOS)) == len(SCENARIOS)
    assert set(CORE) <= set(SCENARIOS)


def test_a_name_that_matches_no_scenario_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "lossi"])

    assert "no scenario has that in its name" in capsys.readouterr().err


def test_a_file_that_is_not_a_kernel_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kernel").write_bytes(b"text")

    with pytest.raises(SystemExit, match="2"):
        main(["--kernel", str(tmp_path / "kernel"), "--list"])

    assert "not a bzImage" in capsys.readouterr().err


def test_no_simulated_scenario_runs_under_a_real_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--real", "--list"]) == 0

    names = capsys.readouterr().out.splitlines()
    assert names == [scenario.name for scenario in for_kernel(SCENARIOS)]
    assert not any("lossy" in name or "mark lost" in name for name in names)


@pytest.mark.parametrize("lower", Lower)
@pytest.mark.parametrize(
    ("way", "sender"), sorted({(scenario.way, scenario.sender) for scenario in SCENARIOS}, key=str)
)
def test_devices_are_made_before_they_are_used(way: Way, sender: Sender, lower: Lower) -> None:
    scenario = Scenario(way=way, steps=(STEP,), sender=sender)
    made = {"lo", *([PORT] if scenario.needs_nic else [])}
    for line in map(" ".join, commands(scenario, lower)):
        assert {used for used in USED.findall(line) if used not in made} == set()
        made.update(MADE.findall(line))

    assert {source_device(lower), sending_device(sender)} <= made


def test_only_the_first_nic_of_a_bond_is_switched_off_until_the_last_step() -> None:
    scenario = Scenario(way=Way.GUEST, steps=(STEP,), sender=Sender.BOND)

    switched = {switch: [line[-3:] for line in offload_commands(scenario, switch)] for switch in (State.ON, State.OFF)}

    assert switched[State.ON] == [["srv0", "tx", "off"], ["srv1", "tx", "on"]]
    assert switched[State.OFF] == [["srv0", "tx", "off"], ["srv1", "tx", "off"]]


@pytest.mark.parametrize("firmware", Firmware)
@pytest.mark.parametrize(
    "mode", [mode for mode in SourceMode if mode is not SourceMode.UNKNOWN], ids=lambda mode: mode.value
)
def test_the_vm_is_that_of_the_scenario(mode: SourceMode, firmware: Firmware) -> None:
    scenario = Scenario(way=Way.LOSSY, steps=(STEP,), mode=mode, model="e1000", firmware=firmware)

    xml = client_xml(scenario, DeviceName("bond0"), Path("/tmp/console"))

    domain = read_domain(xml, origin="lab")
    (interface,) = domain.interfaces
    assert (interface.model, domain.boot_devices) == ("e1000", ("network",))
    ((device, found),) = ((attachment.device, attachment.mode) for attachment in interface.attachments)
    assert (device, found) == ("bond0", mode)


def test_a_vm_without_partial_checksums_is_played() -> None:
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.csum_off)

    domain = read_domain(client_xml(scenario, DeviceName("bond0"), Path("/tmp/console")), origin="lab")
    (interface,) = domain.interfaces
    assert (interface.host_csum, interface.guest_csum) == (State.OFF, State.OFF)
    assert (scenario.way, scenario.steps) == (Way.LOSSY, (STEP,))


@pytest.mark.parametrize(
    ("way", "plug"),
    [
        (Way.LOSSY, ("bond0", None)),
        (Way.DIRECT, ("bond0", None)),
        (Way.GUEST, ("bond0", SourceMode.BRIDGE)),
        (Way.VLAN, ("bond0.100", SourceMode.BRIDGE)),
        (Way.HAIRPIN, ("bond0", SourceMode.VEPA)),
    ],
)
def test_the_servers_domain_has_the_place_that_the_server_has(way: Way, plug: tuple[str, SourceMode | None]) -> None:
    xml = server_xml(Scenario(way=way, steps=(STEP,), sender=Sender.BOND), DeviceName("bond0"))

    assert xml is not None
    interfaces = read_domain(xml, origin="lab").interfaces
    assert tuple(interface.mac for interface in interfaces) == SERVER_MACS
    assert {
        (attachment.device, attachment.mode) for interface in interfaces for attachment in interface.attachments
    } == {plug}


@pytest.mark.parametrize("way", [Way.HOST_MACVLAN, Way.CONTAINER_MACVLAN, Way.CONTAINER_PORT, Way.MACHINE])
def test_a_server_that_is_not_a_guest_has_no_domain(way: Way) -> None:
    assert server_xml(Scenario(way=way, steps=(STEP,)), DeviceName("bond0")) is None


@pytest.mark.parametrize(("unfixed", "release"), [(True, UNFIXED), (False, platform.release())])
def test_the_hypervisors_kernel_is_given_by_its_shell(unfixed: bool, release: str, tmp_path: Path) -> None:
    client = write_client(tmp_path, Scenario(way=Way.HOST_MACVLAN, steps=(STEP,), unfixed=unfixed))

    printed = {
        host: subprocess.run(
            [client, "-T", "-l", "root", "--", host, "sh -c 'uname -sr'"], capture_output=True, text=True, check=True
        ).stdout.split()
        for host in ("hypervisor", "depot")
    }

    assert printed["hypervisor"][1] == release
    assert printed["depot"][1] == platform.release()
