"""A cause is proven: without it, the finding would be another one."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from tests.build import FIXED_KERNEL, UNFIXED_KERNEL, hypervisor, inventory, macvtap, server
from tests.changes.nights import pairs_of_nights
from tests.changes.test_compare import BOOTING, SAT, SATELLITE, WEB, difference, on_hv1, satellite, unread, vm
from tests.changes.test_properties import many
from virtscan.changes import Cause, CauseKind, FindingChange, FindingKind, compare
from virtscan.changes.observation import interface_key
from virtscan.correlator.judging import judge
from virtscan.model import (
    Finding,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    Mac,
    Netboot,
    Policy,
    ProvisioningKind,
    Server,
    State,
    Waiver,
)
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import System
from virtscan.views.wording.changes import caused_by

OTHER = Mac("52:54:00:00:00:07")
DHCP = vm(7, macvtap(mac=OTHER))
SOME = (hypervisor("hv3", lists_all_domains=False), hypervisor("hv4", lists_all_domains=False))
WAIVER = Waiver(reason="ISO", domain="vm2")


def dhcp(tx: State) -> Server:
    return server("dhcp", tx, macs=(OTHER,))


def empty(name: str = "hv2", **more: Any) -> Hypervisor:
    return hypervisor(name, kernel=UNFIXED_KERNEL, **more)


def fleet(*hosts: Hypervisor, servers: tuple[Server, ...] = (satellite(),), **more: Any) -> Inventory:
    return inventory(*(hosts or (on_hv1(SATELLITE, DHCP, WEB), empty())), servers=servers, **more)


def causes(old: Inventory, new: Inventory) -> list[tuple[FindingKind, Cause]]:
    """The changes of the finding of WEB."""
    changes = difference(old, new)
    return [(change.kind, change.cause) for change in changes.findings if change.finding.mac == BOOTING]


def offload(name: str, old: str | None, new: str | None) -> Cause:
    return Cause(kind=CauseKind.SERVER_OFFLOAD, server=name, server_interface="eth0", old=old, new=new)


RECORD = Netboot(mac=Mac(BOOTING), system="web", pending=True, source="cobbler main")
NO_RECORDS = Gap(
    item=System(system_kind=ProvisioningKind.COBBLER, system="main"),
    cause=Failure(detail="away"),
    about=GapAbout.PROVISIONING,
)
FAILED = HostStatus.FAILED.value
COMPLETE = HostStatus.COMPLETE.value


@pytest.mark.parametrize(
    ("old", "new", "kind", "cause"),
    [
        pytest.param(
            fleet(servers=(satellite(), dhcp(State.UNKNOWN))),
            fleet(servers=(satellite(State.OFF), dhcp(State.UNKNOWN))),
            FindingKind.UNDECIDED,
            offload("satellite", "on", "off"),
            id="the worst server is another one",
        ),
        pytest.param(
            fleet(servers=(satellite(State.OFF), dhcp(State.UNKNOWN))),
            fleet(servers=(satellite(), dhcp(State.UNKNOWN))),
            FindingKind.NEW,
            offload("satellite", "off", "on"),
            id="a worse server",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE), empty("hv2"), hypervisor("hv3", WEB, kernel=UNFIXED_KERNEL)),
            fleet(on_hv1(SATELLITE), unread("hv2"), empty("hv3")),
            None,
            None,
            id="nothing at risk is not seen",
        ),
        pytest.param(
            fleet(),
            fleet(on_hv1(SATELLITE, DHCP), unread("hv2")),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.HOST_READ, hypervisor="hv2", old=COMPLETE, new=FAILED),
            id="its own hypervisor was read, another one was not",
        ),
        pytest.param(
            fleet(),
            fleet(on_hv1(SATELLITE, DHCP), unread("hv2"), unread("hv3")),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.HOST_READ),
            id="several others were not read",
        ),
        pytest.param(
            fleet(),
            fleet(unread("hv1"), empty()),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.HOST_READ, hypervisor="hv1", old=COMPLETE, new=FAILED),
            id="its own hypervisor was not read",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, DHCP, WEB, lists_all_domains=False)),
            fleet(on_hv1(SATELLITE, DHCP, lists_all_domains=False)),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.INCOMPLETE_LIST, hypervisor="hv1"),
            id="its own hypervisor may have further domains",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, DHCP, WEB), *SOME),
            fleet(on_hv1(SATELLITE, DHCP), *SOME),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.INCOMPLETE_LIST),
            id="several others may have further domains",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, DHCP, WEB), empty(), SOME[0]),
            fleet(on_hv1(SATELLITE, DHCP), unread("hv2"), SOME[0]),
            FindingKind.NOT_SEEN,
            Cause(kind=CauseKind.HOST_READ, hypervisor="hv2", old=COMPLETE, new=FAILED),
            id="one was not read, and another one may have further domains",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, DHCP), unread("hv2")),
            fleet(on_hv1(SATELLITE, DHCP, WEB), empty()),
            FindingKind.SEEN_AGAIN,
            Cause(kind=CauseKind.HOST_READ, hypervisor="hv2", old=FAILED, new=COMPLETE),
            id="another hypervisor was not read before",
        ),
        pytest.param(
            fleet(),
            fleet(empty()),
            FindingKind.NO_LONGER_SCANNED,
            Cause(kind=CauseKind.HOST_REMOVED, hypervisor="hv1"),
            id="its hypervisor is no longer configured",
        ),
        pytest.param(
            fleet(servers=(satellite(State.OFF),)),
            fleet(servers=()),
            FindingKind.NEW,
            Cause(kind=CauseKind.SERVER_REMOVED, server="satellite", server_interface="eth0"),
            id="no server is configured any more",
        ),
        pytest.param(
            fleet(empty()),
            fleet(),
            FindingKind.NEW,
            Cause(kind=CauseKind.HOST_ADDED, hypervisor="hv1"),
            id="its hypervisor is new",
        ),
        pytest.param(
            fleet(on_hv1(WEB), hypervisor("hv2", SATELLITE, kernel=UNFIXED_KERNEL)),
            fleet(on_hv1(SATELLITE, replace(WEB, vcpus=8)), empty()),
            FindingKind.NEW,
            Cause(
                kind=CauseKind.SERVER_PLACE, server="satellite", server_interface="eth0", old="hv2", new="hv1"
            ),
            id="more processors explain nothing, the server's move does",
        ),
        pytest.param(
            fleet(on_hv1(WEB), hypervisor("hv2", SATELLITE, kernel=UNFIXED_KERNEL)),
            fleet(on_hv1(WEB, status=HostStatus.PARTIAL), unread("hv2")),
            FindingKind.NEW,
            Cause(kind=CauseKind.HOST_READ, hypervisor="hv1", old=COMPLETE, new=HostStatus.PARTIAL.value),
            id="the server's hypervisor was not read",
        ),
        pytest.param(
            fleet(policy=Policy(waivers=(replace(WAIVER, server="satellite"),)),
                  servers=(satellite(), dhcp(State.OFF))),
            fleet(policy=Policy(waivers=(replace(WAIVER, server="satellite"),)), servers=(satellite(), dhcp(State.ON))),
            FindingKind.NEW,
            offload("dhcp", "off", "on"),
            id="a server that is not waived",
        ),
        pytest.param(
            fleet(policy=Policy(waivers=(replace(WAIVER, until=date(2026, 11, 22)),))),
            fleet(policy=Policy(waivers=(replace(WAIVER, until=date(2026, 11, 22)),))),
            FindingKind.WAIVER_ENDED,
            Cause(kind=CauseKind.WAIVER),
            id="a waiver that ended",
        ),
        pytest.param(
            fleet(netboots=(RECORD,)),
            fleet(gaps=(NO_RECORDS,)),
            FindingKind.EXPOSURE_FALLEN,
            Cause(kind=CauseKind.SYSTEM_READ, system="main"),
            id="records that were not read",
        ),
        pytest.param(
            fleet(netboots=(RECORD,)),
            fleet(),
            FindingKind.EXPOSURE_FALLEN,
            Cause(kind=CauseKind.RECORD),
            id="a record that is gone",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, WEB, kernel=FIXED_KERNEL)),
            fleet(on_hv1(SATELLITE, WEB, kernel=None)),
            FindingKind.NEW,
            Cause(kind=CauseKind.KERNEL, hypervisor="hv1", old=FIXED_KERNEL),
            id="a kernel that was not read",
        ),
        pytest.param(
            fleet(on_hv1(SATELLITE, WEB), servers=(satellite(State.OFF),)),
            fleet(on_hv1(SATELLITE, WEB, kernel="2.6.32-504.el6.x86_64"), servers=(satellite(),)),
            FindingKind.NEW,
            offload("satellite", "off", "on"),
            id="another unfixed kernel explains nothing",
        ),
    ],
)  # fmt: skip
def test_the_cause_is_what_changed_the_finding(
    old: Inventory, new: Inventory, kind: FindingKind | None, cause: Cause | None
) -> None:
    assert causes(old, new) == ([] if kind is None or cause is None else [(kind, cause)])
    assert cause is None or caused_by(cause)


def test_without_a_proof_the_cause_is_shown_as_unknown() -> None:
    """The NIC of the server's VM is of a model that fills in checksums: no change of a server or of this VM."""
    filling = vm(1, macvtap(mac=SAT, model="e1000"))
    ((kind, cause),) = causes(fleet(on_hv1(filling, WEB)), fleet(on_hv1(SATELLITE, WEB)))

    assert (kind, cause) == (FindingKind.NEW, Cause(kind=CauseKind.UNKNOWN, hypervisor="hv1"))
    assert caused_by(cause) == "Cause unknown, on hv1"


