"""Hypervisors read through libvirt: its test driver, here and behind a daemon over every transport."""

import re
import time
from pathlib import Path

import libvirt
import pytest

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
    pci_xml,
    vlan_xml,
)
from tests.harness.libvirt_scan import scan
from tests.harness.libvirtd import Libvirtd, node
from tests.harness.patience import LONG
from tests.harness.rpc_proxy import Procedure, RpcProxy, proxy_to, string
from tests.harness.sshd import Sshd
from virtscan.connectors.host_draft import HostDraft
from virtscan.connectors.libvirt import errors
from virtscan.connectors.libvirt.session import FAR, most_at_once, open_read_only
from virtscan.connectors.observations import Mark
from virtscan.model import (
    Backing,
    DeviceKind,
    DomainState,
    GapAbout,
    HostStatus,
    Hypervisor,
    Mac,
    Machine,
    Plan,
    ServerTarget,
    SourceKind,
    SourceMode,
    State,
    Target,
    TargetKind,
)
from virtscan.scanning import collect
from virtscan.views.wording.gaps import reason, subject

SYSTEM = "4c4c4544-0042-3510-8052-b4c04f4e3731"
OTHER = Mac("8e:11:22:33:44:55")
HOST = (
    domain_xml("web01", direct("bond2.100"), on_network("pxe")),
    domain_xml("db01", on_network("pxe"), running=False),
    domain_xml("ci01", on_bridge("br0")),
    macvtap_network("pxe", "bond2", "bond3"),
    macvtap_network("unused", "bond4"),
    vlan_xml("bond2.100", 100, "bond2"),
    bond_xml("bond2", "eth4", "eth5"),
    bond_xml("bond3", "eth6", "eth7"),
    bond_xml("bond4", "eth8", "eth9"),
    COMPUTER,
    pci_xml("pci_0000_01_00_0"),
    *(card_xml(f"eth{number}", parent="pci_0000_01_00_0") for number in range(4, 10)),
)


@pytest.fixture(scope="module")
def definitions(libvirtd: Libvirtd) -> Path:
    return libvirtd.definitions("hv1", *HOST)


def devices(hypervisor: Hypervisor) -> dict[str, tuple[DeviceKind, tuple[str, ...], Backing]]:
    return {device.name: (device.kind, device.lower, device.backing) for device in hypervisor.devices}


def assert_is_the_host(hypervisor: Hypervisor) -> None:
    assert hypervisor.name == "hv1"
    assert hypervisor.status is HostStatus.COMPLETE
    assert (hypervisor.cpus, hypervisor.memory_mib) == (16, 65536)
    assert {domain.name: domain.state for domain in hypervisor.domains} == {
        "ci01": DomainState.ACTIVE,
        "db01": DomainState.INACTIVE,
        "web01": DomainState.ACTIVE,
    }
    by_name = {domain.name: domain for domain in hypervisor.domains}
    assert [(a.device, a.mode) for i in by_name["db01"].interfaces for a in i.attachments] == [
        ("bond2", SourceMode.BRIDGE),
        ("bond3", SourceMode.BRIDGE),
    ]
    assert [network.name for network in hypervisor.networks] == ["pxe"]
    assert devices(hypervisor) == {
        "bond2": (DeviceKind.BOND, ("eth4", "eth5"), Backing.UNKNOWN),
        "bond2.100": (DeviceKind.VLAN, ("bond2",), Backing.UNKNOWN),
        "bond3": (DeviceKind.BOND, ("eth6", "eth7"), Backing.UNKNOWN),
        **{f"eth{number}": (DeviceKind.ETHERNET, (), Backing.PHYSICAL) for number in range(4, 8)},
        **dict.fromkeys(("bond4", "eth8", "eth9"), (DeviceKind.UNKNOWN, (), Backing.UNKNOWN)),
    }
    assert {device.name for device in hypervisor.devices if device.lower_complete} == {
        *("bond2", "bond2.100", "bond3"),
        *(f"eth{number}" for number in range(4, 8)),
    }
    assert {str(device.mac) for device in hypervisor.devices if device.name.startswith("eth")} == {"52:54:00:00:00:01"}
    assert hypervisor.lists_all_domains
    assert not hypervisor.lists_all_devices
    assert (hypervisor.system_uuid, hypervisor.daemon, hypervisor.local) == (SYSTEM, None, False)


