"""The collected files against what an independent reader saw in them."""

from pathlib import Path
from typing import Any

import pytest

from tests.analyzer import truth
from virtscan.analyzer import Unread, documents, read_host_interface, read_network, read_node_device
from virtscan.analyzer.interface import read_interface
from virtscan.analyzer.xml.parsing import parse
from virtscan.errors import AnalyzerError
from virtscan.model import (
    Attachment,
    Backing,
    Device,
    DeviceKind,
    Domain,
    GapAbout,
    Interface,
    Network,
    SourceMode,
    State,
)

DOMAIN_KINDS = (
    "domain",
    "domain-status",
    "domain-multidoc",
    "domain-broken",
    "domain-snapshot",
    "domain-checkpoint",
    "testdriver",
    "migcookie",
    "sostree",
)
XML_KINDS = (*DOMAIN_KINDS, "nic-fragment", "network", "networkport", "hostinterface", "nodedev", "other-xml")

LISTED: dict[str, dict[str, Any]] = {
    # libvirt accepts its model names in upper or lower case, and prints this one as "virtio" (see test_libvirt).
    "domain/libvirt.libvirt__tests__qemuxml2argvdata__net-many-models.xml": {"model": ("virtio", "ViRtIo")},
    # <source bridge=""/>: an empty name names no bridge, and the driver could connect the interface to none.
    "domain/libvirt.libvirt-go-xml-module__domain_test.go.L1329.xml": {"source": (None, "")},
    "nic-fragment/oVirt.vdsm__tests__virt__devicexml_test.py.L776.xml": {"source": (None, "")},
}
"""Interfaces that differ: the one read by virtscan, and that of the independent reader."""

DOMAINS_LISTED = {
    # One file is an AutoYaST template, whose <networking> has a <domain> that is a DNS name: no document of libvirt's.
    "domain-broken/cobbler.cobbler__cobbler__data__templates__cheetah__autoinstall__snippets__autoyast"
    "__networking.xml.template": (0, 1),
    # A status file around a domain of which only the uuid was left: the reader counts domains with a name.
    "domain-status/RedHatInsights.insights-core__insights__tests__parsers__test_qemu_xml.py.L369.xml": (1, 0),
}
"""Files with a different number of domains."""


def expected_domains(corpus: Path) -> dict[str, list[dict[str, Any]]]:
    expected: dict[str, list[dict[str, Any]]] = {}
    for record in truth.records(corpus, *DOMAIN_KINDS):
        if record["rec"] in {"domain", "xmlfail", "xmlnodomain"}:
            expected.setdefault(record["file"], []).extend(truth.domains(record))
    return expected


def domains_of(path: Path) -> list[Domain]:
    return [item for item in documents(path.read_bytes(), origin=path.name) if isinstance(item, Domain)]


def bare(uuid: str | None) -> str:
    return (uuid or "").strip().replace("-", "").lower()


def test_every_domain_file_holds_the_domains_that_an_independent_reader_saw(corpus: Path) -> None:
    differences = {}
    for file, expected in expected_domains(corpus).items():
        read = domains_of(corpus / file)
        if len(read) != len(expected):
            differences[file] = (len(read), len(expected))
            continue
        for ours, theirs in zip(read, expected, strict=True):
            assert ours.name == (theirs["name"] or ""), file
            assert list(ours.boot_devices) == theirs["os_boot"], file
            assert bare(ours.uuid) == bare(theirs["uuid"]), file

    assert differences == DOMAINS_LISTED


def test_every_interface_agrees_with_an_independent_reader(corpus: Path) -> None:
    pairs: list[tuple[str, Interface, dict[str, Any]]] = []
    for file, expected in expected_domains(corpus).items():
        if file in DOMAINS_LISTED:
            continue
        for domain, theirs in zip(domains_of(corpus / file), expected, strict=True):
            for interface, nic in zip(domain.interfaces, theirs["nics"], strict=True):
                pairs.append((file, interface, nic))
    for record in truth.records(corpus, "nic-fragment"):
        interface = read_interface(parse((corpus / record["file"]).read_bytes()), 0)
        pairs.append((record["file"], interface, record))

    differences = {}
    for file, interface, nic in pairs:
        ours, seen = truth.seen_by_us(interface), truth.seen_by_reader(nic)
        if ours != seen:
            differences[file] = {key: (ours[key], seen[key]) for key in ours if ours[key] != seen[key]}

    assert differences == LISTED
    assert len(pairs) == 882  # all but the one in a migration cookie


def test_only_status_files_and_documents_with_an_id_are_of_running_domains(corpus: Path) -> None:
    for file, expected in expected_domains(corpus).items():
        if file in DOMAINS_LISTED:
            continue
        for domain, theirs in zip(domains_of(corpus / file), expected, strict=True):
            running = theirs["id"] is not None or theirs["wrapper"] == "domstatus"
            assert domain.state.value == ("active" if running else "unknown"), file


