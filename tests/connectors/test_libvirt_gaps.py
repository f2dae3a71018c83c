"""Gaps of a hypervisor: exactly the missing items."""

import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import libvirt
import pytest

from tests.analyzer.reading import read_domain
from tests.build import bond, failure, nic
from tests.harness.definitions import (
    COMPUTER,
    bond_xml,
    card_xml,
    direct,
    domain_xml,
    interface_xml,
    macvtap_network,
    on_bridge,
    on_network,
)
from tests.harness.libvirt_scan import scan
from tests.harness.libvirtd import Libvirtd
from tests.harness.patience import LONG
from tests.harness.rpc_proxy import Call, Procedure, RpcProxy, proxy_to, string
from virtscan.connectors.host_draft import HostDraft
from virtscan.connectors.libvirt.devices import DeviceReader
from virtscan.connectors.libvirt.errors import LONGEST
from virtscan.connectors.libvirt.host import read
from virtscan.connectors.libvirt.lists import Lists
from virtscan.connectors.libvirt.request_pipeline import MOST_WAITING, PipelinedCall
from virtscan.connectors.libvirt.session import Session, open_read_only
from virtscan.errors import ConnectorError
from virtscan.model import (
    Backing,
    Device,
    DeviceKind,
    Domain,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    SourceMode,
    Target,
    TargetKind,
)
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of

SASL = 1
TEN_DOMAINS = [domain_xml(f"vm{number}", direct("bond2")) for number in range(10)]
BOND = bond_xml("bond2", "eth4", "eth5")

TRIES = 3

Reply = Callable[[Call], bytes | None]


def void(_value: object) -> None:
    """The daemon answers after all."""


def names(hypervisor: Hypervisor) -> list[str]:
    return [domain.name for domain in hypervisor.domains]


def said(gaps: tuple[Gap, ...], address: str) -> list[tuple[str, GapAbout]]:
    return [(subject_of(gap).removeprefix(f"{address} "), gap.about) for gap in gaps]


def fails(code: int, message: str) -> Reply:
    return lambda call: call.error(code, message)


def once(answer: Reply, *, on: int = 1) -> Reply:
    """An answer to one call only."""
    seen = iter(range(1, 1_000_000))
    lock = threading.Lock()

    def answered(call: Call) -> bytes | None:
        with lock:
            return answer(call) if next(seen) == on else None

    return answered


@pytest.fixture
def ten(libvirtd: Libvirtd, proxy: RpcProxy) -> str:
    return libvirtd.unix(libvirtd.definitions("ten", *TEN_DOMAINS, BOND), socket=proxy.socket)


def test_a_domain_that_vanishes_after_the_list_is_a_gap_and_the_others_are_there(own_libvirtd: Libvirtd) -> None:
    shared = own_libvirtd.unix(Path("/default"))
    writer = libvirt.open(shared)
    for number in range(3):
        writer.defineXML(domain_xml(f"vm{number}"))

    def undefine(_call: Call) -> None:
        writer.lookupByName("vm1").undefine()

    with proxy_to(own_libvirtd.socket) as proxy:
        proxy.answers[Procedure.DOMAIN_XML] = once(undefine)
        address = own_libvirtd.unix(Path("/default"), socket=proxy.socket)
        hypervisor, gaps = scan(address)
    writer.close()

    assert names(hypervisor) == ["test", "vm0", "vm2"]
    assert said(gaps, address) == [("domain vm1", GapAbout.DOMAIN)]
    assert "Domain not found" in reason_of(gaps[0])
    assert hypervisor.status is HostStatus.PARTIAL


def test_a_domain_that_starts_or_stops_after_the_list_has_the_state_of_its_document(own_libvirtd: Libvirtd) -> None:
    writer = libvirt.open(own_libvirtd.unix(Path("/default")))
    writer.lookupByName("test").destroy()
    writer.defineXML(domain_xml("starts", direct("eth4")))
    writer.defineXML(domain_xml("stops", direct("eth5"))).create()

    def both(_call: Call) -> None:
        writer.lookupByName("starts").create()
        writer.lookupByName("stops").destroy()

    with proxy_to(own_libvirtd.socket) as proxy:
        proxy.answers[Procedure.DOMAIN_XML] = once(both)
        hypervisor, _ = scan(own_libvirtd.unix(Path("/default"), socket=proxy.socket), threads=1)
    writer.close()

    assert {domain.name: domain.state for domain in hypervisor.domains} == {
        "starts": DomainState.ACTIVE,
        "stops": DomainState.INACTIVE,
        "test": DomainState.INACTIVE,
    }