def test_a_host_of_the_test_driver_is_read_with_all_that_its_interfaces_lead_to(tmp_path: Path) -> None:
    path = tmp_path / "hv1.xml"
    path.write_text(node(*HOST))

    hypervisor, gaps = scan(f"test://{path}")

    assert gaps == ()
    assert_is_the_host(hypervisor)


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_a_daemon_gives_equal_facts_over_every_transport(libvirtd: Libvirtd, definitions: Path, transport: str) -> None:
    hypervisor, gaps = scan(libvirtd.unix(definitions) if transport == "unix" else libvirtd.tcp(definitions))

    assert gaps == ()
    assert_is_the_host(hypervisor)


def test_a_daemon_gives_equal_facts_over_ssh(libvirtd: Libvirtd, definitions: Path, sshd: Sshd, tmp_path: Path) -> None:
    address = libvirtd.ssh(definitions, sshd, netcat=tmp_path / "netcat")

    hypervisor, gaps = scan(address, allow_unsafe=True)
    refused, reasons = scan(address)

    assert gaps == ()
    assert_is_the_host(hypervisor)
    assert refused.status is HostStatus.FAILED
    assert "--allow-unsafe-uri" in reason(reasons[0])


def test_ssh_never_prompts_for_a_password(libvirtd: Libvirtd, sshd: Sshd) -> None:
    sshd.authorized_keys.write_text("")
    address = f"test+ssh://{sshd.user}@127.0.0.1:{sshd.port}/default?command={sshd.client}&no_tty=0"

    hypervisor, (gap,) = scan(address, allow_unsafe=True)

    assert hypervisor.status is HostStatus.FAILED
    assert "SSH login refused" in reason(gap)


def test_an_unknown_host_key_is_refused_and_explained(sshd: Sshd) -> None:
    sshd.known_hosts.write_text("")

    _, (gap,) = scan(f"test+ssh://{sshd.user}@127.0.0.1:{sshd.port}/default?command={sshd.client}", allow_unsafe=True)

    assert "unknown SSH host key" in reason(gap)


FIRST_CALL = "head -c 28 >/dev/null"
"""Takes libvirt's first call, which is a header alone: a client that ends before it is sent fails in another way."""


@pytest.mark.parametrize("words", ["sh: 1: nc: not found", "bash: nc: command not found"])
def test_a_missing_netcat_is_recognised_in_the_message_of_every_shell(words: str, tmp_path: Path) -> None:
    client = tmp_path / "ssh"
    client.write_text(f"#!/bin/sh\n{FIRST_CALL}; echo '{words}' >&2; exit 127\n")
    client.chmod(0o755)

    _, (gap,) = scan(f"test+ssh://hv1/default?command={client}", allow_unsafe=True)

    assert "neither virt-ssh-helper nor netcat" in reason(gap)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("Unable to negotiate with 192.0.2.1: no matching host key type found. Their offer: ssh-rsa", "allow one that"),
        (
            "Unable to negotiate with 192.0.2.1: no matching key exchange method found.",
            "allow one that the host offers",
        ),
        ("ssh_dispatch_run_fatal: Connection to 192.0.2.1 port 22: error in libcrypto", "crypto policy refuses"),
        ("Ncat: No such file or directory.", "check that libvirtd is running, and that this user may use its socket"),
        ("ssh: connect to host hv1 port 2222: Connection refused", "check that the host is up and runs sshd"),
    ],
)
def test_messages_of_old_hosts_and_of_their_ssh_have_advice(words: str, advice: str, tmp_path: Path) -> None:
    client = tmp_path / "ssh"
    client.write_text(f"#!/bin/sh\n{FIRST_CALL}; echo '{words}' >&2; exit 255\n")
    client.chmod(0o755)

    _, (gap,) = scan(f"test+ssh://hv1/default?command={client}", allow_unsafe=True)

    assert advice in reason(gap)