def expected_attachments(record: dict[str, Any]) -> tuple[Attachment, ...]:
    """Return the verdicts of the reader's findings by MECHANISM's rules, independently of the code under test."""
    mode = record["forward_mode"]
    if mode == "hostdev":
        return ()
    modes = {mode.value for mode in SourceMode}
    if mode in modes and not (mode == "bridge" and record["bridge"]):
        pool, functions = record["forward_ifaces"], record["forward_pf"]
        devices = dict.fromkeys(pool or functions)
        return tuple(Attachment(device, SourceMode(mode), virtual_function=not pool) for device in devices)
    return (Attachment(record["bridge"], None),)


def test_every_network_agrees_with_an_independent_reader(corpus: Path) -> None:
    refused = []
    unknown_modes = []
    for record in truth.records(corpus, "network"):
        data = (corpus / record["file"]).read_bytes()
        if not record["name"]:
            with pytest.raises(AnalyzerError, match="without a name"):
                read_network(data)
            refused.append(record["file"])
            continue
        network = read_network(data)
        assert network.name == record["name"]
        # libvirt forwards by NAT when <forward> has no mode.
        assert network.forward_mode == (record["forward_mode"] or ("nat" if record["forward"] else None))
        if network.forward_mode == "NETMODE":
            unknown_modes.append(network.attachments)
            continue
        assert network.attachments == expected_attachments(record), record["file"]

    # libvirt: "missing name information".
    assert refused == ["network/aginies.virtui-manager__tests__test_vm_queries.py.L156.xml"]
    # A template's placeholder, which libvirt refuses ("unknown forwarding type"): it may have meant macvtap.
    assert unknown_modes == [(Attachment(None, SourceMode.UNKNOWN),)]


def test_every_host_interface_agrees_with_an_independent_reader(corpus: Path) -> None:
    for record in truth.records(corpus, "hostinterface"):
        devices = read_host_interface((corpus / record["file"]).read_bytes(), source="libvirt")
        device = devices[0]
        kinds = {kind.value for kind in DeviceKind}
        expected_kind = DeviceKind(record["type"]) if record["type"] in kinds else DeviceKind.UNKNOWN
        by_name = {member.name: member for member in devices}
        assert (device.name, device.kind, device.mac) == (record["name"], expected_kind, record["mac"])
        if record["type"] == "bond":
            assert list(device.lower) == record["bond_members"]
        if record["type"] == "bridge":
            assert list(device.lower) == [port["name"] for port in record["bridge_members"]]
            assert {port["type"] for port in record["bridge_members"]} == {by_name[n].kind.value for n in device.lower}


def test_every_node_device_agrees_with_an_independent_reader(corpus: Path) -> None:
    nics = 0
    for record in truth.records(corpus, "nodedev"):
        device = read_node_device((corpus / record["file"]).read_bytes(), source="libvirt")
        if "net" not in record["cap_types"]:
            assert device is None, record["file"]
            continue
        nics += 1
        features = record["net_features"]
        assert device == Device(
            name=record["net_interface"],
            mac=record["net_address"],
            lower_complete=True,
            backing=Backing.PHYSICAL,
            tx=State.UNKNOWN if not features else State.ON if "tx" in features else State.OFF,
            sources=("libvirt",),
        )
    assert nics == 6


def test_no_file_raises_and_each_gives_an_item(corpus: Path) -> None:
    for kind in XML_KINDS:
        for path in (corpus / kind).rglob("*"):
            if path.is_file():
                assert list(documents(path.read_bytes(), origin="x")), path


def test_a_domain_in_a_snapshot_or_checkpoint_does_not_count(corpus: Path) -> None:
    for kind in ("domain-snapshot", "domain-checkpoint", "migcookie", "networkport"):
        for path in (corpus / kind).iterdir():
            (item,) = documents(path.read_bytes(), origin="x")
            assert isinstance(item, Unread), path
            assert item.about is None, path


def test_a_broken_file_reports_that_a_domain_or_network_may_be_missing(corpus: Path) -> None:
    told = {}
    for path in (corpus / "domain-broken").iterdir():
        items = documents(path.read_bytes(), origin="x")
        told[path.name.rpartition("__")[2]] = [
            item.about if isinstance(item, Unread) else item.interfaces
            for item in items
            if not isinstance(item, Network)
        ]

    assert told == {
        "networking.xml.template": [None],
        "domain_numa_topology.xml": [()],  # a domain, followed by a stray back-tick
        "domain.xml.erb": [GapAbout.DOMAIN],
        "private_network.xml.erb": [GapAbout.NETWORK],
        "virt-xml-edit-xpaths.xml": [GapAbout.DOMAIN, GapAbout.DOMAIN],  # a change from one beginning to another
    }


def test_the_test_drivers_networks_are_read_with_its_domains(corpus: Path) -> None:
    path = next((corpus / "testdriver").glob("*testdriver__testdriver.xml"))

    names = [item.name for item in documents(path.read_bytes(), origin="x") if isinstance(item, Network)]

    assert "default" in names
