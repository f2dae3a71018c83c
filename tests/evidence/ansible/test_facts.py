import json
import os
import tempfile
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.build import words
from tests.harness.patience import LONG
from virtscan.correlator.servers.sending import sending
from virtscan.errors import FactsError, OffloadError
from virtscan.evidence.ansible import open_facts, read_facts
from virtscan.model import DeviceName, Machine, Processor, ServerTarget, SourceKind, State
from virtscan.offload import READERS

OFF = {"tx_checksumming": "off", "tx_checksum_ipv4": "off [fixed]", "tx_checksum_ip_generic": "off"}
ETH0 = {
    "device": "eth0",
    "type": "ether",
    "pciid": "0000:00:03.0",
    "macaddress": "52:54:00:AA:BB:CC",
    "ipv4": {"address": "192.0.2.10", "netmask": "255.255.255.0"},
    "ipv6": [{"address": "fe80::1", "prefix": "64", "scope": "link"}],
    "features": OFF | {"tx_udp_tnl_segmentation": "on"},
}


def facts(name: str = "satellite.example.com", **more: Any) -> dict[str, Any]:
    return {
        "ansible_fqdn": name,
        "ansible_hostname": name.partition(".")[0],
        "ansible_kernel": "4.18.0-348.el8.x86_64",
        "ansible_processor_vcpus": 4,
        "ansible_memtotal_mb": 7821,
        "ansible_date_time": {"iso8601": "2026-11-22T10:00:00Z"},
        "ansible_eth0": ETH0,
        **more,
    }


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def target(path: Path, interface: str | None = None, name: str = "satellite") -> ServerTarget:
    return ServerTarget(name=name, kind=SourceKind.ANSIBLE, address=str(path), interface=interface)


@pytest.mark.parametrize("form", ["{}", '{{"ansible_facts": {}}}', "sat | SUCCESS => {}", "sat | success >> {}\n\n"])
def test_facts_read_the_same_in_every_form(form: str) -> None:
    (read,) = read_facts(form.format(json.dumps(facts())).encode())

    (eth0,) = read.devices
    assert (read.kernel, read.cpus, read.memory_mib) == ("4.18.0-348.el8.x86_64", 4, 7821)
    assert read.taken_at == eth0.observed_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert (eth0.mac, eth0.addresses, eth0.backing.value) == ("52:54:00:aa:bb:cc", ("192.0.2.10/24",), "physical")
    assert "tx-udp_tnl-segmentation: on\n" in read.features[eth0.name]


def test_the_output_about_several_hosts_gives_those_that_were_reached() -> None:
    text = (
        "[WARNING]: something\n"
        f"a | SUCCESS => {json.dumps({'ansible_facts': facts('a')}, indent=4)}\n"
        'b | UNREACHABLE! => {\n    "unreachable": true\n}\n'
        f"c | CHANGED => {json.dumps({'ansible_facts': facts('c')})}\n"
    )

    assert [host.names[0] for host in read_facts(text.encode())] == ["a", "c"]


def test_bonds_bridges_and_aliases_are_understood() -> None:
    told = facts(
        ansible_bond0={"device": "bond0", "type": "bonding", "slaves": ["eth0", "eth1"], "mode": "802.3ad"},
        ansible_br_ex={"device": "br-ex", "type": "bridge", "interfaces": ["bond0"]},
        ansible_eth0_1={"device": "eth0:1", "ipv4": {"address": "198.51.100.1", "prefix": "24"}},
        ansible_lo={"device": "lo", "type": "loopback", "ipv4": {"address": "127.0.0.1", "netmask": "255.0.0.0"}},
    )

    (read,) = read_facts(json.dumps(told).encode())

    devices = {device.name: device for device in read.devices}
    assert {name: (device.kind.value, device.lower) for name, device in devices.items()} == {
        "bond0": ("bond", ("eth0", "eth1")),
        "br-ex": ("bridge", ("bond0",)),
        "eth0": ("ethernet", ()),
        "lo": ("unknown", ()),
    }
    assert devices[DeviceName("eth0")].addresses == ("192.0.2.10/24", "198.51.100.1/24")