def test_a_refused_list_of_the_domains_with_a_next_start_hides_nothing(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    documents = (domain_xml("web01", direct("bond2")), domain_xml("web02", on_network("pxe"), running=False))
    path = libvirtd.definitions("refused-list", *documents, macvtap_network("pxe", "bond2"), BOND)
    calls = iter(range(1_000))

    def refuse_all_but_the_first(call: Call) -> bytes | None:
        return call.error(libvirt.VIR_ERR_ACCESS_DENIED, "access denied") if next(calls) else None

    proxy.answers[Procedure.LIST_ALL_DOMAINS] = refuse_all_but_the_first
    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket), next_start=True, threads=1)

    assert gaps == ()
    assert hypervisor.status is HostStatus.COMPLETE
    assert proxy.calls[Procedure.DOMAIN_XML] == len(("web01", "web01, next start", "web02"))
    assert [a.device for domain in hypervisor.domains for i in domain.interfaces for a in i.attachments] == [
        "bond2"
    ] * 2


@pytest.mark.long
def test_more_domains_than_a_list_can_hold_are_an_error_never_none(libvirtd: Libvirtd) -> None:
    minimal = "<domain type='test'><name>vm{}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    path = libvirtd.definitions("crowd", *(minimal.format(number) for number in range(16385)))

    hypervisor, (gap,) = scan(libvirtd.unix(path))

    assert hypervisor.status is HostStatus.FAILED
    assert "Too many domains '16385' for limit '16384'" in reason_of(gap)
    assert "--xml" in reason_of(gap)


# Tests cut a connection only while one thread uses it: when several are just sending, libvirt's client may crash (see
# most_at_once) and would take all tests with it. The number is given: on a busy machine a near host counts as far.


def test_facts_of_a_daemon_that_dies_are_kept_with_one_gap(own_libvirtd: Libvirtd) -> None:
    path = own_libvirtd.definitions("ten", *TEN_DOMAINS, BOND)
    with proxy_to(own_libvirtd.socket) as proxy:
        proxy.answers[Procedure.DOMAIN_XML] = once(lambda _call: own_libvirtd.kill(), on=7)
        hypervisor, gaps = scan(own_libvirtd.unix(path, socket=proxy.socket), threads=1)

    assert len(gaps) == 1
    assert gaps[0].about is GapAbout.HYPERVISOR
    assert "connection lost" in reason_of(gaps[0])
    assert hypervisor.status is HostStatus.PARTIAL
    assert len(hypervisor.domains) == 6


@pytest.mark.parametrize(
    "procedure", [Procedure.GET_INFO, Procedure.LIST_ALL_NETWORKS, Procedure.LIST_ALL_DOMAINS, Procedure.INTERFACE_XML]
)
def test_a_connection_lost_at_any_moment_is_one_gap(ten: str, proxy: RpcProxy, procedure: Procedure) -> None:
    proxy.answers[procedure] = lambda _call: proxy.hang_up()

    _, gaps = scan(ten, threads=1)

    assert [gap.about for gap in gaps] == [GapAbout.HYPERVISOR]


def test_a_domain_that_never_answers_delays_neither_others_nor_their_devices(ten: str, proxy: RpcProxy) -> None:
    # Once in some hundred times libvirt's client sends a call only with the next reply (see most_at_once), which here
    # never comes.
    assert any(reads_all_but_one(ten, proxy) for _ in range(TRIES))