def test_a_message_that_is_not_utf_8_is_a_gap(tmp_path: Path) -> None:
    client = tmp_path / "ssh"
    client.write_text(f"#!/bin/sh\n{FIRST_CALL}; printf '\\377\\376 no' >&2; exit 255\n")
    client.chmod(0o755)

    hypervisor, _ = scan(f"test+ssh://hv1/default?command={client}", allow_unsafe=True)

    assert hypervisor.status is HostStatus.FAILED


@pytest.mark.parametrize("daemon", ["virtnetworkd", "virtnodedevd", "virtqemud"])
def test_a_missing_daemon_is_named(daemon: str) -> None:
    error = libvirt.libvirtError.__new__(libvirt.libvirtError)  # not of the last error
    message = f"Failed to connect socket to '/var/run/libvirt/{daemon}-sock-ro': No such file or directory"
    error.err = (38, 7, message, 2, None, None, None, 2, -1)

    assert errors.reason(error) == f"{message}; check that {daemon} is running"


def test_a_write_is_refused_on_the_connection(libvirtd: Libvirtd) -> None:
    address = libvirtd.unix(Path("/default"))
    draft = HostDraft(Target(kind=TargetKind.LIBVIRT, address=address), name="", uri="")

    with open_read_only(address, draft, allow_unsafe=False) as connection:
        (domain,) = connection.listAllDomains()
        with pytest.raises(libvirt.libvirtError) as refused:
            domain.destroy()
        with pytest.raises(libvirt.libvirtError) as also_refused:
            connection.defineXML(domain_xml("new"))

    assert refused.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED
    assert also_refused.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED


def test_only_the_networks_and_devices_in_use_are_fetched_each_in_one_round_trip(
    libvirtd: Libvirtd, definitions: Path, proxy: RpcProxy
) -> None:
    scan(libvirtd.unix(definitions, socket=proxy.socket))

    opening = {1, 60, 66}
    closing = {2}
    assert {number: proxy.calls[number] for number in proxy.calls if number not in opening | closing} == {
        Procedure.GET_INFO: 1,
        Procedure.GET_MEMORY_STATS: 1,
        Procedure.LIST_ALL_DOMAINS: 1 + len(Mark),
        Procedure.DOMAIN_XML: 3,
        Procedure.LIST_ALL_NETWORKS: 1,
        Procedure.NETWORK_XML: 1,
        Procedure.LIST_ALL_INTERFACES: 1,
        Procedure.INTERFACE_XML: 3,
        Procedure.LIST_ALL_NODE_DEVICES: 1,
        Procedure.NODE_DEVICE_XML: 4 + len({"pci_0000_01_00_0", "computer"}),
    }