def test_an_address_with_a_label_is_one_of_its_device() -> None:
    # As ansible-core 2.19 prints `ip address add ... label eth0:pxe`, without features and IPv6.
    told = {
        "ansible_interfaces": ["eth0_pxe", "br-ex_0", "br-ex", "eth0", "lo", "eth0_1", "far0", "eth0vip"],
        "ansible_br_ex": {"device": "br-ex", "interfaces": [], "macaddress": "8e:7d:f7:92:cf:a1", "type": "bridge"},
        "ansible_br_ex_0": {"ipv4": {"address": "203.0.113.1", "netmask": "255.255.255.0", "prefix": "24"}},
        "ansible_eth0": {
            "device": "eth0",
            "ipv4": {"address": "192.0.2.1", "netmask": "255.255.255.0", "prefix": "24"},
            "ipv4_secondaries": [{"address": "192.0.2.9", "netmask": "255.255.255.0", "prefix": "24"}],
            "macaddress": "e2:c8:c1:64:59:e3",
            "type": "ether",
        },
        "ansible_eth0_1": {"ipv4_secondaries": [{"address": "192.0.2.9", "netmask": "255.255.255.0", "prefix": "24"}]},
        "ansible_eth0_pxe": {"ipv4": {"address": "198.51.100.9", "netmask": "255.255.255.0", "prefix": "24"}},
        "ansible_eth0vip": {"ipv4": {"address": "198.51.100.10", "netmask": "255.255.255.255", "prefix": "32"}},
        "ansible_far0": {"device": "far0", "macaddress": "b6:7b:5e:95:9e:e7", "type": "ether"},
        "ansible_lo": {"device": "lo", "type": "loopback"},
    }

    (read,) = read_facts(json.dumps(told).encode())

    assert {device.name: device.addresses for device in read.devices} == {
        "br-ex": ("203.0.113.1/24",),
        "eth0": ("192.0.2.1/24", "192.0.2.9/24", "198.51.100.9/24", "198.51.100.10/32"),
        "far0": (),
        "lo": (),
    }
    assert (read.lists_all_devices, read.without_facts) == (True, ())