def finding_of(change: FindingChange, inventory: Inventory) -> Finding | None:
    """Judge an inventory; return the finding of the interface of a change, wherever the domain is."""
    about = change.finding
    key = about.domain_key, interface_key(about.mac, about.index)
    some = [
        finding
        for finding in judge(inventory).findings
        if (finding.domain_key, interface_key(finding.mac, finding.index)) == key
    ]
    return some[0] if len(some) == 1 else None


def undone(cause: Cause, inventory: Inventory, other: Inventory) -> Inventory | None:
    """Put the item of a cause from the other inventory into this one; None for a cause without an item."""
    if cause.kind in {CauseKind.SERVER_ADDED, CauseKind.SERVER_REMOVED, CauseKind.SERVER_OFFLOAD}:
        ref = cause.server, cause.server_interface
        mine = [candidate for candidate in inventory.servers if (candidate.name, candidate.interface) != ref]
        theirs = [candidate for candidate in other.servers if (candidate.name, candidate.interface) == ref]
        return replace(inventory, servers=(*mine, *theirs))
    if cause.kind is CauseKind.KERNEL:
        kernels = {host.name: (host.kernel, host.declared_kernel) for host in other.hypervisors}
        hosts = tuple(
            replace(host, kernel=kernels[host.name][0], declared_kernel=kernels[host.name][1])
            if host.name == cause.hypervisor and host.name in kernels
            else host
            for host in inventory.hypervisors
        )
        return replace(inventory, hypervisors=hosts)
    return None


@pytest.mark.long
@many
@given(st.data())
def test_a_cause_undone_changes_the_finding(data: DataObject) -> None:
    """Undone on the newer side, or brought about on the older one: of two causes at once each may be enough alone."""
    old, new = data.draw(pairs_of_nights())
    for change in compare(old, new, judge).findings:
        without, alone = undone(change.cause, new, old), undone(change.cause, old, new)
        if without is None or alone is None or change.old is None or change.new is None:
            continue
        sides = ((without, new), (alone, old))
        assert any(_verdict(change, changed) != _verdict(change, side) for changed, side in sides), change


def _verdict(change: FindingChange, inventory: Inventory) -> object:
    finding = finding_of(change, inventory)
    return None if finding is None else (finding.verdict, finding.server, finding.waived)