def reads_all_but_one(address: str, proxy: RpcProxy) -> bool:
    """A domain that never answers leaves everything else to be read."""
    proxy.answers[Procedure.DOMAIN_XML] = once(lambda _call: b"")
    draft = HostDraft(Target(kind=TargetKind.LIBVIRT, address=address), name="ten", uri=address)
    thread = threading.Thread(target=read_until_lost, args=(draft,), daemon=True)
    thread.start()
    wait_for(lambda: sum(isinstance(item, Domain) for item in draft._items) == 9)
    wait_for(lambda: any(isinstance(item, Device) for item in draft._items))
    hypervisor, _ = draft.close(failure("deadline"))
    proxy.hang_up()
    thread.join()
    bonds = [device.name for device in hypervisor.devices if device.kind is DeviceKind.BOND]
    return len(hypervisor.domains) == 9 and bonds == ["bond2"]


def read_until_lost(draft: HostDraft) -> None:
    with pytest.raises(ConnectorError):
        read(draft.target, draft, in_fleet=False)


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait for a part of what a try needs."""
    end = time.monotonic() + LONG / 2 / TRIES
    while not happened() and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_domain_that_comes_before_a_list_has_what_its_interfaces_lead_to(tmp_path: Path, before: int) -> None:
    parts = (domain_xml("web01", on_network("pxe")), macvtap_network("pxe", "eth4"), COMPUTER, card_xml("eth4"))
    host = tmp_path / "late.xml"
    host.write_text(f"<node>{''.join(parts)}</node>")
    draft = HostDraft(Target(kind=TargetKind.LIBVIRT, address=f"test://{host}"), name="late", uri="")
    with open_read_only(draft.target.address, draft, allow_unsafe=False) as connection:
        session, lists = Session(connection, draft, in_fleet=False, threads=1), Lists(connection)
        device_reader = DeviceReader(session, lists, ())
        (domain,) = (read_domain(listed.XMLDesc(), origin="") for listed in connection.listAllDomains())
        requests = [
            PipelinedCall(lists.read_networks, device_reader.listed),
            PipelinedCall(lists.read_interfaces, device_reader.listed),
            PipelinedCall(lists.read_node_devices, device_reader.listed),
        ]
        requests.insert(before, PipelinedCall(lambda: None, lambda _: device_reader.follow(domain)))
        session.run(requests)
    hypervisor, gaps = draft.close()

    assert gaps == ()
    assert [network.name for network in hypervisor.networks] == ["pxe"]
    assert [(device.name, device.backing) for device in hypervisor.devices] == [("eth4", Backing.VIRTUAL)]


def test_an_abandoned_reader_stops(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    domains = [domain_xml(f"vm{number}") for number in range(2 * MOST_WAITING)]
    address = libvirtd.unix(libvirtd.definitions("many", *domains), socket=proxy.socket)
    draft = HostDraft(Target(kind=TargetKind.LIBVIRT, address=address), name="many", uri=address)
    proxy.answers[Procedure.DOMAIN_XML] = once(lambda _call: void(draft.close(failure("deadline"))), on=3)

    with pytest.raises(ConnectorError):
        read(draft.target, draft, in_fleet=True, threads=1)

    assert proxy.calls[Procedure.DOMAIN_XML] <= MOST_WAITING


def test_a_document_that_does_not_parse_is_a_gap(ten: str, proxy: RpcProxy) -> None:
    proxy.edits[Procedure.DOMAIN_XML] = lambda body: string(b"<domain>") if b"<name>vm3<" in body else body

    hypervisor, gaps = scan(ten)

    assert len(hypervisor.domains) == 9
    assert said(gaps, ten) == [("domain vm3", GapAbout.DOMAIN)]
    assert "not well-formed" in reason_of(gaps[0])


def test_a_document_that_is_not_text_is_a_gap(ten: str, proxy: RpcProxy) -> None:
    proxy.edits[Procedure.DOMAIN_XML] = lambda body: body.replace(b"<name>vm3<", b"<name>\xff\xfe3<")

    hypervisor, gaps = scan(ten)

    assert len(hypervisor.domains) == 9
    assert said(gaps, ten) == [("domain vm3", GapAbout.DOMAIN)]
    assert "not UTF-8" in reason_of(gaps[0])


def test_a_listed_name_that_is_not_text_hides_no_other(ten: str, proxy: RpcProxy) -> None:
    proxy.edits[Procedure.LIST_ALL_DOMAINS] = lambda body: body.replace(b"vm3", b"\xff\xfe3")

    hypervisor, gaps = scan(ten)

    assert len(hypervisor.domains) == 10
    assert gaps == ()


def test_a_domain_that_is_busy_for_too_long_is_a_gap(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.DOMAIN_XML] = once(
        fails(libvirt.VIR_ERR_OPERATION_TIMEOUT, "Timed out during operation: cannot acquire state change lock")
    )

    hypervisor, gaps = scan(ten)

    assert len(hypervisor.domains) == 9
    assert [gap.about for gap in gaps] == [GapAbout.DOMAIN]
    assert "state change lock" in reason_of(gaps[0])


def test_internal_error_of_libvirt_is_not_reported_as_one_of_virtscan(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.DOMAIN_XML] = once(
        fails(libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: client socket is closed")
    )

    _, gaps = scan(ten)

    assert [reason_of(gap).partition(";")[0] for gap in gaps] == ["client socket is closed"]


@pytest.fixture
def powered_off(libvirtd: Libvirtd, proxy: RpcProxy) -> str:
    """A host with a domain that stands on a network."""
    path = libvirtd.definitions(
        "powered-off", domain_xml("db01", on_network("pxe"), running=False), macvtap_network("pxe", "bond2"), BOND
    )
    return libvirtd.unix(path, socket=proxy.socket)


def assert_device_is_unknown(hypervisor: Hypervisor) -> None:
    ((attachment,),) = [interface.attachments for interface in hypervisor.domains[0].interfaces]
    assert (attachment.device, attachment.mode) == (None, SourceMode.UNKNOWN)


def test_a_network_that_is_gone_is_a_gap(libvirtd: Libvirtd) -> None:
    off = [domain_xml(name, on_network("pxe"), running=False) for name in ("db01", "db02")]
    address = libvirtd.unix(libvirtd.definitions("no-network", *off))

    hypervisor, gaps = scan(address)

    assert said(gaps, address) == [("network pxe", GapAbout.NETWORK)]
    assert "no such network" in reason_of(gaps[0])
    assert_device_is_unknown(hypervisor)


@pytest.mark.parametrize("is_defined", [False, True])
def test_the_network_of_a_pci_device_in_use_is_followed_for_domains_that_are_off(
    libvirtd: Libvirtd, proxy: RpcProxy, is_defined: bool
) -> None:
    networks = [macvtap_network("pxe", "bond2"), BOND] if is_defined else []
    path = libvirtd.definitions("changed-network", *map(domain_xml, ("a", "b")), *networks)
    live = "<interface type='hostdev'><source network='pxe'><address type='pci' bus='0x01'/></source></interface>"
    documents = iter([domain_xml("a", live), domain_xml("b", on_network("pxe"))])
    proxy.edits[Procedure.DOMAIN_XML] = lambda _body: string(next(documents).encode())
    address = libvirtd.unix(path, socket=proxy.socket)

    hypervisor, gaps = scan(address, threads=1)

    if is_defined:
        assert gaps == ()
        assert [device.kind for device in hypervisor.devices if device.name == "bond2"] == [DeviceKind.BOND]
    else:
        assert said(gaps, address) == [("network pxe", GapAbout.NETWORK)]


@pytest.mark.parametrize(
    ("procedure", "code", "clue"),
    [
        (Procedure.LIST_ALL_NETWORKS, libvirt.VIR_ERR_ACCESS_DENIED, "access denied to this user"),
        (Procedure.NETWORK_XML, libvirt.VIR_ERR_NO_NETWORK, "as it is"),
    ],
)
def test_a_network_that_cannot_be_read_is_a_gap(
    powered_off: str, proxy: RpcProxy, procedure: Procedure, code: int, clue: str
) -> None:
    proxy.answers[procedure] = fails(code, "as it is")

    hypervisor, gaps = scan(powered_off)

    assert said(gaps, powered_off) == [("network pxe", GapAbout.NETWORK)]
    assert clue in reason_of(gaps[0])
    assert_device_is_unknown(hypervisor)


def test_a_driver_without_networks_leaves_a_gap_only_where_one_is_used(
    powered_off: str, ten: str, proxy: RpcProxy
) -> None:
    for procedure in (Procedure.LIST_ALL_NETWORKS, Procedure.NUM_OF_NETWORKS):
        proxy.answers[procedure] = fails(libvirt.VIR_ERR_NO_SUPPORT, "not supported by this driver")

    _, gaps = scan(powered_off)

    assert said(gaps, powered_off) == [("network pxe", GapAbout.NETWORK)]
    assert "this driver does not list networks" in reason_of(gaps[0])
    assert scan(ten)[1] == ()


def test_the_network_of_a_running_domain_with_a_known_device_is_not_a_gap(powered_off: str, proxy: RpcProxy) -> None:
    live = "<interface type='direct'><source network='pxe' dev='bond2' mode='bridge'/></interface>"
    proxy.edits[Procedure.DOMAIN_XML] = lambda _body: string(domain_xml("db01", live).encode())
    proxy.answers[Procedure.LIST_ALL_NETWORKS] = fails(libvirt.VIR_ERR_ACCESS_DENIED, "no")

    hypervisor, gaps = scan(powered_off)

    assert gaps == ()
    assert [(i.network, i.attachments[0].device) for i in hypervisor.domains[0].interfaces] == [("pxe", "bond2")]


@pytest.mark.parametrize(
    ("documents", "bonds"),
    [(["running"], ["bond2"]), (["running", "off"], ["bond2", "bond3"]), (["off", "running"], ["bond2", "bond3"])],
)
def test_devices_of_a_network_are_read_once_an_interface_may_get_any_of_them(
    libvirtd: Libvirtd, proxy: RpcProxy, documents: list[str], bonds: list[str]
) -> None:
    path = libvirtd.definitions(
        "pool",
        *(domain_xml(name) for name in documents),
        macvtap_network("pxe", "bond2", "bond3"),
        *(bond_xml(f"bond{number}", f"eth{number}") for number in (2, 3)),
    )
    live = "<interface type='direct'><source network='pxe' dev='bond2' mode='bridge'/></interface>"
    replies = iter({"running": live, "off": on_network("pxe")}[name] for name in documents)
    proxy.edits[Procedure.DOMAIN_XML] = lambda _body: string(domain_xml("any", next(replies)).encode())

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket), threads=1)

    assert gaps == ()
    assert [device.name for device in hypervisor.devices if device.kind is DeviceKind.BOND] == bonds


def test_an_unlisted_device_is_a_gap_only_under_a_macvtap(libvirtd: Libvirtd) -> None:
    path = libvirtd.definitions(
        "no-device", domain_xml("web01", direct("bond2"), direct("bond3"), on_bridge("br0")), bond_xml("bond3", "eth6")
    )
    address = libvirtd.unix(path)

    hypervisor, gaps = scan(address)

    assert said(gaps, address) == [("device bond2", GapAbout.DEVICE)]
    assert hypervisor.status is HostStatus.COMPLETE


@pytest.mark.parametrize("procedure", [Procedure.LIST_ALL_INTERFACES, Procedure.LIST_ALL_NODE_DEVICES])
def test_a_list_of_devices_that_fails_is_one_gap(libvirtd: Libvirtd, proxy: RpcProxy, procedure: Procedure) -> None:
    path = libvirtd.definitions("two-bonds", *TEN_DOMAINS, domain_xml("web01", direct("bond3")), BOND)
    proxy.answers[procedure] = fails(libvirt.VIR_ERR_SYSTEM_ERROR, "no virtinterfaced-sock")

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket))

    assert [gap.about for gap in gaps] == [GapAbout.DEVICE]
    assert "list of" in subject_of(gaps[0])
    assert "no virtinterfaced-sock" in reason_of(gaps[0])
    assert len(hypervisor.domains) == 11


INTERFACES = (Procedure.LIST_ALL_INTERFACES, Procedure.NUM_OF_INTERFACES)
NODE_DEVICES = (Procedure.LIST_ALL_NODE_DEVICES, Procedure.NUM_OF_NODE_DEVICES)


def without(proxy: RpcProxy, *procedures: Procedure) -> None:
    for procedure in procedures:
        proxy.answers[procedure] = fails(libvirt.VIR_ERR_NO_SUPPORT, "not supported by this driver")


def test_gaps_of_a_daemon_without_device_drivers_name_the_packages(ten: str, proxy: RpcProxy) -> None:
    without(proxy, *INTERFACES, *NODE_DEVICES)

    hypervisor, gaps = scan(ten)

    assert said(gaps, ten) == [
        ("list of host interfaces", GapAbout.DEVICE),
        ("list of node devices", GapAbout.DEVICE),
    ]
    assert "libvirt-daemon-driver-interface" in reason_of(gaps[0])
    assert "virtnodedevd, or use --ssh-facts" in reason_of(gaps[1])
    assert hypervisor.devices == ()
    assert hypervisor.status is HostStatus.COMPLETE


@pytest.mark.parametrize(
    ("missing", "interface", "subjects"),
    [
        (INTERFACES, direct("eth4"), []),
        (INTERFACES, direct("bond2"), ["list of host interfaces"]),
        (NODE_DEVICES, direct("bond2"), ["list of node devices"]),
        ((*INTERFACES, *NODE_DEVICES), on_bridge("br0"), []),
    ],
)
def test_a_driver_that_a_daemon_lacks_is_missed_only_under_a_macvtap_that_needs_it(
    libvirtd: Libvirtd, proxy: RpcProxy, missing: tuple[Procedure, ...], interface: str, subjects: list[str]
) -> None:
    path = libvirtd.definitions(
        "lacking", domain_xml("web01", interface), BOND, COMPUTER, card_xml("eth4"), card_xml("eth5")
    )
    address = libvirtd.unix(path, socket=proxy.socket)
    without(proxy, *missing)

    _, gaps = scan(address)

    assert [subject for subject, _ in said(gaps, address)] == subjects


def test_a_device_read_from_another_source_is_not_a_gap(ten: str, proxy: RpcProxy) -> None:
    without(proxy, *INTERFACES, *NODE_DEVICES)
    draft = HostDraft(Target(kind=TargetKind.LIBVIRT, address=ten), name="ten", uri=ten)

    read(draft.target, draft, in_fleet=False)
    draft.add(bond("bond2", "eth4"), nic("eth4"))

    assert draft.close()[1] == ()


@pytest.mark.parametrize("procedure", [Procedure.INTERFACE_XML, Procedure.NODE_DEVICE_XML])
def test_a_device_that_cannot_be_read_is_a_gap(libvirtd: Libvirtd, proxy: RpcProxy, procedure: Procedure) -> None:
    path = libvirtd.definitions(
        "broken-device", domain_xml("web01", direct("eth4")), interface_xml("eth4"), COMPUTER, card_xml("eth4")
    )
    address = libvirtd.unix(path, socket=proxy.socket)
    proxy.edits[procedure] = lambda _body: string(b"<interface/>")

    hypervisor, gaps = scan(address)

    assert said(gaps, address) == [("device eth4", GapAbout.DEVICE)]
    assert [device.name for device in hypervisor.devices] == ["eth4"]


def test_a_device_that_vanishes_after_the_list_is_a_gap(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions("gone", domain_xml("web01", direct("eth4")), COMPUTER, card_xml("eth4"))
    address = libvirtd.unix(path, socket=proxy.socket)
    proxy.answers[Procedure.NODE_DEVICE_XML] = fails(libvirt.VIR_ERR_NO_NODE_DEVICE, "no such device")

    hypervisor, gaps = scan(address)

    assert said(gaps, address) == [("device eth4", GapAbout.DEVICE)]
    assert [(device.name, device.backing) for device in hypervisor.devices] == [("eth4", Backing.UNKNOWN)]


def test_an_interface_that_names_no_device_causes_no_request(ten: str, proxy: RpcProxy) -> None:
    nameless = "<interface type='direct'><source mode='bridge'/></interface>"
    proxy.edits[Procedure.DOMAIN_XML] = lambda _body: string(domain_xml("any", nameless).encode())

    hypervisor, gaps = scan(ten)

    assert gaps == ()
    assert len(hypervisor.domains) == 10
    assert [(device.name, device.kind) for device in hypervisor.devices] == [("bond2", DeviceKind.UNKNOWN)]


def test_host_interfaces_take_precedence_over_node_devices(libvirtd: Libvirtd) -> None:
    path = libvirtd.definitions(
        "two-macs",
        domain_xml("web01", direct("eth4")),
        interface_xml("eth4", mac="52:54:00:00:00:99"),
        COMPUTER,
        card_xml("eth4"),
    )

    hypervisor, _ = scan(libvirtd.unix(path))

    assert [(device.mac, device.backing) for device in hypervisor.devices] == [("52:54:00:00:00:99", Backing.VIRTUAL)]


def test_node_devices_with_similar_names_stay_distinct(libvirtd: Libvirtd) -> None:
    path = libvirtd.definitions(
        "alike",
        domain_xml("web01", direct("eth0.100")),
        COMPUTER,
        card_xml("eth0.100", name="net_eth0_100_52_54_00_00_00_01"),
        card_xml("eth0_100", name="net_eth0_100_52_54_00_00_00_02"),
        card_xml("eth0", name="net_eth0_52_54_00_00_00_03"),
        card_xml("eth0.1", name="net_eth0_1"),
        card_xml("eth0.1", name="another_naming_scheme"),
    )

    hypervisor, gaps = scan(libvirtd.unix(path))

    assert gaps == ()
    assert [(device.name, device.backing) for device in hypervisor.devices] == [
        ("eth0", Backing.UNKNOWN),
        ("eth0.100", Backing.VIRTUAL),
        ("eth0_1", Backing.UNKNOWN),
        ("eth0_100", Backing.VIRTUAL),
    ]


def test_a_node_device_that_is_not_a_network_device_is_ignored(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions("odd", domain_xml("web01", direct("eth4")), COMPUTER, card_xml("eth4"))
    proxy.edits[Procedure.NODE_DEVICE_XML] = lambda _body: string(b"<device><name>net_eth4</name></device>")

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket))

    assert gaps == ()
    assert [(device.name, device.backing) for device in hypervisor.devices] == [("eth4", Backing.UNKNOWN)]


def test_devices_on_top_of_each_other_are_read_once(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions(
        "loop", domain_xml("web01", direct("bond2")), bond_xml("bond2", "bond3"), bond_xml("bond3", "bond2")
    )

    scan(libvirtd.unix(path, socket=proxy.socket))

    assert proxy.calls[Procedure.INTERFACE_XML] == 2


def test_a_driver_without_cpus_and_memory_leaves_no_gap(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.GET_INFO] = fails(libvirt.VIR_ERR_NO_SUPPORT, "not supported by this driver")

    hypervisor, gaps = scan(ten)

    assert gaps == ()
    assert (hypervisor.cpus, hypervisor.status) == (None, HostStatus.COMPLETE)


def test_a_failure_to_read_the_hosts_cpus_and_memory_is_a_gap(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.GET_INFO] = fails(libvirt.VIR_ERR_INTERNAL_ERROR, "no /proc/cpuinfo")

    hypervisor, gaps = scan(ten)

    assert said(gaps, ten) == [("host name, CPUs and memory", GapAbout.DEVICE)]
    assert len(hypervisor.domains) == 10


def test_a_requested_login_is_refused_and_explained(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.AUTH_LIST] = lambda call: call.reply(struct.pack(">II", 1, SASL))
    proxy.answers[Procedure.AUTH_SASL_INIT] = lambda call: call.reply(string(b"PLAIN"))

    hypervisor, (gap,) = scan(ten)

    assert hypervisor.status is HostStatus.FAILED
    assert "virtscan never prompts" in reason_of(gap)


def test_long_messages_of_libvirt_are_cut(ten: str, proxy: RpcProxy) -> None:
    proxy.answers[Procedure.LIST_ALL_DOMAINS] = fails(libvirt.VIR_ERR_INTERNAL_ERROR, "x" * 10 * LONGEST)

    _, (gap,) = scan(ten)

    assert len(reason_of(gap)) < 2 * LONGEST