def test_devices_that_no_interface_leads_to_are_listed_with_their_macs(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions(
        "listed",
        domain_xml("web01", direct("eth4")),
        COMPUTER,
        card_xml("eth4"),
        card_xml("macvlan0", mac="8e:11:22:33:44:55"),
        card_xml("tap-7", name="net_tap_7_8e_11_22_33_44_66", mac="8e:11:22:33:44:66"),
        card_xml("lo", mac="00:00:00:00:00:00"),
        interface_xml("tap-7", mac="8e:11:22:33:44:66"),
        interface_xml("br-ex", mac="8e:11:22:33:44:77"),
    )

    hypervisor, _ = scan(libvirtd.unix(path, socket=proxy.socket))

    assert {device.name: device.mac for device in hypervisor.devices} == {
        "br-ex": "8e:11:22:33:44:77",
        "eth4": "52:54:00:00:00:01",
        "lo": None,
        "macvlan0": "8e:11:22:33:44:55",
        "tap-7": "8e:11:22:33:44:66",
    }
    assert proxy.calls[Procedure.NODE_DEVICE_XML] == len({"eth4", "computer"})
    assert proxy.calls[Procedure.INTERFACE_XML] == 0


def test_the_devices_that_have_a_mac_of_a_server_are_read(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    mac = "8e:11:22:33:44:55"
    path = libvirtd.definitions(
        "server",
        domain_xml("web01"),
        COMPUTER,
        card_xml("eth4"),
        card_xml("eth5"),
        card_xml("veth-7", name="net_veth_7_8e_11_22_33_44_55", mac=mac),
        interface_xml("eth6", mac=mac),
        interface_xml("eth7", mac="8e:11:22:33:44:66"),
    )

    hypervisor, _ = scan(libvirtd.unix(path, socket=proxy.socket), server_macs=frozenset({Mac(mac)}))

    assert devices(hypervisor) == {
        "eth4": (DeviceKind.UNKNOWN, (), Backing.UNKNOWN),
        "eth5": (DeviceKind.UNKNOWN, (), Backing.UNKNOWN),
        "eth6": (DeviceKind.ETHERNET, (), Backing.UNKNOWN),
        "eth7": (DeviceKind.UNKNOWN, (), Backing.UNKNOWN),
        "veth-7": (DeviceKind.UNKNOWN, (), Backing.VIRTUAL),
    }


def test_a_users_own_daemon_does_not_list_all_domains(libvirtd: Libvirtd) -> None:
    path = libvirtd.definitions("user", domain_xml("web01"))
    session = path.with_name("session")
    session.write_text(path.read_text())

    assert scan(libvirtd.unix(path))[0].lists_all_domains
    assert not scan(libvirtd.unix(session))[0].lists_all_domains


def test_node_devices_that_look_alike_in_the_list_are_numbered(libvirtd: Libvirtd) -> None:
    alike = ("8e:11:22:33:44:55", "8e:11:22:33:44:66")
    path = libvirtd.definitions(
        "numbered",
        *(domain_xml("web01"), COMPUTER),
        card_xml("tap-7", name="net_tap_7_8e_11_22_33_44_55", mac=alike[0]),
        card_xml("tap.7", name="net_tap_7_8e_11_22_33_44_66", mac=alike[1]),
    )

    hypervisor, _ = scan(libvirtd.unix(path))

    assert [device.name for device in hypervisor.devices] == ["tap_7", "tap_7#2"]
    assert {device.mac for device in hypervisor.devices} == set(alike)


def test_a_node_device_has_the_name_of_the_host_interface_with_its_mac(libvirtd: Libvirtd) -> None:
    first, second, third = (f"8e:11:22:33:44:{number}" for number in (55, 66, 77))
    path = libvirtd.definitions(
        "named",
        *(domain_xml("web01"), COMPUTER),
        card_xml("tap-7", name="net_tap_7_8e_11_22_33_44_55", mac=first),
        card_xml("tap.7", name="net_tap_7_8e_11_22_33_44_66", mac=second),
        interface_xml("tap.7", mac=second),
        # A bond's member has another MAC than the one that it was listed with.
        card_xml("p1-p1", name="net_p1_p1_8e_11_22_33_44_77", mac=third),
        interface_xml("p1-p1", mac=first),
    )

    hypervisor, _ = scan(libvirtd.unix(path))

    assert {device.name: device.mac for device in hypervisor.devices} == {
        "p1-p1": first,
        "tap.7": second,
        "tap_7": first,
    }


def test_a_pci_device_of_a_network_reaches_no_device_and_its_network_is_not_missed(
    libvirtd: Libvirtd, proxy: RpcProxy
) -> None:
    path = libvirtd.definitions("hostdev", domain_xml("web01"))
    live = "<interface type='hostdev'><source network='vfs'><address type='pci' bus='0x01'/></source></interface>"
    proxy.edits[Procedure.DOMAIN_XML] = lambda _body: string(domain_xml("web01", live).encode())

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket))

    assert gaps == ()
    assert [(i.type, i.network, i.attachments) for i in hypervisor.domains[0].interfaces] == [("hostdev", "vfs", ())]


