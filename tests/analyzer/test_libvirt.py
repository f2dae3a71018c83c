"""Our reading of interfaces and networks against libvirt's own, in its test driver."""

import re
from pathlib import Path

import libvirt
import pytest

from tests.analyzer import truth
from tests.analyzer.reading import read_domain
from virtscan.analyzer import read_network
from virtscan.analyzer.xml.parsing import parse
from virtscan.model import Interface

FIELDS = (
    "type", "mac", "source", "mode", "model", "boot_order", "link", "rom", "vlan", "host_csum", "guest_csum",
)  # fmt: skip


def domain_with(nic: str) -> str:
    return (
        "<domain type='test'><name>n</name><memory>1024</memory><os><type>hvm</type></os>"
        f"<devices>{nic}</devices></domain>"
    )


def as_libvirt_prints(driver: libvirt.virConnect, xml: str) -> str | None:
    """The domain as libvirt understood it, None when it refuses it."""
    try:
        domain = driver.defineXML(xml)
    except libvirt.libvirtError:
        return None
    try:
        return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    finally:
        domain.undefine()


def only(xml: str) -> Interface:
    (interface,) = read_domain(xml, origin="x").interfaces
    return interface


def said(interface: Interface, *, like: Interface) -> dict[str, object]:
    """An interface's facts, without those that libvirt adds to a definition (a MAC) or removes (a live bridge)."""
    # Newer ones (11.3 does) take a MAC of zeros for none, too.
    left_out = {"mac"} if like.mac in {None, "00:00:00:00:00:00"} else set()
    if like.type == "network":
        left_out.add("source")
    return {field: getattr(interface, field) for field in FIELDS if field not in left_out}


def every_interface(corpus: Path) -> set[str]:
    """The text of every interface of every domain file, without the address that is right in its own domain only."""
    texts = set()
    for record in truth.records(corpus, "domain", "nic-fragment"):
        text = (corpus / record["file"]).read_text()
        for interface in re.findall(r"^\s*<interface\b.*?</interface>", text, re.MULTILINE | re.DOTALL):
            texts.add(re.sub(r"<address type=.*?/>|<alias .*?/>", "", interface))
    return texts


def test_libvirt_understands_every_interface_that_it_accepts_as_we_do(corpus: Path, driver: libvirt.virConnect) -> None:
    accepted = 0
    for interface in every_interface(corpus):
        printed = as_libvirt_prints(driver, domain_with(interface))
        if printed is None:
            continue
        accepted += 1
        ours, libvirts = only(domain_with(interface)), only(printed)
        assert said(ours, like=ours) == said(libvirts, like=ours), interface
    assert accepted > 400


SOURCE = "<source dev='eth0'/>"


@pytest.mark.parametrize(
    "nic",
    [
        f"<interface type='direct'>{SOURCE}</interface>",
        "<interface/>",
        "<interface type='direct'><source dev='a'/><source dev='b' mode='bridge'/></interface>",
        "<interface type='user'><mac address='52:54:0:a:b:c'/><mac address='52:54:0:0:0:1'/></interface>",
        "<interface type='user'><mac address='52:54:00:0A:0B:0C '/></interface>",
        "<interface type='bridge'><source dev='a' bridge='b'/></interface>",
        f"<interface type='direct'>{SOURCE}<model type='ViRtIo'/><driver><host csum='off'/></driver></interface>",
        f"<interface type='direct'>{SOURCE}<model type='am79c970a'/></interface>",
        f"<interface type='direct'>{SOURCE}<model type='Virtio-Net'/></interface>",
        f"<interface type='direct'>{SOURCE}<model type='e1000'/><driver><host csum='off'/></driver></interface>",
        f"<interface type='direct'>{SOURCE}<driver><guest csum='off'/></driver></interface>",
        f"<interface type='direct'>{SOURCE}<boot order='1'/><boot order='2'/></interface>",
        f"<interface type='direct'>{SOURCE}<rom bar='off'/><rom enabled='no'/></interface>",
        f"<interface type='direct'>{SOURCE}<vlan><tag id='42'/></vlan><vlan><tag id='43'/></vlan></interface>",
        f"<interface type='direct'>{SOURCE}<!-- <link state='down'/> --><x:link state='down'/></interface>",
        f"<interface type='direct'><x:y xmlns:x=''/>{SOURCE}</interface>",
        f"<interface type='direct'>{SOURCE}</interface></devices><metadata><ansible:interface/></metadata><devices>",
    ],
)
def test_libvirt_understands_an_odd_interface_as_we_do(nic: str, driver: libvirt.virConnect) -> None:
    printed = as_libvirt_prints(driver, domain_with(nic))

    if printed is None:
        assert nic.count("<vlan>") == 2  # what libvirt 9.0 reads the first of, later ones refuse
        return
    ours = only(domain_with(nic))
    assert said(ours, like=ours) == said(only(printed), like=ours)


