"""Facts about a domain in its document."""

import pytest

from tests.analyzer.reading import read_domain
from virtscan.errors import AnalyzerError
from virtscan.model import Domain, DomainState, Firmware, Resources, pack

NIC = "<interface type='user'><mac address='52:54:00:00:00:0{}'/></interface>"


def read(inside: str = "", attributes: str = "") -> Domain:
    return read_domain(f"<domain {attributes}><name>a</name>{inside}</domain>", origin="o")


def test_every_field_of_a_domain_is_read() -> None:
    domain = read_domain(
        b"""<domain type='kvm' id='7'>
              <name>web01</name>
              <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
              <memory unit='GiB'>2</memory>
              <vcpu placement='static'>4</vcpu>
              <os><type>hvm</type><boot dev='network'/><boot dev='hd'/></os>
            </domain>""",
        origin="qemu:///system",
    )

    assert domain == Domain(
        origin="qemu:///system",
        name="web01",
        uuid="4dea22b3-1d52-d8f3-2516-782e98ab3fa0",
        state=DomainState.ACTIVE,
        type="kvm",
        vcpus=4,
        memory_mib=2048,
        boot_devices=("network", "hd"),
        packed=pack(Resources(max_vcpus=4)),
    )


@pytest.mark.parametrize(
    ("inside", "firmware"),
    [
        ("<os firmware='efi'/>", Firmware.EFI),
        ("<os firmware='bios'/>", Firmware.BIOS),
        ("<os firmware='warp'/>", None),
        ("<os><loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader></os>", Firmware.EFI),
        ("<os><loader type='rom'>/usr/share/seabios/bios.bin</loader></os>", None),
        ("<os firmware='efi'><loader type='rom'/></os>", Firmware.EFI),
        ("<os/><devices><loader type='pflash'/></devices>", None),
        ("", None),
    ],
)
def test_the_firmware_is_read_from_the_document(inside: str, firmware: Firmware | None) -> None:
    assert read(inside).firmware is firmware


@pytest.mark.parametrize(
    ("inside", "direct"),
    [
        ("<os><kernel>/boot/vmlinuz</kernel></os>", True),
        ("<os><kernel> </kernel></os>", False),
        ("<os/>", False),
        ("<metadata><os><kernel>/boot/vmlinuz</kernel></os></metadata>", False),
    ],
)
def test_a_kernel_that_the_document_names_is_booted_directly(inside: str, direct: bool) -> None:
    assert read(inside).direct_kernel is direct


def test_facts_absent_from_the_document_are_none() -> None:
    assert read_domain("<domain/>", origin="o") == Domain(origin="o", name="")


@pytest.mark.parametrize(
    ("attributes", "state"), [("", DomainState.UNKNOWN), ("id='3'", DomainState.ACTIVE), ("id='0'", DomainState.ACTIVE)]
)
def test_an_id_means_a_running_domain(attributes: str, state: DomainState) -> None:
    assert read(attributes=attributes).state is state


@pytest.mark.parametrize(
    ("memory", "mib"),
    [
        ("<memory>2097152</memory>", 2048),
        ("<memory unit='KiB'>2097152</memory>", 2048),
        ("<memory unit='k'>2097152</memory>", 2048),
        ("<memory unit='KB'>1048576</memory>", 1000),
        ("<memory unit='b'>1073741824</memory>", 1024),
        ("<memory unit='bytes'>1073741824</memory>", 1024),
        ("<memory unit='M'>512</memory>", 512),
        ("<memory unit='MB'>512</memory>", 488),
        ("<memory unit='MiB'>512</memory>", 512),
        ("<memory unit='g'>1</memory>", 1024),
        ("<memory unit='GB'>1</memory>", 954),
        ("<memory unit='gib'>1</memory>", 1024),
        ("<memory unit='TiB'>1</memory>", 1048576),
        ("<memory unit='PiB'>1</memory>", 1024**3),
        ("<memory unit='PiB'>8191</memory>", 8191 * 1024**3),
        ("<memory unit='EiB'>8</memory>", None),
        ("<memory unit='E'>1</memory>", 1024**4),
        ("<memory unit='KiB'> 1048576\n</memory>", 1024),
        ("<memory unit='KiB'>219100</memory>", 214),
        ("<memory unit='KiB'>1<!-- x -->0<?x?>24</memory>", 1),
        ("<maxMemory slots='16' unit='GiB'>64</maxMemory><memory unit='GiB'>2</memory>", 2048),
        ("<memory unit='GiB'>2</memory><currentMemory unit='GiB'>1</currentMemory>", 2048),
        ("<memory unit='pages'>1</memory>", None),
        ("<memory unit='kib2'>1</memory>", None),
        ("<memory unit=''>1</memory>", None),
        ("<memory>-1</memory>", None),
        ("<memory>1.5</memory>", None),
        ("<memory>٣</memory>", None),
        ("<memory>" + "9" * 5000 + "</memory>", None),
        ("<memory/>", None),
        ("", None),
    ],
)
def test_memory_is_counted_in_mib_whatever_its_unit(memory: str, mib: int | None) -> None:
    assert read(memory).memory_mib == mib


