"""Declarations and records that an observation contradicts, or that name nothing that is configured."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    UNFIXED_KERNEL,
    domain,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    read_server,
    sends,
)
from tests.correlator.scenes import BOOTING, OTHER, SERVING, finding_of, provisioner, satellite, scene
from virtscan.correlator import correlate
from virtscan.model import Domain, DomainState, GapAbout, Hypervisor, Inventory, Mac, Machine, Netboot
from virtscan.model.reasons import ExclusionContradicted
from virtscan.views.wording.gaps import reason, subject

BESIDE = (provisioner(),)
OTHER_DEVICE = (provisioner(macvtap("bond3", mac=SERVING)),)
PHYSICAL = (satellite(physical=True),)
ON_HV2 = (satellite(runs_on="hv2"),)
SEGMENTS = (satellite(segments=("pxe-a",)),)
VIRTUAL_NIC = nic("eth0", driver="virtio_net", mac=Mac("02:00:00:00:00:01"))
TWO_NICS = (
    read_server(
        sends(nic("eth0", mac=Mac(SERVING), addresses=("192.0.2.1/24",))),
        sends(nic("eth1", driver=None, mac=Mac("02:00:00:00:00:02"), addresses=("198.51.100.1/24",))),
        interface=None,
        physical=True,
    ),
)
PXE_B: dict[str, Any] = {"segments": {"bond2": "pxe-b"}}

SHARED = provisioner(uuid="feaeba9d-69b5-5c17-bd75-53cc89e98cac")
ONE_MACHINE: dict[str, Any] = {"system_uuid": "4c4c4544-0001-1000-8000-000000000001"}


OTHER_UUID = "4c4c4544-0001-1000-8000-000000000002"
RUNNING = tuple(
    domain(f"guest{number}", uuid=f"feaeba9d-69b5-5c17-bd75-53cc89e98c0{number}", state=DomainState.ACTIVE)
    for number in (1, 2)
)
DEFINED = tuple(replace(guest, state=DomainState.INACTIVE) for guest in RUNNING)


def again(*domains: Domain, **more: Any) -> Hypervisor:
    """Describe the first hypervisor, as it is read at another address."""
    return hypervisor("hv2", *domains, **{"devices": (), **ONE_MACHINE, **more})


def recorded(name: str | None, mac: str = BOOTING, system: str = "cobbler") -> Netboot:
    return Netboot(mac=Mac(mac), system="web01", pending=False, source=system, server=name)


def with_records(looked_at: Inventory, *records: Netboot) -> Inventory:
    return replace(looked_at, netboots=records)


TABLE: dict[str, tuple[Inventory, list[str]]] = {
    "nothing": (scene(beside=BESIDE), []),
    # The kernel.
    "an observed kernel that is the declared one": (scene(declared_kernel=UNFIXED_KERNEL), []),
    "an observed kernel that is another one": (
        scene(declared_kernel=FIXED_KERNEL),
        [f"hv1: kernel {FIXED_KERNEL} is declared, but {UNFIXED_KERNEL} is observed (ssh); the observed one is used"],
    ),
    "a declared kernel alone": (scene(kernel=None, declared_kernel=FIXED_KERNEL), []),
    # A physical hypervisor.
    "a physical hypervisor": (scene(physical=True, machine=Machine.PHYSICAL), []),
    "a physical hypervisor that was not looked at": (scene(physical=True), []),
    "a physical hypervisor that is a virtual machine": (
        scene(physical=True, machine=Machine.VIRTUAL),
        ["hv1: physical = true is declared, but a VM is observed; the observation is used"],
    ),
    "a physical hypervisor that is a container": (
        scene(physical=True, machine=Machine.CONTAINER),
        ["hv1: physical = true is declared, but a container is observed; the observation is used"],
    ),
    # A physical server.
    "a physical server": (scene(servers=PHYSICAL), []),
    "a physical server that is a domain": (
        scene(servers=PHYSICAL, beside=BESIDE),
        ["server satellite: physical = true is declared, but its MAC is on hv1; the observation is used"],
    ),
    "a physical server that is a domain of another hypervisor": (
        scene(servers=PHYSICAL, others=(hypervisor("hv2", provisioner()),)),
        ["server satellite: physical = true is declared, but its MAC is on hv2; the observation is used"],
    ),
    "a physical server that is a hypervisor": (
        scene(servers=PHYSICAL, devices=(nic("eth9", mac=Mac(SERVING)),)),
        ["server satellite: physical = true is declared, but its MAC is on hv1; the observation is used"],
    ),
    "a physical server that is a virtual machine": (
        scene(servers=(satellite(physical=True, machine=Machine.VIRTUAL),)),
        ["server satellite: physical = true is declared, but a VM is observed; the observation is used"],
    ),
    "a physical server with a virtual NIC": (
        scene(servers=(read_server(sends(VIRTUAL_NIC), physical=True),)),
        ["server satellite: physical = true is declared, but a VM is observed; the observation is used"],
    ),
    "a physical server with a virtual NIC on bare metal": (
        scene(servers=(read_server(sends(VIRTUAL_NIC), physical=True, machine=Machine.PHYSICAL),)),
        [],
    ),
    "a physical server of which another NIC is a domain's": (
        scene(servers=TWO_NICS, others=(hypervisor("hv2", provisioner()),)),
        ["server satellite: physical = true is declared, but its MAC is on hv2; the observation is used"],
    ),
    # A server that is declared to run on a hypervisor.
    "a server on the hypervisor that is declared": (
        scene(servers=ON_HV2, others=(hypervisor("hv2", provisioner()),)),
        [],
    ),
    "a server that was not found there": (scene(servers=ON_HV2, others=(hypervisor("hv2"),)), []),
    "a server on another hypervisor than declared": (
        scene(servers=ON_HV2, beside=BESIDE, others=(hypervisor("hv2"),)),
        ["server satellite: runs_on = 'hv2' is declared, but its MAC is on hv1; the observation is used"],
    ),
    "a server that is a device of another hypervisor": (
        scene(servers=ON_HV2, devices=(macvlan("mv0", "bond2", mac=Mac(SERVING)),), others=(hypervisor("hv2"),)),
        ["server satellite: runs_on = 'hv2' is declared, but its MAC is on hv1; the observation is used"],
    ),
    "a server on the same machine under another name": (
        scene(
            servers=ON_HV2,
            beside=BESIDE,
            system_uuid="4c4c4544-0001-1000-8000-000000000001",
            others=(hypervisor("hv2", devices=(), system_uuid="4c4c4544-0001-1000-8000-000000000001"),),
        ),
        [],
    ),
    # One hypervisor under two addresses.
    "a hypervisor under two addresses": (
        scene(beside=(SHARED,), others=(again(SHARED),), **ONE_MACHINE),
        ["hv2: same hypervisor as hv1 under another address; its domains are counted twice; remove one address"],
    ),
    "a hypervisor and its sosreport": (
        scene(beside=(SHARED,), others=(again(SHARED, uri="sosreport:/srv/sos/hv1.tar.xz"),), **ONE_MACHINE),
        ["hv2: same hypervisor as hv1 under another address; its domains are counted twice; remove one address"],
    ),
    "two hypervisors of one machine by their drivers": (
        scene(beside=(SHARED,), others=(again(SHARED, uri="lxc+ssh://hv1/"),), **ONE_MACHINE),
        [],
    ),
    "two daemons of one machine with domains of their own": (
        scene(others=(again(uri="qemu+ssh://hv1/session"),), **ONE_MACHINE),
        [],
    ),
    "a hypervisor under two addresses that has no uuid": (
        scene(beside=RUNNING, others=(hypervisor("hv2", *RUNNING),)),
        ["hv2: same hypervisor as hv1 under another address; its domains are counted twice; remove one address"],
    ),
    "two machines that run copies of one another's domains": (
        scene(
            beside=RUNNING,
            others=(hypervisor("hv2", *RUNNING, system_uuid=OTHER_UUID),),
            **ONE_MACHINE,
        ),
        [],
    ),
    "two machines that define the same domains": (
        scene(beside=DEFINED, others=(hypervisor("hv2", *DEFINED),)),
        [],
    ),
    "a machine whose domains were migrated between two sosreports": (
        scene(
            beside=RUNNING,
            others=(hypervisor("hv2", *RUNNING, uri="sosreport:/srv/sos/hv2.tar.xz"),),
            uri="sosreport:/srv/sos/hv1.tar.xz",
        ),
        [],
    ),
    "a domain that two machines define": (scene(beside=(SHARED,), others=(hypervisor("hv2", SHARED),)), []),
    # A record.
    "a record of a configured server": (with_records(scene(), recorded("satellite")), []),
    "a record without a server": (with_records(scene(), recorded(None)), []),
    "a record of another host": (
        with_records(scene(), recorded("boot.example.com")),
        [
            (
                "server boot.example.com: cobbler has it on record, but no configured server has that name or address; "
                "no server is excluded"
            )
        ],
    ),
    "two records of one host": (
        with_records(scene(), recorded("boot"), recorded("boot", OTHER)),
        [
            (
                "server boot: cobbler has it on record, but no configured server has that name or address; "
                "no server is excluded"
            )
        ],
    ),
    # An exclusion.
    "a server that is excluded": (scene(servers=SEGMENTS, **PXE_B), []),
    "an excluded server on another device": (scene(servers=SEGMENTS, beside=OTHER_DEVICE, **PXE_B), []),
    "a server that is excluded by a declaration and on the very device": (
        scene(servers=SEGMENTS, beside=BESIDE, **PXE_B),
        [
            (
                "server satellite: a declaration or record excludes it, but its NIC is on the interface's own device "
                "or carried by it; it is judged anyway"
            )
        ],
    ),
    "a server that is excluded by a record and on the very device": (
        with_records(scene(servers=(satellite(), satellite(name="z", macs=())), beside=BESIDE), recorded("z")),
        [
            (
                "server satellite: a declaration or record excludes it, but its NIC is on the interface's own device "
                "or carried by it; it is judged anyway"
            )
        ],
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_contradiction_is_one_warning(row: str) -> None:
    looked_at, expected = TABLE[row]

    warnings = correlate(looked_at).warnings

    assert [f"{subject(gap)}: {reason(gap)}" for gap in warnings] == expected
    assert {gap.about for gap in warnings} <= {GapAbout.CONFIGURATION}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("an observed kernel that is another one", "R10"),
        ("a physical server", "R10"),
        ("a physical server that is a domain", "R7"),
        ("a physical server that is a virtual machine", "R10"),
        ("a physical server with a virtual NIC", "R11"),
        ("a physical server with a virtual NIC on bare metal", "R10"),
        ("a physical server of which another NIC is a domain's", "R11"),
        ("a server that was not found there", "R10"),
        ("a server on another hypervisor than declared", "R7"),
        ("a record of another host", "R10"),
        ("a server that is excluded", "R4"),
        ("an excluded server on another device", "R4"),
        ("a server that is excluded by a declaration and on the very device", "R7"),
        ("a server that is excluded by a record and on the very device", "R7"),
    ],
)
def test_observation_overrules_the_declaration(row: str, rule: str) -> None:
    assert finding_of(TABLE[row][0]).rule == rule


def test_a_finding_on_an_excluded_server_is_marked() -> None:
    finding = finding_of(TABLE["a server that is excluded by a declaration and on the very device"][0])

    assert ExclusionContradicted(server="satellite", device=finding.source_device) in finding.because


def test_an_excluded_server_on_another_nic_of_its_domain_stays_excluded() -> None:
    guest = domain("sat", macvtap("bond3", mac=SERVING), macvtap("bond2", mac=OTHER, index=1))

    assert finding_of(scene(servers=SEGMENTS, beside=(guest,), **PXE_B)).rule == "R4"


@pytest.mark.parametrize("state", [DomainState.ACTIVE, DomainState.INACTIVE, DomainState.UNKNOWN])
def test_a_physical_server_is_contradicted_by_a_domain_in_any_state(state: DomainState) -> None:
    report = correlate(scene(servers=PHYSICAL, beside=(provisioner(state=state),)))

    assert len(report.warnings) == 1