def test_a_plan_can_request_servers_devices_and_next_starts(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions("plan", domain_xml("web01"), COMPUTER, card_xml("eth4"), card_xml("eth5", mac=OTHER))
    target = Target(kind=TargetKind.LIBVIRT, address=libvirtd.unix(path, socket=proxy.socket))
    server = ServerTarget(name="satellite", kind=SourceKind.DECLARED, declared=State.ON, macs=(OTHER,))

    (host,) = collect(Plan(targets=(target,), servers=(server,), next_start=True)).hypervisors

    assert {device.name: device.backing for device in host.devices} == {
        "eth4": Backing.UNKNOWN,
        "eth5": Backing.VIRTUAL,
    }
    assert proxy.calls[Procedure.DOMAIN_XML] == len({"now", "next"})


@pytest.mark.parametrize("in_fleet", [False, True])
def test_nics_have_the_driver_of_their_parent_and_its_absence_is_not_a_gap(
    libvirtd: Libvirtd, proxy: RpcProxy, in_fleet: bool
) -> None:
    path = libvirtd.definitions(
        "parents",
        domain_xml("web01", *(direct(f"eth{number}") for number in range(4, 8))),
        *(COMPUTER, pci_xml("pci_0000_01_00_0"), pci_xml("pci_0000_02_00_0")),
        *(card_xml(name, parent="pci_0000_01_00_0") for name in ("eth4", "eth5")),
        card_xml("eth6", parent="pci_0000_02_00_0"),
        card_xml("eth7", parent="scsi_host7"),
    )
    # The test driver keeps no driver of a node device.
    first = b"<device><name>pci_0000_01_00_0</name><driver><name>ixgbe</name></driver></device>"
    proxy.edits[Procedure.NODE_DEVICE_XML] = lambda body: (
        string(first) if b"<name>pci_0000_01_00_0</name>" in body else body
    )

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket), in_fleet=in_fleet)

    assert gaps == ()
    assert {device.name: (device.driver, device.backing) for device in hypervisor.devices} == {
        "eth4": ("ixgbe", Backing.PHYSICAL),
        "eth5": ("ixgbe", Backing.PHYSICAL),
        "eth6": (None, Backing.PHYSICAL),
        "eth7": (None, Backing.PHYSICAL),
    }


@pytest.mark.parametrize(
    ("uuid", "identity"),
    [
        ("00000000-0000-0000-0000-000000000000", None),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", None),
        ("03000200-0400-0500-0006-000700080009", None),
        ("4C4C4544-0042-3510-8052-B4C04F4E3731", SYSTEM),
    ],
)
def test_a_placeholder_is_not_the_identity_of_a_machine(
    libvirtd: Libvirtd, proxy: RpcProxy, uuid: str, identity: str | None
) -> None:
    path = libvirtd.definitions("uuid", domain_xml("web01"), COMPUTER, card_xml("eth4"))
    computer = "<device><name>computer</name><capability type='system'><product>KVM</product><hardware>"
    said = f"{computer}<vendor>QEMU</vendor><uuid>{uuid}</uuid></hardware></capability></device>"
    proxy.edits[Procedure.NODE_DEVICE_XML] = lambda _body: string(said.encode())

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket))

    assert gaps == ()
    assert (hypervisor.system_uuid, hypervisor.machine) == (identity, Machine.VIRTUAL)


def test_an_unreadable_computer_device_is_not_a_gap(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions("no-computer", domain_xml("web01"), COMPUTER, card_xml("eth4"))
    proxy.edits[Procedure.NODE_DEVICE_XML] = lambda _body: string(b"<device>")

    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket))

    assert gaps == ()
    assert (hypervisor.system_uuid, hypervisor.machine) == (None, Machine.UNKNOWN)