@pytest.mark.parametrize(
    ("vcpu", "count"),
    [
        ("<vcpu>4</vcpu>", 4),
        ("<vcpu placement='static' current='2'>64</vcpu>", 2),
        ("<vcpu current='many'>64</vcpu>", 64),
        ("<vcpu>2</vcpu><vcpu>3</vcpu>", 2),
        ("<vcpu>two</vcpu>", None),
        ("<vcpu>9223372036854775807</vcpu>", 2**63 - 1),
        ("<vcpu>9223372036854775808</vcpu>", None),
        ("", None),
    ],
)
def test_vcpus_are_those_that_the_domain_starts_with(vcpu: str, count: int | None) -> None:
    assert read(vcpu).vcpus == count


@pytest.mark.parametrize(
    ("written", "uuid"),
    [
        ("4DEA22B31D52D8F32516782E98AB3FA0", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"),
        (" 4dea22b3-1d52-d8f3-2516-782e98ab3fa0\n", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"),
        ("UUID", "UUID"),
        ("", None),
    ],
)
def test_a_uuid_has_libvirts_form_and_an_invalid_one_is_kept(written: str, uuid: str | None) -> None:
    assert read(f"<uuid>{written}</uuid>").uuid == uuid


def test_boot_elements_without_a_device_are_ignored() -> None:
    assert read("<os><boot/><boot dev=''/><boot dev='hd'/></os><os><boot dev='fd'/></os>").boot_devices == ("hd", "fd")


def test_interfaces_in_every_devices_element_are_read() -> None:
    domain = read(f"<devices>{NIC.format(1)}</devices><devices>{NIC.format(2)}{NIC.format(3)}</devices>")

    assert [(nic.index, nic.mac) for nic in domain.interfaces] == [
        (0, "52:54:00:00:00:01"),
        (1, "52:54:00:00:00:02"),
        (2, "52:54:00:00:00:03"),
    ]


@pytest.mark.parametrize(
    "inside",
    [
        f"<metadata><devices>{NIC.format(1)}</devices></metadata>",
        f"<devices><hostdev>{NIC.format(1)}</hostdev></devices>",
        f"<devices xmlns='urn:x'>{NIC.format(1)}</devices>",
        f"<x:devices xmlns:x='urn:x'>{NIC.format(1)}</x:devices>",
        "<devices><interface xmlns='urn:x'/></devices>",
        f"<devices><!-- {NIC.format(1)} --></devices>",
        NIC.format(1),
    ],
)
def test_interface_outside_the_devices_of_a_domain_is_ignored(inside: str) -> None:
    assert read(inside).interfaces == ()


def test_a_status_file_is_read_as_the_running_domain_in_it() -> None:
    domain = read_domain("<domstatus state='paused'><domain><name>a</name></domain></domstatus>", origin="o")

    assert (domain.name, domain.state) == ("a", DomainState.ACTIVE)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<network/>", "<network> is not a domain"),
        ("<domainsnapshot><domain/></domainsnapshot>", "<domainsnapshot> is not a domain"),
        ("<domstatus/>", "<domstatus> contains no domain"),
        ("<domain xmlns='urn:x'/>", "is not a domain"),
        ("<domain", "not well-formed XML"),
        ("", "not well-formed XML"),
        ("<domain><name>\udcff</name></domain>", "lone surrogate"),
        ("<!DOCTYPE domain><domain/>", "document type"),
    ],
)
def test_invalid_domain_xml_is_refused_with_the_reason(xml: str, message: str) -> None:
    with pytest.raises(AnalyzerError, match=message):
        read_domain(xml, origin="o")


@pytest.mark.parametrize(
    "inside",
    [
        "<metadata><ansible:info ansible:by='x'/></metadata>",
        "<metadata xmlns:x=''/>",
        "<x:devices/>",
    ],
)
def test_errors_of_namespaces_alone_are_accepted_as_libvirt_accepts_them(inside: str) -> None:
    assert read(f"{inside}<devices>{NIC.format(1)}</devices>").interfaces[0].mac == "52:54:00:00:00:01"


def test_an_error_of_namespaces_does_not_excuse_another() -> None:
    with pytest.raises(AnalyzerError, match="not well-formed"):
        read("<metadata><ansible:info></metadata>")
