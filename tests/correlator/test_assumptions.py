"""Inventories under assumptions."""

from datetime import timedelta

import msgspec
import pytest

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    bond,
    domain,
    hypervisor,
    inventory,
    macvtap,
    nic,
    server,
)
from virtscan.correlator import correlate
from virtscan.correlator.assumptions import Assumed, assume, parse_assumption
from virtscan.errors import ConfigError
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    HostStatus,
    Inventory,
    Mac,
    Offload,
    Policy,
    Server,
    ServerDevice,
    State,
    Verdict,
)

SERVER_MAC = Mac("52:54:00:00:01:01")


def fleet(*servers: Server) -> Inventory:
    """Two unfixed hypervisors with a VM each, both on a bond; the server is a VM on hv1, observed or not."""
    tap = Device(name=DeviceName("macvtap7"), kind=DeviceKind.MACVLAN, mac=SERVER_MAC, sources=("libvirt",))
    hosts = (
        hypervisor(
            "hv1",
            domain("web01", macvtap(mac="52:54:00:00:00:01")),
            domain("satellite", macvtap(mac=SERVER_MAC, target="macvtap7")),
            kernel=UNFIXED_KERNEL,
            devices=(bond(), nic("eth4"), nic("eth5"), tap),
        ),
        hypervisor(
            "hv2",
            domain("web02", macvtap(mac="52:54:00:00:00:02")),
            kernel=UNFIXED_KERNEL,
            devices=(bond(), nic("eth4"), nic("eth5")),
        ),
    )
    return inventory(*hosts, servers=servers or (server(macs=(SERVER_MAC,)),))


def under(*assumptions: str, of: Inventory | None = None) -> Assumed:
    return assume(of or fleet(), map(parse_assumption, assumptions))


def at_risk(inventory: Inventory) -> set[str]:
    return {finding.domain for finding in correlate(inventory).findings if finding.verdict is Verdict.AT_RISK}


def test_without_an_assumption_nothing_changes() -> None:
    assert assume(fleet(), ()).inventory == fleet()
    assert at_risk(fleet()) == {"web01"}


def test_a_server_is_switched_off_and_on_again() -> None:
    assert at_risk(under("satellite tx=off").inventory) == set()
    (switched,) = under("satellite tx=off").inventory.servers
    assert at_risk(under("satellite tx=on", of=fleet(switched)).inventory) == {"web01"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("satellite tx=off", "satellite tx=on"),
        ("satellite tx=off", "satellite:eth0 tx=on"),
        ("satellite:eth0 tx=off", "satellite tx=on"),
        ("hv1 kernel=3.15.0", "hv1 kernel=2.6.32"),
        ("satellite runs_on=hv1", "satellite runs_on=hv2"),
    ],
)
def test_assumptions_that_contradict_each_other_are_refused(first: str, second: str) -> None:
    with pytest.raises(ConfigError, match=f"^--assume '{first}' and '{second}' contradict each other; omit one$"):
        under(first, second)


def test_the_same_assumption_twice_is_not_a_contradiction() -> None:
    assert at_risk(under("satellite tx=off", "satellite tx=off").inventory) == set()


def test_names_may_be_typed_without_their_domain() -> None:
    hosts = (
        hypervisor("kvm01.example.com", domain("web01", macvtap()), kernel=UNFIXED_KERNEL),
        hypervisor("kvm02.ams.example.com", kernel=UNFIXED_KERNEL),
        hypervisor("kvm02.fra.example.com", kernel=UNFIXED_KERNEL),
    )
    assumed = inventory(*hosts, servers=(server("satellite.example.com"),))

    assert at_risk(assumed) == {"web01"}
    assert at_risk(under("satellite tx=off", of=assumed).inventory) == set()
    assert at_risk(under("satellite:eth0 tx=off", of=assumed).inventory) == set()
    assert at_risk(under(f"kvm01 kernel={FIXED_KERNEL}", of=assumed).inventory) == set()
    (moved,) = under("satellite runs_on=kvm02.ams", of=assumed).inventory.servers
    assert moved.runs_on == "kvm02.ams.example.com"
    with pytest.raises(ConfigError) as refused:
        under("satellite runs_on=kvm02", of=assumed)
    problem = "ambiguous name 'kvm02' (kvm02.ams.example.com, kvm02.fra.example.com); give more of the name"
    assert str(refused.value) == f"--assume 'satellite runs_on=kvm02': {problem}"
    with pytest.raises(ConfigError, match="contradict each other"):
        under("satellite tx=off", "satellite.example.com tx=on", of=assumed)


def test_facts_that_are_too_old_do_not_undo_an_assumption() -> None:
    old = fleet(server(source="ssh://root@satellite", observed_at=TAKEN_AT - timedelta(days=400), tx_checksum=State.ON))
    aged = msgspec.structs.replace(old, policy=Policy(max_age=86400.0))

    assert at_risk(under("satellite tx=on", of=aged).inventory) == {"web01", "satellite", "web02"}
    assert at_risk(under("satellite tx=off", of=aged).inventory) == set()


def test_every_device_of_a_server_is_switched_or_only_the_one_that_is_named() -> None:
    bonded = Device(name=DeviceName("bond0"), kind=DeviceKind.BOND, lower=(DeviceName("eth0"), DeviceName("eth1")))
    on = Offload(tx_checksum=State.ON)
    devices = tuple(ServerDevice(device=device, offload=on) for device in (bonded, nic("eth0"), nic("eth1")))
    observed = fleet(server(interface="bond0", macs=(SERVER_MAC,), devices=devices))

    (whole,) = under("satellite tx=off", of=observed).inventory.servers
    (part,) = under("satellite:eth1 tx=off", of=observed).inventory.servers

    assert (whole.tx_checksum, [device.offload.tx_checksum for device in whole.devices]) == (State.OFF, [State.OFF] * 3)
    assert (part.tx_checksum, [device.offload.tx_checksum for device in part.devices]) == (
        State.ON,
        [State.ON, State.ON, State.OFF],
    )


