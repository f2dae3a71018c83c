from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, bond, domain, hypervisor, inventory, macvtap, nic, server
from virtscan.correlator import correlate
from virtscan.correlator.servers.assignments import is_called
from virtscan.correlator.staleness.aging import aged
from virtscan.model import DeviceName, Exposure, Finding, Inventory, Mac, Netboot, Server, State, Subnet, Verdict
from virtscan.model.reasons import OnRecord

MAC = "52:54:00:93:76:af"
ON = server("satellite", State.ON)
OFF = server("cobbler", State.OFF, source="ssh://root@boot.example.com:2222", addresses=("10.77.0.9/24",))


def fleet(*, addresses: tuple[str, ...] = (), vlan_id: int | None = None) -> Inventory:
    """One macvtap on a bond, and two servers: the one that endangers it, and one that does not."""
    device = replace(bond(), addresses=addresses, vlan_id=vlan_id)
    host = hypervisor(
        "hv1",
        domain("web01", macvtap(mac=MAC)),
        kernel=UNFIXED_KERNEL,
        devices=(device, nic("eth4"), nic("eth5")),
    )
    return inventory(host, servers=(ON, OFF))


def finding(facts: Inventory) -> Finding:
    (only,) = correlate(facts).findings
    return only


def record(server: str | None, *, mac: str = MAC, pending: bool = False) -> Netboot:
    return Netboot(mac=Mac(mac), system="web01", pending=pending, source="cobbler", server=server)


def subnet(network: str, *servers: str, vlan_id: int | None = None) -> Subnet:
    return Subnet(name="pxe", network=network, source="foreman", servers=servers, vlan_id=vlan_id)


@pytest.mark.parametrize("name", ["cobbler", "Boot.example.com.", "boot", "10.77.0.9"])
def test_only_the_server_on_record_for_a_mac_answers_it(name: str) -> None:
    result = finding(replace(fleet(), netboots=(record(name),)))

    assert (result.verdict, result.server) == (Verdict.MITIGATED, "cobbler")
    assert OnRecord(servers=("cobbler",)) in result.because


@pytest.mark.parametrize(
    "netboots",
    [
        (),
        (record(None),),
        (record("other.example.com"),),
        (record("10.77.0.10"),),
        (record("cobbler", mac="52:54:00:00:00:01"),),
        (record("cobbler"), record("other.example.com")),
        (replace(record("cobbler"), is_exclusive=False),),
    ],
)
def test_a_record_that_names_no_known_server_narrows_nothing_down(netboots: tuple[Netboot, ...]) -> None:
    assert finding(replace(fleet(), netboots=netboots)).server == "satellite"


def test_worse_of_two_servers_on_record_decides() -> None:
    assert finding(replace(fleet(), netboots=(record("cobbler"), record("satellite")))).verdict is Verdict.AT_RISK


def test_a_mac_that_is_set_to_netboot_is_pending() -> None:
    assert finding(replace(fleet(), netboots=(record(None, pending=True),))).exposure is Exposure.PENDING


@pytest.mark.parametrize(
    ("addresses", "vlan_id", "subnets", "included"),
    [
        (("10.77.0.5/24",), None, (subnet("10.77.0.0/24", "cobbler"),), True),
        (("10.78.0.5/24",), None, (subnet("10.77.0.0/24", "cobbler"),), False),
        ((), 100, (subnet("10.77.0.0/24", "cobbler", vlan_id=100),), True),
        ((), 101, (subnet("10.77.0.0/24", "cobbler", vlan_id=100),), False),
        # The same VLAN twice may be that of two sites.
        ((), 100, (subnet("10.77.0.0/24", "cobbler", vlan_id=100), subnet("10.78.0.0/24", vlan_id=100)), False),
        # The address is known, and in another subnet than the VLAN's.
        (("10.79.0.5/24",), 100, (subnet("10.77.0.0/24", "cobbler", vlan_id=100),), False),
        (("10.77.0.5/24",), None, (subnet("10.77.0.0/24", "cobbler", "other"),), True),
        (("10.77.0.5/24",), None, (subnet("10.77.0.0/24", "other"),), False),
        (("10.77.0.5/24",), None, (subnet("10.77.0.0/24"),), False),
        (("10.77.0.5/24",), None, (subnet("nonsense", "cobbler"),), False),
    ],
)
def test_a_subnets_servers_are_included_against_a_declaration(
    addresses: tuple[str, ...], vlan_id: int | None, subnets: tuple[Subnet, ...], included: bool
) -> None:
    facts = fleet(addresses=addresses, vlan_id=vlan_id)
    (host,) = facts.hypervisors
    elsewhere = replace(OFF, segments=("pxe-b",))
    result = finding(
        replace(facts, hypervisors=(replace(host, segments={"bond2": "pxe-a"}),), servers=(elsewhere,), subnets=subnets)
    )

    assert result.rule == ("R5" if included else "R4")


def test_a_subnet_from_long_ago_still_includes_its_servers() -> None:
    old = replace(subnet("10.77.0.0/24", "cobbler"), observed_at=TAKEN_AT - timedelta(days=31))
    facts = fleet(addresses=("10.77.0.5/24",))
    (host,) = facts.hypervisors
    facts = replace(
        facts,
        policy=replace(facts.policy, max_age=timedelta(days=7).total_seconds()),
        hypervisors=(replace(host, segments={"bond2": "pxe-a"}),),
        servers=(replace(OFF, segments=("pxe-b",)),),
    )

    assert finding(aged(facts)).rule == "R4"
    assert finding(aged(replace(facts, subnets=(old,)))).rule == "R5"


LONG_AGO = TAKEN_AT - timedelta(days=31)
ELSEWHERE = replace(OFF, segments=("pxe-b",))


