"""Hypervisors that are one machine, and those that are domains of others."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import (
    bond,
    bridge,
    bridged,
    device,
    domain,
    hypervisor,
    inventory,
    macvlan,
    macvtap,
    nic,
    tap,
    veth,
)
from virtscan.correlator.location.fleet import Fleet, fleet_of
from virtscan.model import (
    Backing,
    Device,
    DeviceKind,
    Domain,
    DomainState,
    Hypervisor,
    Mac,
    Machine,
)
from virtscan.model.reasons import NeedsNicKinds

UUID = "4c4c4544-004a-1000-8000-c4c04f000001"
A, B, C = (Mac(f"b4:96:91:00:00:0{number}") for number in (1, 2, 3))
INNER = Mac("52:54:00:00:00:02")


def fleet_with(*hosts: Hypervisor, **more: Any) -> Fleet:
    return fleet_of(inventory(*hosts, **more), ())


def marks(*devices: Device, **more: Any) -> dict[str, Any]:
    return {"devices": devices} | more


def eth(mac: Mac | None, name: str = "eth0", **more: Any) -> Device:
    return nic(name, mac=mac, **more)


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        (marks(system_uuid=UUID), marks(system_uuid=UUID), True),
        (marks(system_uuid=UUID), marks(system_uuid=UUID.upper()), True),
        (marks(system_uuid=UUID), marks(system_uuid=UUID[:-1] + "2"), False),
        (marks(system_uuid=UUID), marks(), False),
        *(
            (marks(system_uuid=placeholder), marks(system_uuid=placeholder), False)
            for placeholder in (
                "00000000-0000-0000-0000-000000000000",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
                "11111111-1111-1111-1111-111111111111",
                "03000200-0400-0500-0006-000700080009",
                "00020003-0004-0005-0006-000700080009",
                "12345678-1234-5678-90AB-CDDEEFAABBCC",
                "07090201-0103-0301-0807-060504030201",
                "4c4c4544-0000-2010-8020-80c04f202020",
                "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
            )
        ),
        # The same set of NICs, under whatever names.
        (marks(eth(A), eth(B, "eth1")), marks(eth(B, "em2"), eth(A, "em1")), True),
        (marks(eth(A), eth(B, "eth1")), marks(eth(A), eth(C, "eth1")), False),
        # A list with a gap is a part of the other one.
        (marks(eth(A), eth(B, "eth1")), marks(eth(A)), True),
        (marks(eth(A), eth(B, "eth1")), marks(eth(A), replace(eth(B, "eth1"), backing=Backing.UNKNOWN)), True),
        (
            marks(eth(A), eth(B, "eth1"), system_uuid=UUID),
            marks(eth(A), system_uuid=UUID[:-1] + "2"),
            False,
        ),
        (marks(eth(A), system_uuid=UUID), marks(eth(A), system_uuid=UUID[:-1] + "2"), True),
        # A made-up MAC may be on several machines, or lent to a NIC by the macvtap of a guest.
        (marks(eth(INNER), eth(B, "eth1")), marks(eth(INNER)), False),
        (marks(eth(INNER)), marks(eth(INNER)), False),
        (marks(eth(A), eth(INNER, "eth1")), marks(eth(A), eth(INNER, "eth1")), True),
        (marks(eth(A), eth(B, "eth1")), marks(eth(A), domains=(domain("web01", bridged(mac=A)),)), False),
        (marks(eth(A)), marks(eth(B)), False),
        (marks(eth(None)), marks(eth(None)), False),
        (marks(), marks(), False),
        (marks(eth(C, permanent_mac=A)), marks(eth(A)), True),
        # Devices that every host has say nothing, and don't make two sets differ.
        *(
            (marks(unclear), marks(unclear), False)
            for unclear in (
                device("docker0", DeviceKind.UNKNOWN, mac=A),
                device("virbr0", DeviceKind.UNKNOWN, mac=A),
                device("br-1f", DeviceKind.BRIDGE, mac=A),
                tap("vnet0", mac=A),
                veth("veth1", mac=A),
                macvlan("macvtap0", "eth0", mac=A),
                bond("bond0", mac=A),
            )
        ),
        (marks(eth(A), tap("vnet0", mac=B)), marks(eth(A)), True),
        (marks(device("eth0", DeviceKind.UNKNOWN, mac=A)), marks(eth(A)), True),
        # This machine under two URIs; hosts of the test driver are none.
        (marks(local=True), marks(local=True), True),
        (marks(local=True), marks(), False),
        (marks(eth(A), uri="test:///a"), marks(eth(A), uri="test:///b"), False),
        (marks(eth(A), uri="test+ssh://hv/a", system_uuid=UUID), marks(eth(A), system_uuid=UUID), False),
    ],
)
def test_two_hypervisors_are_one_machine_only_by_what_no_other_machine_has(
    first: dict[str, Any], second: dict[str, Any], is_one: bool
) -> None:
    fleet = fleet_with(hypervisor("hv1", **first), hypervisor("hv2", **second))

    assert (fleet.machines["hv1"] == fleet.machines["hv2"]) is is_one
    assert [host.name for host in fleet.of_machine("hv2")] == (["hv2", "hv1"] if is_one else ["hv2"])


def test_two_machines_identified_with_a_third_are_one() -> None:
    hosts = (
        hypervisor("hv1", devices=(), system_uuid=UUID),
        hypervisor("hv2", devices=(eth(A),)),
        hypervisor("hv3", devices=(eth(A),), system_uuid=UUID),
    )

    fleet = fleet_with(*hosts)

    assert len(set(fleet.machines.values())) == 1
    assert [host.name for host in fleet.of_machine("hv2")] == ["hv2", "hv1", "hv3"]


@pytest.mark.parametrize("names", [("hv1", "hv2", "hv3"), ("hv3", "hv2", "hv1"), ("hv2", "hv3", "hv1")])
def test_a_machine_has_the_first_of_its_names_whatever_was_read_first(names: tuple[str, ...]) -> None:
    fleet = fleet_with(*(hypervisor(name, devices=(), system_uuid=UUID) for name in names))

    assert set(fleet.machines.values()) == {"hv1"}


def test_hypervisors_own_description_of_a_device_precedes_another() -> None:
    fleet = fleet_with(
        hypervisor("hv1", devices=(eth(A, driver="ixgbe"),)),
        hypervisor("hv2", devices=(eth(A, driver=None), tap("vnet0"))),
    )

    assert {name: device.driver for name, device in fleet.devices_of("hv2").items()} == {"eth0": None, "vnet0": None}
    assert {name: device.driver for name, device in fleet.devices_of("hv1").items()} == {"eth0": "ixgbe", "vnet0": None}


def hypervisor_domain(name: str = "inner", **more: Any) -> Domain:
    return domain(name, macvtap(mac=INNER), **more)


@pytest.mark.parametrize(
    ("inner", "around", "hypervisor_domains"),
    [
        (marks(eth(INNER)), (hypervisor_domain(),), ["inner"]),
        (marks(bond("bond0", mac=INNER)), (hypervisor_domain(),), ["inner"]),
        (marks(bridge("br0", mac=INNER)), (hypervisor_domain(),), ["inner"]),
        (marks(eth(C, permanent_mac=INNER)), (hypervisor_domain(),), ["inner"]),
        (marks(eth(INNER)), (hypervisor_domain("b"), hypervisor_domain("a")), ["a", "b"]),
        (marks(system_uuid=UUID), (hypervisor_domain(uuid=UUID.upper()),), ["inner"]),
        # A guest's tap or macvtap has its guest's MAC.
        *(
            (marks(device), (hypervisor_domain(),), [])
            for device in (tap("vnet0", mac=INNER), veth("v0", mac=INNER), macvlan("mv0", "eth0", mac=INNER))
        ),
        (marks(eth(A)), (hypervisor_domain(),), []),
        (marks(device("macvtap0", DeviceKind.UNKNOWN, mac=INNER)), (hypervisor_domain(),), []),
        # In a cluster a guest is defined on every machine, and its macvtap is on the one that runs it.
        (marks(eth(INNER), domains=(hypervisor_domain(),)), (hypervisor_domain(state=DomainState.INACTIVE),), []),
        (
            marks(system_uuid="00000000-0000-0000-0000-000000000000"),
            (hypervisor_domain(uuid="00000000-0000-0000-0000-000000000000"),),
            [],
        ),
        (marks(system_uuid=UUID), (hypervisor_domain(uuid=None),), []),
    ],
)
def test_a_hypervisor_is_a_domain_by_mac_or_uuid(
    inner: dict[str, Any], around: tuple[Domain, ...], hypervisor_domains: list[str]
) -> None:
    places = fleet_with(hypervisor("hv1", *around), hypervisor("hv2", **inner)).hypervisor_domains_on("hv2", "hv1")

    assert [(place.hypervisor, place.domain.name, place.doubts) for place in places] == [
        ("hv1", name, ()) for name in hypervisor_domains
    ]


@pytest.mark.parametrize("others", [(), (eth(B, driver="virtio_net"),), (eth(B),)])
@pytest.mark.parametrize("kind", [DeviceKind.UNKNOWN, DeviceKind.ETHERNET])
def test_a_device_that_may_be_a_nic_or_a_guests_leaves_open_if_its_hypervisor_is_a_domain(
    kind: DeviceKind, others: tuple[Device, ...]
) -> None:
    doubtful = device("web", kind, mac=INNER, lower_complete=False)
    fleet = fleet_with(hypervisor("hv1", hypervisor_domain()), hypervisor("hv2", devices=(*others, doubtful)))
    needed = NeedsNicKinds(hypervisor="hv2", device=None, nics=(doubtful.name,))

    assert [place.doubts for place in fleet.hypervisor_domains_on("hv2", "hv1")] == [(needed,)]
    assert not fleet.is_nested("hv2")
    assert fleet.hypervisors["hv2"].machine is Machine.UNKNOWN


def test_a_hypervisor_that_is_a_domain_by_one_device_may_be_another_one_by_another() -> None:
    nic, doubtful = eth(INNER), device("web", DeviceKind.UNKNOWN, mac=A)
    fleet = fleet_with(
        hypervisor("hv1", hypervisor_domain(), domain("other", macvtap(mac=A))),
        hypervisor("hv2", devices=(doubtful, nic)),
    )

    assert [(place.domain.name, bool(place.doubts)) for place in fleet.hypervisor_domains_on("hv2", "hv1")] == [
        ("inner", False),
        ("other", True),
    ]
    assert fleet.is_nested("hv2")


@pytest.mark.parametrize("machines", [(Machine.PHYSICAL, Machine.UNKNOWN), (Machine.UNKNOWN, Machine.PHYSICAL)])
def test_a_device_of_unknown_kind_on_a_machine_that_is_not_virtual_is_a_guests(machines: tuple[Machine, ...]) -> None:
    doubtful = device("web", DeviceKind.UNKNOWN, mac=INNER)
    fleet = fleet_with(
        hypervisor("hv1", hypervisor_domain()),
        hypervisor("hv2", devices=(eth(B), doubtful), machine=machines[0]),
        hypervisor("hv3", devices=(eth(B),), machine=machines[1]),
    )

    assert fleet.machines["hv2"] == fleet.machines["hv3"]
    assert fleet.hypervisor_domains == {}


def test_a_hypervisor_is_not_a_domain_of_its_own_machine() -> None:
    fleet = fleet_with(
        hypervisor("hv1", hypervisor_domain(), devices=(eth(INNER),)),
        hypervisor("hv2", hypervisor_domain(), devices=(eth(INNER),)),
    )

    assert fleet.hypervisor_domains == {}


def test_a_hypervisor_nested_twice_is_carried_by_the_domain_around_both() -> None:
    outer, middle = Mac("52:54:00:00:00:0a"), Mac("52:54:00:00:00:0b")
    fleet = fleet_with(
        hypervisor("hv1", domain("middle", macvtap(mac=outer))),
        hypervisor("hv2", domain("inner", macvtap(mac=middle)), devices=(eth(outer),)),
        hypervisor("hv3", devices=(eth(middle),)),
    )

    assert [place.domain.name for place in fleet.hypervisor_domains_on("hv3", "hv1")] == ["middle"]
    assert [place.domain.name for place in fleet.hypervisor_domains_on("hv3", "hv2")] == ["inner"]
    assert fleet.hypervisor_domains_on("hv1", "hv3") == ()


def test_hypervisors_that_carry_each_other_end_the_search() -> None:
    first, other = Mac("52:54:00:00:00:0a"), Mac("52:54:00:00:00:0b")
    fleet = fleet_with(
        hypervisor("hv1", domain("a", macvtap(mac=first)), devices=(eth(other),)),
        hypervisor("hv2", domain("b", macvtap(mac=other)), devices=(eth(first),)),
        hypervisor("hv3"),
    )

    assert fleet.hypervisor_domains_on("hv1", "hv3") == ()