def test_a_labelled_address_of_a_device_without_facts_shows_no_device_of_its_own() -> None:
    label = {"ipv4": {"address": "198.51.100.9", "netmask": "255.255.255.0", "prefix": "24"}}
    told = {
        "ansible_interfaces": ["eth1", "eth10", "eth10_pxe"],
        "ansible_eth1": {"device": "eth1", "type": "ether"},
        "ansible_eth10_pxe": label,
    }

    (read,) = read_facts(json.dumps(told).encode())

    assert (read.lists_all_devices, read.without_facts) == (False, ("eth10",))
    assert [(device.name, device.addresses) for device in read.devices] == [("eth1", ())]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", "a | SUCCESS => {", '{"kernel": "Linux"}', "[" * 100000, "a | SUCCESS => " + "{" * 9],
)
def test_invalid_facts_are_refused(text: str) -> None:
    with pytest.raises(FactsError):
        read_facts(text.encode())


def test_values_of_any_other_type_are_passed_over() -> None:
    odd: dict[str, object] = {
        "device": "eth1",
        "features": ["x"],
        "ipv4": "none",
        "type": ["ether"],
        "slaves": {},
        "macaddress": None,
    }
    told = {"ansible_kernel": 5, "ansible_date_time": "today", "ansible_processor_vcpus": "4", "ansible_eth1": odd}

    (read,) = read_facts(json.dumps(told).encode())

    assert (read.kernel, read.cpus, read.taken_at, read.features) == (None, None, None, {})
    assert [device.name for device in read.devices] == ["eth1"]


@pytest.mark.parametrize("date", [{"iso8601": "2016-01-08T23:10:56"}, {"iso8601": "today"}, {}])
def test_time_of_the_file_is_used_without_a_time_and_zone(tmp_path: Path, date: dict[str, str]) -> None:
    path = write(tmp_path / "facts.json", facts(ansible_date_time=date))
    os.utime(path, (0, 86400))

    read = open_facts(path, ["satellite"])

    assert read.taken_at == datetime(1970, 1, 2, tzinfo=UTC)
    assert {device.observed_at for device in read.devices} == {read.taken_at}


def test_a_file_time_beyond_the_calendar_is_unknown() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # a tmpfs takes every time, others don't
        path = write(Path(folder) / "facts.json", facts(ansible_date_time={}))
        os.utime(path, (0, 1 << 40))

        assert open_facts(path, ["satellite"]).taken_at is None


@pytest.mark.parametrize("name", ["satellite", "satellite.example.com", "SATELLITE"])
def test_a_folder_gives_the_host_that_is_meant(tmp_path: Path, name: str) -> None:
    for host in ("cobbler.example.com", "satellite.example.com"):
        write(tmp_path / "cache" / host, facts(host))
    (tmp_path / "cache" / "notes").write_text("mine")

    assert open_facts(tmp_path / "cache", [name]).names[0] == "satellite.example.com"


def test_a_file_with_another_name_is_found_by_its_content(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / "cache" / f"10.0.0.{number}", facts(f"hv{number}.example.com"))

    assert "hv2" in open_facts(tmp_path / "cache", ["hv2"]).names


def test_a_folder_without_the_host_names_those_in_it(tmp_path: Path) -> None:
    write(tmp_path / "cache" / "cobbler", facts("cobbler"))

    with pytest.raises(FactsError, match="contains cobbler; none matches satellite"):
        open_facts(tmp_path / "cache", ["satellite"])


def test_short_name_of_two_hosts_is_ambiguous(tmp_path: Path) -> None:
    for domain in ("a.org", "b.org"):
        write(tmp_path / "cache" / f"satellite.{domain}", facts(f"satellite.{domain}"))

    with pytest.raises(FactsError, match="several match satellite"):
        open_facts(tmp_path / "cache", ["satellite"])


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "facts").open("wb") as file:
        file.truncate((64 << 20) + 1)

    with pytest.raises(FactsError, match="too large"):
        open_facts(tmp_path / "facts", ["a"])


def test_missing_or_irregular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FactsError, match="No such file"):
        open_facts(tmp_path / "none", ["a"])
    with pytest.raises(FactsError, match="regular file"):
        open_facts(tmp_path / "pipe", ["a"])


def test_a_server_has_the_facts_of_ansible(tmp_path: Path) -> None:
    path = write(tmp_path / "facts", facts())

    server = READERS[SourceKind.ANSIBLE](target(path), timeout=LONG)

    assert (server.tx_checksum, server.interface, server.source) == (State.OFF, "eth0", f"ansible:{path}")
    assert (server.macs, server.addresses) == (("52:54:00:aa:bb:cc",), ("192.0.2.10/24",))
    assert server.kernel is not None
    assert server.kernel.value == "4.18.0-348.el8.x86_64"
    assert server.observed_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_server_without_features_is_unknown_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "facts", facts(ansible_eth0={key: ETH0[key] for key in ETH0 if key != "features"}))

    server = READERS[SourceKind.ANSIBLE](target(path), timeout=LONG)

    assert server.tx_checksum is State.UNKNOWN
    assert words(server.reason) == "no features in the Ansible facts; install ethtool on the server"


@pytest.mark.parametrize(
    ("told", "interface", "clue"),
    [
        (facts(), "eth7", "eth7: no such device; devices: eth0"),
        ({"kernel": "x"}, None, "^no Ansible facts found; save the whole output"),
    ],
)
def test_a_server_absent_from_the_facts_is_refused_with_the_reason(
    tmp_path: Path, told: object, interface: str | None, clue: str
) -> None:
    with pytest.raises(OffloadError, match=clue):
        READERS[SourceKind.ANSIBLE](target(write(tmp_path / "facts", told), interface), timeout=LONG)


def test_facts_that_cannot_be_read_are_reported_once(tmp_path: Path) -> None:
    with pytest.raises(OffloadError, match=r"^can't be read: No such file or directory$"):
        READERS[SourceKind.ANSIBLE](target(tmp_path / "facts"), timeout=LONG)


LO = {"device": "lo", "type": "loopback"}


