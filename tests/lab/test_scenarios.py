"""The scenarios as data: what they are made of, and what they become."""

import re
from pathlib import Path

import pytest

from tests.lab.__main__ import main
from tests.lab.guest import client_xml, server_xml
from tests.lab.scenario import Firmware, Lower, Scenario, Service, Step, Way
from tests.lab.scenarios import CORE, SCENARIOS
from tests.lab.topology import SERVER_DEVICE, SERVER_MAC, commands, source_device
from virtscan import analyzer
from virtscan.model import DeviceName, SourceMode, State

MADE = re.compile(r"(?:link add|peer name|\bname) (?!link |name )(\S+)")
USED = re.compile(r"(?:add link|link set|master|dev|-K) (\S+)")
STEP = Step(offload=State.ON, rule="R8")


def test_the_lossy_way_is_played_with_every_card_in_every_mode_with_offload_on_and_off() -> None:
    played = {
        (one.model, one.mode, one.steps[0].offload)
        for one in SCENARIOS
        if one.way is Way.LOSSY and one.lower is None and len(one.steps) == 1 and not one.csum_off
    }

    models = ("virtio", "e1000", "rtl8139")
    modes = set(SourceMode) - {SourceMode.UNKNOWN}
    switches = (State.ON, State.OFF)
    assert played == {(model, mode, switch) for model in models for mode in modes for switch in switches}


def test_every_service_firmware_way_and_lower_device_is_played() -> None:
    assert {one.service for one in SCENARIOS} == set(Service)
    assert {one.firmware for one in SCENARIOS} == set(Firmware)
    assert {one.way for one in SCENARIOS} == set(Way)
    assert {one.lower for one in SCENARIOS} == {None, *set(Lower) - {Lower.VETH}}


def test_no_scenario_is_played_twice_and_the_core_is_part_of_all() -> None:
    assert len(set(SCENARIOS)) == len(SCENARIOS)
    assert set(CORE) <= set(SCENARIOS)


def test_a_name_that_no_scenario_has_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "lossi"])

    assert "no scenario has that in its name" in capsys.readouterr().err


@pytest.mark.parametrize("lower", Lower)
@pytest.mark.parametrize("way", Way)
def test_what_the_vm_stands_on_is_made_before_it_is_used(way: Way, lower: Lower) -> None:
    made = {"lo"}
    for line in map(" ".join, commands(Scenario(way=way, steps=(STEP,)), lower)):
        assert {used for used in USED.findall(line) if used not in made} == set()
        made.update(MADE.findall(line))

    assert {source_device(lower), SERVER_DEVICE} <= made


@pytest.mark.parametrize("firmware", Firmware)
@pytest.mark.parametrize("mode", set(SourceMode) - {SourceMode.UNKNOWN}, ids=lambda mode: mode.value)
def test_the_vm_is_what_the_scenario_says(mode: SourceMode, firmware: Firmware) -> None:
    scenario = Scenario(way=Way.LOSSY, steps=(STEP,), mode=mode, model="e1000", firmware=firmware)

    xml = client_xml(scenario, DeviceName("bond0"), Path("/tmp/console"))

    domain = analyzer.read_domain(xml, origin="lab")
    (interface,) = domain.interfaces
    assert (interface.model, domain.boot_devices) == ("e1000", ("network",))
    ((device, found),) = ((one.device, one.mode) for one in interface.attachments)
    assert (device, found) == ("bond0", mode)


def test_a_vm_that_wants_no_open_checksums_says_so_and_is_played() -> None:
    (scenario,) = (one for one in SCENARIOS if one.csum_off)

    domain = analyzer.read_domain(client_xml(scenario, DeviceName("bond0"), Path("/tmp/console")), origin="lab")
    (interface,) = domain.interfaces
    assert (interface.host_csum, interface.guest_csum) == (State.OFF, State.OFF)
    assert (scenario.way, scenario.steps) == (Way.LOSSY, (STEP,))


@pytest.mark.parametrize(
    ("way", "mode"),
    [(Way.LOSSY, None), (Way.DIRECT, None), (Way.SAME_LOWER, SourceMode.BRIDGE), (Way.HAIRPIN, SourceMode.VEPA)],
)
def test_libvirt_is_told_the_place_that_the_server_has(way: Way, mode: SourceMode | None) -> None:
    domain = analyzer.read_domain(server_xml(way, DeviceName("bond0")), origin="lab")

    (interface,) = domain.interfaces
    assert interface.mac == SERVER_MAC
    assert [(one.device, one.mode) for one in interface.attachments] == [("bond0", mode)]