def test_a_hypervisor_gets_another_kernel_whatever_was_observed() -> None:
    assert at_risk(under(f"hv1 kernel={FIXED_KERNEL}").inventory) == set()
    assert at_risk(under(f"hv2 kernel={FIXED_KERNEL}").inventory) == {"web01"}


def test_a_server_that_moves_frees_its_old_neighbours_and_puts_the_new_ones_at_risk() -> None:
    assumed = under("satellite runs_on=hv2")

    assert at_risk(assumed.inventory) == {"web02"}
    assert assumed.moved == {
        ("hv2", fleet().hypervisors[1].uri, "satellite"): ("hv1", fleet().hypervisors[0].domains[1].origin, "satellite")
    }
    assert "macvtap7" not in {device.name for device in assumed.inventory.hypervisors[0].devices}
    assert correlate(assumed.inventory).warnings == correlate(fleet()).warnings


def test_a_server_not_known_as_a_vm_is_assumed_to_be_on_the_hypervisor() -> None:
    elsewhere = fleet(server(physical=True))

    (moved,) = under("satellite runs_on=hv2", of=elsewhere).inventory.servers

    assert (moved.runs_on, moved.physical) == ("hv2", False)


def test_a_hypervisor_is_evacuated_onto_another() -> None:
    assumed = under("hv2 runs_on=hv1")

    first, second = assumed.inventory.hypervisors
    assert ([domain.name for domain in first.domains], second.domains) == (["web01", "satellite", "web02"], ())
    assert at_risk(assumed.inventory) == {"web01", "web02"}
    assert len(assumed.moved) == 1


@pytest.mark.parametrize(
    ("source", "target", "after"),
    [
        (HostStatus.COMPLETE, HostStatus.COMPLETE, HostStatus.COMPLETE),
        (HostStatus.PARTIAL, HostStatus.COMPLETE, HostStatus.PARTIAL),
        (HostStatus.FAILED, HostStatus.COMPLETE, HostStatus.PARTIAL),
        (HostStatus.FAILED, HostStatus.FAILED, HostStatus.FAILED),
    ],
)
def test_unread_domains_of_a_hypervisor_move_too(source: HostStatus, target: HostStatus, after: HostStatus) -> None:
    hosts = (hypervisor("hv1", status=source), hypervisor("hv2", domain("web02"), status=target))

    _, second = under("hv1 runs_on=hv2", of=inventory(*hosts)).inventory.hypervisors

    assert (second.status, [domain.name for domain in second.domains]) == (after, ["web02"])


def test_a_list_of_domains_that_may_be_shorter_stays_so_when_they_move() -> None:
    hosts = (hypervisor("hv1", domain("web01"), lists_all_domains=False), hypervisor("hv2"))

    _, second = under("hv1 runs_on=hv2", of=inventory(*hosts)).inventory.hypervisors

    assert not second.lists_all_domains


def test_the_first_place_of_a_domain_that_moves_twice_is_remembered() -> None:
    there_and_back = under("hv2 runs_on=hv1", "hv1 runs_on=hv2")

    assert {new[0]: old[0] for new, old in there_and_back.moved.items() if new[2] == "web02"} == {"hv2": "hv2"}


def test_a_server_that_is_the_hypervisor_itself_can_not_be_moved() -> None:
    own = Device(name=DeviceName("bond9"), kind=DeviceKind.BOND, mac=SERVER_MAC, sources=("libvirt",))
    assumed = inventory(
        hypervisor("hv1", domain("web01", macvtap()), devices=(bond(), own)),
        hypervisor("hv2"),
        servers=(server(macs=(SERVER_MAC,)),),
    )

    with pytest.raises(ConfigError, match=r"^--assume 'satellite runs_on=hv2': satellite is the hypervisor hv1 itself"):
        under("satellite runs_on=hv2", of=assumed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("satellite", r"invalid assumption 'satellite'; write 'SERVER tx=off'"),
        ("tx=off", r"invalid assumption 'tx=off'; write"),
        ("satellite tx=", r"invalid assumption"),
        ("satellite rx=off", r"unknown fact 'rx'; write one of tx, runs_on, kernel"),
        ("satellite runson=hv2", r"unknown fact 'runson'; did you mean 'runs_on'"),
        ("satellite tx=maybe", r"invalid value 'maybe'; write tx=on or tx=off"),
        ("hv1 kernel=new", r"'new' is not a kernel release; write it as uname -r prints it"),
        ("satelite tx=off", r"no server is named 'satelite'; did you mean 'satellite'"),
        ("satellite:eth9 tx=off", r"no server is named 'satellite:eth9'; did you mean 'satellite'"),
        ("hv9 kernel=3.15.0", r"no hypervisor is named 'hv9'; did you mean 'hv"),
        ("satellite runs_on=kvm", r"no hypervisor is named 'kvm'; there are hv1, hv2"),
        ("nas runs_on=hv2", r"no server or hypervisor is named 'nas'; there are hv1, hv2, satellite"),
    ],
)
def test_invalid_assumption_is_refused_with_a_suggestion(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^--assume.*: {message}"):
        under(text)