@pytest.mark.parametrize(
    "nic",
    [
        "<interface type='direct'><source dev='a' mode='BRIDGE'/></interface>",
        "<interface type='direct'><source bridge='a'/></interface>",
        "<interface type='bridge'><source dev='a'/></interface>",
        "<interface type='user'><mac address='macaddr'/></interface>",
        "<interface type='user'><mac address='52:54:000:a:b:c'/></interface>",
        "<interface type='user'><link state='DOWN'/></interface>",
        "<interface type='user'><boot order='first'/></interface>",
        "<interface type='user'><vlan><tag id='0x2a'/></vlan></interface>",
        "<interface type='unheard-of'/>",
    ],
)
def test_libvirt_refuses_the_documents_that_leave_a_fact_unknown(nic: str, driver: libvirt.virConnect) -> None:
    assert as_libvirt_prints(driver, domain_with(nic)) is None
    only(domain_with(nic))


def test_libvirt_hides_interfaces_where_we_hide_them(driver: libvirt.virConnect) -> None:
    nic = "<interface type='user'/>"
    xml = domain_with(f"{nic}<interface xmlns='urn:x'/></devices><devices xmlns='urn:x'>{nic}</devices><devices>{nic}")

    printed = as_libvirt_prints(driver, xml)

    assert printed is not None
    assert len(read_domain(printed, origin="x").interfaces) == len(read_domain(xml, origin="x").interfaces) == 2


@pytest.mark.parametrize("vcpu", ["<vcpu>4</vcpu>", "<vcpu current='2'>4</vcpu>", "<vcpu>2</vcpu><vcpu>3</vcpu>"])
def test_libvirt_reports_as_many_vcpus_as_we_count(vcpu: str, driver: libvirt.virConnect) -> None:
    xml = domain_with("").replace("<devices>", f"{vcpu}<devices>")
    domain = driver.defineXML(xml)
    try:
        assert domain.info()[3] == read_domain(xml, origin="x").vcpus
    finally:
        domain.undefine()


@pytest.mark.parametrize("unit", ["b", "KB", "k", "KiB", "MB", "m", "MiB", "gb", "G", "GiB", "bytes"])
def test_libvirt_scales_memory_as_we_do(unit: str, driver: libvirt.virConnect) -> None:
    amount = 3 * 1024**3 if unit.startswith("b") else 3 * 1024**2 if unit[0] in "Kk" else 3000 if unit[0] in "Mm" else 3
    xml = domain_with("").replace("<memory>1024", f"<memory unit='{unit}'>{amount}")
    printed = as_libvirt_prints(driver, xml)

    assert printed is not None
    assert read_domain(printed, origin="x").memory_mib == read_domain(xml, origin="x").memory_mib


def test_libvirt_understands_every_network_that_it_accepts_as_we_do(corpus: Path, driver: libvirt.virConnect) -> None:
    accepted = 0
    for record in truth.records(corpus, "network"):
        text = (corpus / record["file"]).read_text()
        try:
            network = driver.networkDefineXML(text)
        except libvirt.libvirtError:
            continue
        try:
            accepted += 1
            assert read_network(network.XMLDesc()) == read_network(text), record["file"]
        finally:
            network.undefine()
    assert accepted > 50


def test_libvirt_refuses_a_document_that_only_looks_like_one_with_namespace_errors(driver: libvirt.virConnect) -> None:
    with pytest.raises(libvirt.libvirtError):
        driver.defineXML(domain_with("<x:y>"))
    assert parse("<x:y/>").tag == "x:y"