def stack(**more: Any) -> dict[str, Any]:
    """Facts of a bridge over a bond of two NICs."""
    wears = {"macaddress": "b6:d2:4d:9a:a0:9b", "type": "ether", "module": "virtio_net", "features": OFF}
    return facts(
        ansible_interfaces=["lo", "br-fw", "bond0", "eth0", "eth1", "eth0:1"],
        ansible_lo=LO,
        ansible_br_fw={"device": "br-fw", "type": "bridge", "interfaces": ["bond0"], "ipv4": ETH0["ipv4"]},
        ansible_bond0={"device": "bond0", "type": "bonding", "slaves": ["eth0", "eth1"], "features": OFF},
        ansible_eth0=wears | {"device": "eth0", "perm_macaddress": "52:54:00:7e:01:0a"},
        ansible_eth1=wears | {"device": "eth1", "perm_macaddress": "52:54:00:7e:01:0b"},
        **more,
    )


def test_facts_of_a_server_hold_its_sending_stack(tmp_path: Path) -> None:
    server = READERS[SourceKind.ANSIBLE](target(write(tmp_path / "facts", stack())), timeout=LONG)
    devices = {server_device.device.name: server_device for server_device in server.devices}

    assert (server.interface, server.lists_all_devices, server.tx_checksum) == ("br-fw", True, State.UNKNOWN)
    assert {
        name: (server_device.device.kind.value, server_device.device.lower) for name, server_device in devices.items()
    } == {
        "br-fw": ("bridge", ("bond0",)),
        "bond0": ("bond", ("eth0", "eth1")),
        "eth0": ("ethernet", ()),
        "eth1": ("ethernet", ()),
    }
    assert all(server_device.device.lower_complete for server_device in server.devices)
    nic = devices[DeviceName("eth1")]
    assert (nic.device.driver, nic.device.mac, nic.device.permanent_mac, nic.offload.tx_checksum) == (
        "virtio_net",
        "b6:d2:4d:9a:a0:9b",
        "52:54:00:7e:01:0b",
        State.OFF,
    )


def test_filtered_facts_do_not_list_all_devices() -> None:
    told = stack()
    del told["ansible_eth1"]
    (fewer,) = read_facts(json.dumps(told).encode())
    del told["ansible_interfaces"]
    (unlisted,) = read_facts(json.dumps(told).encode())

    assert not fewer.lists_all_devices
    assert not unlisted.lists_all_devices


@pytest.mark.parametrize(
    ("interfaces", "eth0", "tx_checksum"),
    [
        (["eth0", "bond0", "lo"], {"ipv4": {}, "ipv6": []}, State.UNKNOWN),
        (["eth0", "lo"], {"ipv4": {}, "ipv6": []}, State.OFF),
        # A member of a bond has no address; a VLAN is not a master.
        (["eth0", "bond0", "lo"], {}, State.OFF),
        (["eth0", "eth0.5", "lo"], {"ipv4": {}, "ipv6": []}, State.OFF),
    ],
)
def test_a_device_without_facts_may_be_the_master_of_the_named_one(
    tmp_path: Path, interfaces: list[str], eth0: dict[str, Any], tx_checksum: State
) -> None:
    path = write(tmp_path / "sat.json", facts(ansible_interfaces=interfaces, ansible_eth0=ETH0 | eth0))
    server = READERS[SourceKind.ANSIBLE](target(path, "eth0"), timeout=LONG)

    assert sending(server).tx is tx_checksum