def test_next_start_of_a_running_domain_is_read_on_request(own_libvirtd: Libvirtd) -> None:
    address = own_libvirtd.unix(Path("/default"))
    writer = libvirt.open(address)
    writer.lookupByName("test").undefine()  # it goes on running, and has no next start
    for name in ("changed", "same"):
        writer.defineXML(domain_xml(name, direct("eth4"))).create()
    writer.defineXML(domain_xml("changed", direct("eth5")))
    writer.defineXML(domain_xml("off", direct("eth4")))
    writer.createXML(domain_xml("transient", direct("eth4")))

    with proxy_to(own_libvirtd.socket) as proxy:
        address_of_proxy = own_libvirtd.unix(Path("/default"), socket=proxy.socket)
        plain, _ = scan(address_of_proxy)
        without = proxy.calls[Procedure.DOMAIN_XML]
        full, gaps = scan(address_of_proxy, next_start=True)
        with_it = proxy.calls[Procedure.DOMAIN_XML] - without
    writer.close()

    assert [gap for gap in gaps if gap.about is GapAbout.DOMAIN] == []
    assert len(plain.domains) == 5
    assert with_it == without + len({"changed", "same"})
    (new,) = (domain for domain in full.domains if domain not in plain.domains)
    assert (new.name, new.state, new.next_start, new.origin) == ("changed", DomainState.INACTIVE, True, full.uri)
    assert [attachment.device for attachment in new.interfaces[0].attachments] == ["eth5"]
    assert full.status is HostStatus.COMPLETE