def test_a_record_of_a_system_that_does_not_manage_dhcp_includes_its_server_anyway() -> None:
    included = replace(record("cobbler"), is_exclusive=False)

    assert finding(apart(included, servers=(ELSEWHERE,))).rule == "R5"
    assert finding(apart(servers=(ELSEWHERE,))).rule == "R4"


def apart(*netboots: Netboot, servers: tuple[Server, ...]) -> Inventory:
    """Declare another segment for the device than a server's, with an age limit of a week."""
    facts = fleet()
    (host,) = facts.hypervisors
    return replace(
        facts,
        policy=replace(facts.policy, max_age=timedelta(days=7).total_seconds()),
        hypervisors=(replace(host, segments={"bond2": "pxe-a"}),),
        servers=servers,
        netboots=tuple(replace(boot, observed_at=boot.observed_at or TAKEN_AT) for boot in netboots),
    )


@pytest.mark.parametrize(
    ("named", "server_read", "record_read"),
    [
        ("cobbler", TAKEN_AT, LONG_AGO),
        ("10.77.0.9", TAKEN_AT, LONG_AGO),
        ("10.77.0.9", LONG_AGO, TAKEN_AT),
        ("10.77.0.9", None, LONG_AGO),
    ],
)
def test_an_old_record_or_address_still_includes_its_server(
    named: str, server_read: datetime | None, record_read: datetime
) -> None:
    here = replace(ELSEWHERE, observed_at=server_read)
    on_record = replace(record(named), observed_at=record_read)

    assert finding(apart(servers=(here,))).rule == "R4"
    assert finding(apart(on_record, servers=(here,))).rule in {"R5", "R13"}


@pytest.mark.parametrize(("server_read", "record_read"), [(TAKEN_AT, LONG_AGO), (LONG_AGO, TAKEN_AT)])
def test_an_old_record_or_address_excludes_no_other_server(server_read: datetime, record_read: datetime) -> None:
    on_record = replace(record("10.77.0.9"), observed_at=record_read)
    facts = apart(on_record, servers=(ON, replace(OFF, segments=("pxe-a",), observed_at=server_read)))
    fresh = apart(record("10.77.0.9"), servers=(ON, replace(OFF, segments=("pxe-a",), observed_at=TAKEN_AT)))

    assert finding(fresh).server == "cobbler"
    assert finding(facts).server == "satellite"


def test_one_of_two_servers_on_record_is_included_although_its_address_is_old() -> None:
    twin = replace(OFF, name="twin", source="sosreport:twin", observed_at=LONG_AGO)
    here = replace(OFF, observed_at=TAKEN_AT)

    result = finding(apart(record("10.77.0.9"), servers=(here, twin)))

    assert (result.server, result.rule) == ("twin", "R13")


def test_an_address_on_record_may_be_that_of_a_server_that_was_not_read() -> None:
    unread = replace(ELSEWHERE, source="ssh://boot", tx_checksum=State.UNKNOWN, addresses=(), observed_at=None)
    read = replace(unread, addresses=("10.77.0.10/24",), observed_at=TAKEN_AT)

    assert finding(apart(record("10.77.0.9"), servers=(read,))).rule == "R4"
    assert finding(apart(record("10.77.0.9"), servers=(unread,))).rule == "R13"


@pytest.mark.parametrize("also", ["other.example.com", None])
def test_a_record_includes_its_server_whatever_another_record_names(also: str | None) -> None:
    here = replace(ELSEWHERE, observed_at=TAKEN_AT)

    assert finding(apart(record("cobbler"), record(also), servers=(here,))).rule == "R5"


@pytest.mark.parametrize(
    ("name", "source", "wanted", "expected"),
    [
        ("sat", "ssh://sat.ams.example.com", "sat", True),
        ("sat", "ssh://sat.ams.example.com", "sat.ams.example.com", True),
        ("sat", "ssh://sat.ams.example.com", "sat.fra.example.com", False),
        ("sat", "ssh://root@10.77.0.9", "10.77.0.9", True),
        ("sat", "ssh://root@10.77.0.9", "sat.example.com", True),
        ("sat", "ssh://root@10.77.0.9", "capsule.example.com", False),
        ("sat", "ssh://root@[fd00::9]:22", "fd00::9", True),
        ("sat.ams.example.com", "on", "sat", True),
        ("sat.ams.example.com", "on", "satellite", False),
    ],
)
def test_a_server_is_called_by_its_names_and_addresses(name: str, source: str, wanted: str, expected: bool) -> None:
    assert is_called(server(name, source=source), wanted) is expected


def test_record_of_the_mac_precedes_the_record_of_its_network() -> None:
    facts = replace(
        fleet(addresses=("10.77.0.5/24",)),
        netboots=(record("satellite"),),
        subnets=(subnet("10.77.0.0/24", "cobbler"),),
    )

    assert finding(facts).server == "satellite"


def test_an_invalid_address_of_a_server_is_not_a_match() -> None:
    facts = replace(fleet(), netboots=(record("10.77.0.9"),), servers=(ON, replace(OFF, addresses=("nonsense",))))

    assert finding(facts).server == "satellite"


@pytest.mark.parametrize(("mac", "rule"), [(None, "R11"), ("52:54:00:00:00:99", "R4")])
def test_an_interface_without_a_mac_may_be_any_of_those_on_record(mac: str | None, rule: str) -> None:
    far = replace(ON, segments=("a",))
    host = hypervisor(
        "hv1",
        domain("web01", replace(macvtap(), mac=None if mac is None else Mac(mac))),
        kernel=UNFIXED_KERNEL,
        segments={DeviceName("bond2"): "b"},
    )

    assert finding(inventory(host, servers=(far,), netboots=(record("satellite"),))).rule == rule
