"""Servers after their next reboot, and with devices switched off."""

import pytest
from msgspec.structs import replace

from tests.build import bond, domain, hypervisor, inventory, macvtap, nic, read_server, sends, server
from tests.correlator.scenes import OTHER, SERVING, provisioner, satellite, scene
from virtscan.correlator import correlate
from virtscan.correlator.servers.sending import sending_stacks
from virtscan.correlator.servers.supposed import after_reboot, switched_off
from virtscan.model import (
    Device,
    DeviceName,
    Feature,
    Inventory,
    Mac,
    Persistence,
    Policy,
    Server,
    ServerDevice,
    State,
    Verdict,
    Waiver,
)
from virtscan.model.facts.persistence import SettingInWords

ON, OFF, UNKNOWN = State
ETH0, ETH1 = nic("eth0"), nic("eth1")
BOND = bond("bond0", "eth0", "eth1")


def states(server: Server) -> list[State]:
    return [stack.tx for stack in sending_stacks(server)]


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ((sends(ETH0, OFF, ON),), [ON]),
        ((sends(ETH0, OFF, OFF),), [OFF]),
        ((sends(ETH0, OFF, UNKNOWN),), [OFF]),
        ((sends(ETH0, OFF),), [OFF]),
        ((sends(ETH0, ON, OFF),), [ON]),
        ((sends(ETH0, UNKNOWN, ON),), [UNKNOWN]),
        # Of a bond one member suffices.
        ((sends(BOND, ON, ON), sends(ETH0, OFF, OFF), sends(ETH1, OFF, ON)), [ON]),
        ((sends(BOND, ON, ON), sends(ETH0, OFF, OFF), sends(ETH1, OFF, OFF)), [OFF]),
        ((sends(BOND, OFF, OFF), sends(ETH0, OFF, ON), sends(ETH1, OFF, ON)), [OFF]),
        # Each stack by itself.
        ((sends(ETH0, OFF, OFF), sends(ETH1, OFF, ON)), [OFF, ON]),
        ((sends(ETH0, OFF, ON), sends(ETH1, OFF, UNKNOWN)), [ON, OFF]),
        ((sends(ETH0, OFF, ON), sends(ETH1, ON, OFF)), [ON, ON]),
    ],
)
def test_a_stack_that_is_known_to_come_back_on_is_on_after_a_reboot(
    devices: tuple[ServerDevice, ...], expected: list[State]
) -> None:
    assert states(after_reboot(read_server(*devices))) == expected


@pytest.mark.parametrize(
    ("now", "after", "expected"),
    [
        (OFF, ON, ON),
        (OFF, OFF, OFF),
        (OFF, UNKNOWN, OFF),
        (OFF, None, OFF),
        (ON, OFF, ON),
        (UNKNOWN, ON, UNKNOWN),
    ],
)
def test_a_server_without_devices_comes_back_as_its_persistence_states(
    now: State, after: State | None, expected: State
) -> None:
    persistence = None if after is None else Persistence(tx_checksum=after, setting=SettingInWords(text="ifcfg"))

    assert after_reboot(server(tx_checksum=now, persistence=persistence)).tx_checksum is expected


@pytest.mark.parametrize(
    ("devices", "names", "whole", "expected"),
    [
        ((sends(ETH0),), ("eth0",), False, [OFF]),
        ((sends(ETH0),), ("eth9",), False, [ON]),
        ((sends(BOND), sends(ETH0), sends(ETH1)), ("eth0",), False, [ON]),
        ((sends(BOND), sends(ETH0), sends(ETH1)), ("eth0", "eth1"), False, [OFF]),
        ((sends(BOND), sends(ETH0), sends(ETH1)), ("bond0",), False, [OFF]),
        ((sends(ETH0), sends(ETH1)), ("eth1",), False, [ON, OFF]),
        ((), ("eth0",), False, [OFF]),
        ((), ("eth1",), False, [ON]),
        ((), (), True, [OFF]),
    ],
)
def test_devices_that_are_switched_off_are_off_for_good(
    devices: tuple[ServerDevice, ...], names: tuple[str, ...], whole: bool, expected: list[State]
) -> None:
    before = read_server(*devices) if devices else server()
    switched = switched_off(before, [DeviceName(name) for name in names], whole=whole)

    assert states(switched) == expected
    assert all(stack.after_reboot is OFF for stack in sending_stacks(switched) if stack.tx is OFF)


def test_a_server_that_is_switched_off_keeps_no_feature_that_is_on() -> None:
    switched = switched_off(server(features={"tx-checksum-ipv4": Feature(state=ON)}), [DeviceName("eth0")])

    assert (switched.features, switched.reason) == ({}, None)


def named(device: Device, mac: str) -> Device:
    return replace(device, mac=Mac(mac))


def rebooting(server: Server, *guests: str, policy: Policy | None = None) -> Inventory:
    """Put the server and these guests on bond2 of one unfixed hypervisor."""
    others = [domain(name, macvtap(mac=f"52:54:00:00:01:{place:02x}")) for place, name in enumerate(guests)]
    return scene(servers=(server,), beside=(provisioner(), *others), policy=policy)


COMES_BACK = satellite(tx_checksum=OFF, persistence=Persistence(tx_checksum=ON, setting=SettingInWords(text="ifcfg")))


@pytest.mark.parametrize(
    ("looked_at", "expected"),
    [
        (rebooting(COMES_BACK), 1),
        (rebooting(COMES_BACK, "db01", "db02"), 3),
        (
            rebooting(
                satellite(tx_checksum=OFF, persistence=Persistence(tx_checksum=OFF, setting=SettingInWords(text="x")))
            ),
            0,
        ),
        (rebooting(satellite(tx_checksum=OFF)), 0),
        (rebooting(satellite()), 0),
        # What is at risk already, or accepted, is not counted.
        (rebooting(COMES_BACK, "db01", policy=Policy(waivers=(Waiver(reason="ok", domain="db*"),))), 1),
        (
            scene(
                servers=(COMES_BACK, server("z", macs=(Mac(OTHER),))),
                beside=(provisioner(), domain("z", macvtap(mac=OTHER))),
            ),
            1,
        ),
        (scene(servers=(COMES_BACK,), beside=(provisioner(),), kernel="6.1.0"), 0),
        (scene(servers=(replace(COMES_BACK, physical=True),)), 0),
    ],
)
def test_the_interfaces_that_the_next_reboot_puts_at_risk_are_counted(looked_at: Inventory, expected: int) -> None:
    report = correlate(looked_at)

    assert report.at_risk_after_reboot == expected


def test_a_reboot_of_a_stack_whose_bond_member_comes_back_counts() -> None:
    bonded = read_server(
        sends(named(BOND, SERVING), ON, ON),
        sends(named(ETH0, SERVING), OFF, OFF),
        sends(named(ETH1, SERVING), OFF, ON),
    )
    here = hypervisor("hv1", domain("web01", macvtap()), provisioner(), kernel="3.6.5")

    report = correlate(inventory(here, servers=(bonded,)))

    assert report.at_risk_after_reboot == 1
    assert {finding.verdict for finding in report.findings} == {Verdict.MITIGATED}
