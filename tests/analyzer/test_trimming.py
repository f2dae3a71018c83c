"""Trimming a document as printed by libvirt removes only parts without a reader."""

from pathlib import Path
from xml.sax.saxutils import escape

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analyzer import truth
from tests.analyzer.reading import read_domain
from virtscan.analyzer.xml.trimming import trimmed
from virtscan.errors import AnalyzerError
from virtscan.model import Domain

DISK = "<disk type='file' device='disk'><source file='/d'/><target dev='vda' bus='ide'/></disk>"
NIC = "<interface type='direct'><mac address='52:54:00:00:00:01'/><source dev='bond0' mode='bridge'/></interface>"
BAIT = (
    "\n  <devices>\n    <interface type='direct'>\n      <source dev='bait'/>\n    </interface>\n  </devices>\n",
    "\n    <interface type='direct'>\n      <source dev='bait'/>\n    </interface>\n",
    "<devices>\n    <disk>\n    </disk>\n  </devices>\n",
    "\n  <devices>\n    <interface type='direct'/></devices>\n",
)


def printed(driver: libvirt.virConnect, xml: str) -> str:
    """The domain in libvirt's own words and layout."""
    domain = driver.defineXML(xml)
    try:
        return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    finally:
        domain.undefine()


def domain(devices: str, *, before: str = "") -> str:
    return (
        f"<domain type='test'><name>n</name>{before}<memory>1024</memory><os><type>hvm</type></os>"
        f"<devices>{devices}</devices></domain>"
    )


def read(xml: str) -> Domain | None:
    try:
        return read_domain(xml, origin="x")
    except AnalyzerError:
        return None


def assert_is_read_alike(xml: str) -> None:
    assert read(trimmed(xml)) == read(xml) is not None


def test_every_device_but_disks_and_interfaces_is_left_out(driver: libvirt.virConnect) -> None:
    other = "<memballoon model='virtio'/><controller type='usb'/>"
    xml = printed(driver, domain(DISK + NIC + other + NIC.replace("01'", "02'") + DISK.replace("vda", "vdb")))

    short = trimmed(xml)

    assert ("memballoon" in xml, "<controller" in xml, "<address" in xml) == (True, True, True)
    assert not any(part in short for part in ("memballoon", "<controller", "<address"))
    assert (short.count("<interface"), short.count("<disk")) == (2, 2)
    assert_is_read_alike(xml)


def test_elements_that_do_not_affect_the_domain_are_left_out(driver: libvirt.virConnect) -> None:
    before = (
        "<metadata><x:a xmlns:x='urn:x'/></metadata><features><acpi/></features>"
        "<cpu><model>core2duo</model><topology sockets='1' cores='1' threads='1'/><feature name='vmx'/></cpu>"
    )
    xml = printed(driver, domain(DISK, before=before))

    short = trimmed(xml)

    left_out = ("urn:x", "<acpi", "<clock", "<on_crash", "vmx")
    assert [part in xml for part in left_out] == [True] * len(left_out)
    assert [part for part in left_out if part in short] == []
    assert_is_read_alike(xml)


def test_the_operating_system_in_the_metadata_is_kept(driver: libvirt.virConnect) -> None:
    system = (
        "<o:libosinfo xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'><o:os id='http://x/12'/></o:libosinfo>"
    )
    xml = printed(driver, domain(DISK, before=f"<metadata>{system}</metadata>"))

    assert read_domain(trimmed(xml), origin="x").resources.os == "http://x/12"
    assert_is_read_alike(xml)


def test_a_disk_behind_an_interface_is_read() -> None:
    lines = ("<domain>", "  <devices>", "    <interface type='user'>", "    </interface>", "    <disk type='file'>")
    xml = "\n".join((*lines, "      <target dev='vda'/>", "    </disk>", "  </devices>", "</domain>", ""))

    assert [disk.target for disk in read_domain(trimmed(xml), origin="x").resources.disks] == ["vda"]


def test_a_domain_without_interfaces_is_read(driver: libvirt.virConnect) -> None:
    assert_is_read_alike(printed(driver, domain(DISK)))


def test_every_domain_of_the_corpus_is_read_alike(corpus: Path) -> None:
    shortened = 0
    for record in truth.records(corpus, "domain"):
        xml = (corpus / record["file"]).read_text()
        if read(xml) is None:
            continue
        assert read(trimmed(xml)) == read(xml), record["file"]
        shortened += len(trimmed(xml)) < len(xml)
    assert shortened > 500


@pytest.mark.parametrize("bait", BAIT)
@pytest.mark.parametrize("element", ["metadata", "description"])
def test_text_that_only_looks_like_a_device_does_not_count(driver: libvirt.virConnect, bait: str, element: str) -> None:
    """Metadata keep their author's layout; in all other places libvirt escapes free text."""
    text = escape(bait) if element == "description" else f"<x:a xmlns:x='urn:x'>text{bait}text</x:a>"
    xml = printed(driver, domain(DISK + NIC, before=f"<{element}>{text}</{element}>"))

    assert [interface.source for interface in read_domain(trimmed(xml), origin="x").interfaces] == ["bond0"]
    assert_is_read_alike(xml)


def test_an_escaped_device_does_not_count_where_there_are_no_real_ones(driver: libvirt.virConnect) -> None:
    xml = printed(driver, domain("", before=f"<metadata><x:a xmlns:x='urn:x'><![CDATA[{BAIT[0]}]]></x:a></metadata>"))

    assert_is_read_alike(xml)


@pytest.mark.parametrize("unescaped", ["<![CDATA[{}]]>", "<!--{}-->", "<?x y{}?>"])
@pytest.mark.parametrize(
    "bait", ["\n  </metadata>\n", "\n  </metadata>\n  <vcpu>99</vcpu>\n  <!-- ", "\n  <features>\n", "\n  </devices>\n"]
)
def test_lines_that_metadata_hold_unescaped_do_not_count(driver: libvirt.virConnect, unescaped: str, bait: str) -> None:
    inner = unescaped.format(bait.replace("<!-- ", "" if "<!--" in unescaped else "<!-- "))
    xml = printed(driver, domain(DISK + NIC, before=f"<metadata><x:a xmlns:x='urn:x'>{inner}</x:a></metadata>"))

    assert bait.partition("<!--")[0] in xml
    assert_is_read_alike(xml)


LINES = st.sampled_from(
    [
        "  <devices>", "  </devices>", "    <interface type='direct'>", "      <source dev='bond0'/>",
        "    </interface>", "    <disk/>", "    <interface type='user'/>", "<domain>", "</domain>", "text", "",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=14))
def test_trimming_only_removes_lines_and_never_raises(lines: list[str]) -> None:
    xml = "\n".join(lines)

    short = trimmed(xml)

    remaining = iter(xml.split("\n"))
    assert all(line in remaining for line in short.split("\n"))


def test_interfaces_with_another_layout_are_kept() -> None:
    for xml in (
        domain(DISK + NIC),
        "<domain>\n  <devices>\n    <interface type='user'/>\n    <disk/>\n  </devices>\n</domain>\n",
        "<domain>\n  <devices>\n    <interface type='user'>\n      <mac/></interface>\n  </devices>\n</domain>",
    ):
        assert trimmed(xml) == xml
        assert_is_read_alike(xml)