@pytest.mark.parametrize(
    ("more", "address", "tx_checksum"),
    [
        ({}, False, State.OFF),
        ({"team0": {"type": "ether", "macaddress": "52:54:00:aa:bb:cc"}}, False, State.UNKNOWN),
        ({"team0": {"type": "ether", "features": OFF}}, False, State.OFF),
        ({"team0": {"type": "ether"}}, True, State.OFF),
        # What ordinary servers have besides: tunnels, VLANs, taps and the veths of containers.
        (
            {name: {"type": "tunnel", "features": {}} for name in ("wg0", "tun0")}
            | {name: {"type": "ether", "macaddress": "52:54:00:aa:bb:cd"} for name in ("eth0.5", "tap0", "veth1b2c3d")}
            | {
                "docker0": {"type": "bridge", "interfaces": ["veth1b2c3d"], "ipv4": ETH0["ipv4"]},
                "ppp0": {"type": "ppp"},
            },
            False,
            State.OFF,
        ),
    ],
)
def test_a_team_that_ansible_gives_no_kind_may_be_the_master_of_the_named_device(
    tmp_path: Path, more: dict[str, dict[str, Any]], address: bool, tx_checksum: State
) -> None:
    eth0 = ETH0 if address else ETH0 | {"ipv4": {}, "ipv6": []}
    entries: dict[str, Any] = {f"ansible_{name}": {"device": name} | entry for name, entry in more.items()}
    told = facts(ansible_interfaces=["eth0", *more, "lo"], ansible_eth0=eth0, ansible_lo=LO, **entries)
    server = READERS[SourceKind.ANSIBLE](target(write(tmp_path / "sat.json", told), "eth0"), timeout=LONG)

    assert (server.lists_all_devices, sending(server).tx) == (True, tx_checksum)


@pytest.mark.parametrize(
    ("told", "runs_on"),
    [
        ({"role": "guest", "type": "kvm"}, Machine.VIRTUAL),
        ({"role": "guest", "type": "VMware"}, Machine.VIRTUAL),
        ({"role": "guest", "type": "a new one"}, Machine.VIRTUAL),
        ({"role": "guest", "type": "docker"}, Machine.CONTAINER),
        ({"role": "guest", "type": "kvm", "tech_guest": ["kvm", "podman"]}, Machine.CONTAINER),
        ({"role": "host", "type": "kvm"}, Machine.UNKNOWN),
        ({"role": "NA", "type": "NA"}, Machine.UNKNOWN),
    ],
)
def test_a_guest_is_a_vm_and_a_host_may_be_one(told: dict[str, Any], runs_on: Machine) -> None:
    more = {f"ansible_virtualization_{key}": value for key, value in told.items()}
    (read,) = read_facts(json.dumps(facts(**more)).encode())

    assert read.machine is runs_on


def test_firmware_counts_where_ansible_saw_no_guest() -> None:
    named = {"ansible_system_vendor": "HPE", "ansible_product_name": "ProLiant DL380 Gen10"}
    uuid = "30363150-3331-584D-5139-323830314C4C"
    host = facts(ansible_virtualization_role="host", ansible_virtualization_type="kvm", ansible_product_uuid=uuid)
    (read,) = read_facts(json.dumps(host | named).encode())

    assert (read.machine, read.system_uuid) == (Machine.PHYSICAL, uuid.lower())


@pytest.mark.long
def test_large_unused_facts_are_not_decoded() -> None:
    packages = {f"package{number}": [{"version": "1.2.3"}] for number in range(100_000)}
    content = json.dumps(facts(ansible_packages=packages)).encode()
    tracemalloc.start()
    try:
        (read,) = read_facts(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read.devices
    assert most < 2 * len(content)


def test_facts_of_one_host_have_a_limit() -> None:
    entry = {"device": "eth0", "filler": "x" * (9 << 20)}

    with pytest.raises(FactsError, match="facts of one host too large"):
        read_facts(json.dumps(facts(ansible_eth0=entry)).encode())


def test_processors_and_free_memory_are_read() -> None:
    told = facts(
        ansible_processor=["0", "GenuineIntel", "Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz"],
        ansible_processor_count=2,
        ansible_processor_cores=16,
        ansible_processor_threads_per_core=2,
        ansible_memory_mb={"nocache": {"free": 2048, "used": 1}, "real": {"free": 3}},
    )

    (read,) = read_facts(json.dumps(told).encode())

    assert read.processor == Processor(model="Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz", sockets=2, cores=16, threads=2)
    assert read.memory_free_mib == 2048


@pytest.mark.parametrize("odd", [None, "x", 7, {"nocache": 1}, {"nocache": {"free": "many"}}, ["0", 7]])
def test_odd_processors_and_memory_are_unknown(odd: object) -> None:
    (read,) = read_facts(json.dumps(facts(ansible_processor=odd, ansible_memory_mb=odd)).encode())

    assert read.memory_free_mib is None
    assert read.processor.sockets is None