def test_a_distant_host_is_read_by_several_threads(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    path = libvirtd.definitions("far", *(domain_xml(f"vm{number}") for number in range(32)))

    def delayed(body: bytes) -> bytes:
        time.sleep(FAR * 4)
        return body

    end = time.monotonic() + LONG

    def held(body: bytes) -> bytes:
        while proxy.most_at_once < 2 and time.monotonic() < end:
            time.sleep(0.001)
        return body

    lists = (call for call in Procedure if call.name.startswith("LIST_ALL"))
    proxy.edits = {**dict.fromkeys([Procedure.GET_INFO, *lists], delayed), Procedure.DOMAIN_XML: held}
    hypervisor, gaps = scan(libvirtd.unix(path, socket=proxy.socket), in_fleet=True)

    assert gaps == ()
    assert len(hypervisor.domains) == 32
    assert proxy.most_at_once > 1


def test_domains_that_are_read_before_a_host_is_lost_have_their_devices(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    domains = [domain_xml(f"vm{number}", direct("eth5")) for number in range(9)]
    path = libvirtd.definitions("lost", *domains, card_xml("eth5"))

    def lose(_: object) -> None:
        if proxy.calls[Procedure.DOMAIN_XML] == 5:
            proxy.hang_up()

    proxy.answers[Procedure.DOMAIN_XML] = lose
    hypervisor, _ = scan(libvirtd.unix(path, socket=proxy.socket), threads=1)

    assert len(hypervisor.domains) == 4
    assert [device.name for device in hypervisor.devices] == ["eth5"]


def test_a_host_without_domains_is_complete_and_has_its_devices(libvirtd: Libvirtd, proxy: RpcProxy) -> None:
    empty = libvirtd.definitions("empty", COMPUTER, card_xml("eth5"))

    hypervisor, gaps = scan(libvirtd.unix(empty, socket=proxy.socket))

    assert gaps == ()
    assert hypervisor.status is HostStatus.COMPLETE
    assert (hypervisor.domains, hypervisor.cpus) == ((), 16)
    assert [device.name for device in hypervisor.devices] == ["eth5"]  # it may be a server's


def test_a_configured_name_takes_precedence_over_that_in_the_uri(libvirtd: Libvirtd, definitions: Path) -> None:
    hypervisor, _ = scan(libvirtd.unix(definitions), name="rack7")

    assert hypervisor.name == "rack7"


def test_the_kernel_of_this_machine_is_not_that_of_a_made_up_host(libvirtd: Libvirtd) -> None:
    assert scan("test:///default", ssh_timeout=LONG)[0].kernel is None
    assert scan(libvirtd.unix(Path("/default")), ssh_timeout=LONG)[0].kernel is None


def test_the_time_that_opening_and_reading_took_is_kept(libvirtd: Libvirtd) -> None:
    hypervisor, _ = scan(libvirtd.unix(Path("/default")))

    assert hypervisor.observed_at is not None
    assert hypervisor.open_seconds is not None
    assert hypervisor.open_seconds > 0
    assert hypervisor.read_seconds is not None
    assert hypervisor.read_seconds > 0


def test_hostile_names_are_read_as_they_are(libvirtd: Libvirtd) -> None:
    hostile = ["=cmd|' C calc'!A0", "<script>alert(1)", "\u202egnp.exe", "a" * 3000, "tab\there", "ünï", "{{7*7}}"]
    path = libvirtd.definitions(
        "hostile", *(domain_xml(name, on_network("<pxe>")) for name in hostile), macvtap_network("<pxe>", "bond2")
    )

    hypervisor, gaps = scan(libvirtd.unix(path))

    assert sorted(domain.name for domain in hypervisor.domains) == sorted(hostile)
    assert [network.name for network in hypervisor.networks] == ["<pxe>"]
    assert [subject(gap).rpartition(" ")[2] for gap in gaps] == ["bond2"]


def test_nothing_is_printed(libvirtd: Libvirtd, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text("<node>")

    for address in (
        "test:///default",
        "test:///no/such/file.xml",
        f"test://{broken}",
        libvirtd.unix(Path("/no/such/file.xml")),
        "test+tcp://127.0.0.1:1/default",
        "qemu+ssh://127.0.0.1:1/system",
    ):
        scan(address)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("address", "clue"),
    [
        ("test:///no/such/file.xml", "/no/such/file.xml: No such file or directory"),
        ("test+tcp://127.0.0.1:1/default", "check that libvirtd is running"),
        ("qemu+ssh://127.0.0.1:1/system", "runs sshd on this port|connection closed by"),
        ("qemu+unix:///system?socket=/no/such/libvirt-sock-ro", r"check that libvirtd or virtqemud is running"),
        ("qemu+unix:///system?socket=/no/such/path", "may open its socket"),
        ("qemu+tcp://host.invalid/system", "no such host name"),
        ("qemu+ssh://host.invalid/system", "no such host name|connection closed by"),
        ("qemu://127.0.0.1/system", r"for SSH use DRIVER\+ssh://"),
        ("nosuchalias", r"write a URI, e.g. qemu\+ssh://root@HOST/system, or an alias of libvirt.conf"),
        ("qemu+ssh://hv1/system%0a", "not a libvirt URI"),
        ("qemu+warp://hv1/system", "unknown libvirt transport"),
        ("qemu:///sys tem", "Unable to parse URI"),
    ],
)
def test_the_gap_of_an_unreachable_host_has_the_reason_and_the_remedy(address: str, clue: str) -> None:
    # An ssh that ends very fast leaves its reason unread; libvirt then reports only the broken pipe.
    hypervisor, (gap,) = scan(address)

    assert hypervisor.status is HostStatus.FAILED
    assert re.search(clue, reason(gap))


def test_a_password_in_the_uri_is_in_no_message() -> None:
    hypervisor, (gap,) = scan("qemu+tcp://root:secret@127.0.0.1/a b?password=secret")

    assert "Unable to parse URI qemu+tcp://root:***@127.0.0.1/a b?password=***" in reason(gap)
    assert "secret" not in str((hypervisor, gap))


def test_a_server_other_than_libvirtd_is_recognised(sshd: Sshd) -> None:
    _, (gap,) = scan(f"qemu+tcp://127.0.0.1:{sshd.port}/system")

    assert "the server is not libvirtd" in reason(gap)


@pytest.mark.parametrize(
    ("fastest", "hung", "in_fleet", "most"),
    [
        (FAR / 5, 0, False, 8),
        (FAR * 8, 0, False, 24),
        (float("inf"), 0, False, 24),
        (FAR / 5, 0, True, 1),
        (FAR * 8, 0, True, 24),
        (float("inf"), 0, True, 1),
        (FAR / 5, 2, True, 3),
    ],
)
def test_distant_connections_get_more_concurrent_calls_and_none_waits_for_one_that_hangs(
    fastest: float, hung: int, in_fleet: bool, most: int
) -> None:
    assert most_at_once(fastest, hung, in_fleet=in_fleet, threads=None) == most
    assert most_at_once(fastest, hung, in_fleet=in_fleet, threads=1) == 1
