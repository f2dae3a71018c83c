"""Files as they lie in a folder."""

import pytest

from virtscan.analyzer import Unread, documents
from virtscan.analyzer.xml.parsing import MAX_DOCUMENT
from virtscan.analyzer.xml.splitting import XmlSpan, split
from virtscan.model import Domain, DomainState, GapAbout, Network

BANNER = "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n  virsh edit {name}\n-->\n\n"


def domain(name: str) -> str:
    return f"<domain type='kvm'>\n  <name>{name}</name>\n  <devices>\n  </devices>\n</domain>\n"


def with_metadata(name: str, note: str) -> str:
    return domain(name).replace("<devices>", f"<metadata>{note}</metadata>\n  <devices>")


def network(name: str) -> str:
    # A network's <domain> is the DNS domain that its guests get.
    return f"<network>\n  <name>{name}</name>\n  <domain name='example.com'/>\n</network>\n"


def in_short(text: str) -> list[str]:
    """Each document in short: `name`, `net:name`, `-kind` for a missing item, `.` for a document of another kind."""
    short = []
    for item in documents(text.encode(), origin="f.xml"):
        match item:
            case Domain():
                short.append(item.name)
            case Network():
                short.append(f"net:{item.name}")
            case Unread(about=None):
                short.append(".")
            case Unread(about=GapAbout() as about):
                short.append(f"-{about.value}")
    return short


CUT_OFF = "<domain>\n  <name>cut</name>\n  <devices>\n"
FILES = {
    "one document": (domain("a"), ["a"]),
    "libvirt's banner": (BANNER.format(name="a") + domain("a"), ["a"]),
    "several documents": (domain("a") + domain("b") + network("n"), ["a", "b", "net:n"]),
    "several without a line break": ("<domain><name>a</name></domain>" * 2, ["a", "a"]),
    "a banner before each": (BANNER + domain("a") + BANNER + network("n"), ["a", "net:n"]),
    "a declaration before each": (f"<?xml version='1.0'?>\n{domain('a')}" * 2, ["a", "a"]),
    "a declaration after an empty line": (f"\n<?xml version='1.0'?>\n{domain('a')}", ["a"]),
    "stray characters around": (f"x\n{domain('a')}`\n{domain('b')}$ virsh", ["a", "b"]),
    "a stray end before": (f"</foo>\n{domain('a')}", ["a"]),
    "other kinds between": (
        f"{domain('a')}<pool><name>p</name></pool>\n<pool/><!-- <domain/> -->{domain('b')}",
        ["a", ".", ".", "b"],
    ),
    "a kind that has a <domain> of its own": (
        f"<domainCapabilities>\n  <domain>kvm</domain>\n</domainCapabilities>\n{domain('a')}",
        [".", "a"],
    ),
    "mismatched tags first": ("<domain>\n<name>x</devices>\n</domain>\n" + domain("a"), ["-domain", "a"]),
    "mismatched tags last": (domain("a") + "<network>\n<name>x</devices>\n</network>\n", ["a", "-network"]),
    "a bad character in the middle": (domain("a") + domain("\x01") + domain("b"), ["a", "-domain", "b"]),
    "the end missing": (CUT_OFF + domain("a") + network("n") + domain("b"), ["-domain", "a", "net:n", "b"]),
    "the end missing twice": (CUT_OFF * 2 + domain("a"), ["-domain", "-domain", "a"]),
    "the end missing, and the next one indented": (CUT_OFF + "  " + domain("a"), ["-domain", "a"]),
    "the end missing, and a declaration next": (
        f"<pool><target>\n<?xml version='1.0'?><domain><name>a</name></domain>{domain('b')}",
        [".", "a", "b"],
    ),
    "the end missing at the end": (domain("a") + CUT_OFF, ["a", "-domain"]),
    "cut off in the name of the root": (f"{domain('a')}<doma\n{domain('b')}", ["a", "-domain", "b"]),
    "only the beginning of a root": ("<?xml version='1.0'?>\n<do", ["-domain"]),
    "only the beginning of a network": ("<netw", ["-network"]),
    "only the beginning of a snapshot": ("<domainsnap", ["."]),
    "cut off in a tag": ("<domain>\n<interface type='dir\n" + domain("a"), ["-domain", "a"]),
    "cut off in a comment": ("<domain>\n<!-- wh\n" + domain("a"), ["-domain", "a"]),
    "cut off in a comment, and comments next": (
        f"<domain>\n<!-- wh\n{domain('a')}{with_metadata('b', '<!-- note -->')}{domain('c')}",
        ["-domain", "a", "b", "c"],
    ),
    "cut off in libvirt's banner": (
        f"{domain('a')}{BANNER[:30]}\n{BANNER}{domain('b')}{BANNER[:30]}",
        ["a", "-domain", "b", "-domain"],
    ),
    "cut off in a CDATA section, and one next": (
        f"<domain>\n<title><![CDATA[ wh\n{domain('a')}{with_metadata('b', '<![CDATA[ note ]]>')}{domain('c')}",
        ["-domain", "a", "b", "c"],
    ),
    "the end of a CDATA section missing, and one next": (
        f"{with_metadata('a', '<![CDATA[ note')}{with_metadata('b', '<![CDATA[ note ]]>')}",
        ["-domain", "b"],
    ),
    "the end of a processing instruction missing, and one next": (
        f"{with_metadata('a', '<?note')}{with_metadata('b', '<?note ?>')}",
        ["-domain", "b"],
    ),
    "a CDATA section inside one": (
        with_metadata("a", f"<![CDATA[\n{with_metadata('b', '<![CDATA[ note ]]]]><![CDATA[>')}]]>") + domain("c"),
        ["a", "c"],
    ),
    "cut off in a network, whose <domain> is none": (
        "<network>\n  <name>n</name>\n  <domain name='x'/>\n" + domain("a"),
        ["-network", "a"],
    ),
    "cut off around a snapshot's domain": (
        "<domainsnapshot>\n  <domain>\n    <name>then</name>\n  </domain>\n" + domain("a"),
        [".", "a"],
    ),
    "the beginning missing": ("devices>\n</domain>\n" + domain("a"), ["-domain", "a"]),
    "cut off a thousand times": (CUT_OFF * 1000 + domain("a"), ["-domain"] * 1000 + ["a"]),
    "not indented": ("<domstatus>\n<domain>\n<name>a</name>\n</domain>\n</domstatus>\n" * 2, ["a", "a"]),
    "a status file": (f"<domstatus state='running'>{domain('a')}</domstatus>", ["a"]),
    "a network's status file": (f"<networkstatus>{network('n')}</networkstatus>", ["net:n"]),
    "a status file of nothing": ("<domstatus/>", ["-domain"]),
    "a network's status file of nothing": ("<networkstatus/>", ["-network"]),
    "a network without a name": ("<network/>", ["-network"]),
    "the test driver's node": (f"<node><cpu/>{domain('a')}{network('n')}<domain file='x.xml'/></node>", ["a", "net:n"]),
    "a node that names other files": ("<node><domain file='x.xml'/><network file='y.xml'/></node>", ["."]),
    "a snapshot": (f"<domainsnapshot>{domain('then')}</domainsnapshot>", ["."]),
    "a namespace hides the kind": ("<domain xmlns='urn:x'><name>a</name></domain>", ["."]),
    "entities are left out with the type that declares them": (
        f"<!DOCTYPE domain [<!ENTITY e 'x'>]>\n{domain('a')}",
        ["a"],
    ),
    "an entity without its declaration": (f"<!DOCTYPE domain [<!ENTITY e 'x'>]>\n{domain('&e;')}", ["-domain"]),
    "nothing": ("", ["-domain"]),
    "no XML": ("nothing to see here", ["-domain"]),
    "only a comment": ("<!-- a -->", ["-domain"]),
    "a CDATA section that never ends": ("<![CDATA[ <![CDATA[", ["-domain", "-domain"]),
    "markup in a CDATA section": ("<domain><name><![CDATA[</domain>]]></name></domain>`", ["</domain>"]),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_each_document_of_a_file_is_read_or_reported(text: str, expected: list[str]) -> None:
    assert in_short(text) == expected


def test_truncated_document_ends_where_the_next_begins() -> None:
    first, second = b"<?xml version='1.0'?>\n<domain>\n", b"<domain>\n</domain>\n"

    assert list(split(first + second)) == [
        XmlSpan(0, len(first), "domain"),
        XmlSpan(len(first), len(first + second) - 1, "domain"),
    ]


def test_the_second_document_of_a_file_has_an_origin_of_its_own() -> None:
    data = (domain("a") + network("n") + "<domain>\n<domain/>\n" + domain("a")).encode()

    origins = [item.origin for item in documents(data, origin="f.xml") if not isinstance(item, Network)]

    assert origins == ["f.xml", "f.xml#3", "f.xml#4", "f.xml#5"]


def test_a_domain_in_a_status_file_is_running() -> None:
    (item,) = documents(f"<domstatus>{domain('a')}</domstatus>".encode(), origin="f.xml")

    assert isinstance(item, Domain)
    assert item.state is DomainState.ACTIVE


def test_a_declared_encoding_counts_for_its_own_document_only() -> None:
    latin = "<?xml version='1.0' encoding='ISO-8859-1'?>\n<domain><name>ü</name></domain>\n".encode("latin-1")
    plain = "<domain><name>ü</name></domain>\n".encode()

    names = [item.name for item in documents(latin + plain, origin="x") if isinstance(item, Domain)]

    assert names == ["ü", "ü"]


def test_a_document_in_utf_16_is_read() -> None:
    (item,) = documents(
        "<?xml version='1.0' encoding='UTF-16'?><domain><name>a</name></domain>".encode("utf-16"), origin="x"
    )

    assert isinstance(item, Domain)
    assert item.name == "a"


def test_a_broken_document_is_reported_with_the_reason() -> None:
    (item,) = documents(b"<domain>\n<name>a</nam></domain>", origin="f.xml")

    assert isinstance(item, Unread)
    assert (item.origin, item.about) == ("f.xml", GapAbout.DOMAIN)
    assert "tag mismatch" in item.reason


def test_a_file_may_be_larger_than_a_document() -> None:
    large = domain("a").replace("<devices>", f"<description>{'x' * (MAX_DOCUMENT // 2)}</description><devices>")

    assert in_short(large * 3) == ["a", "a", "a"]


def test_the_number_of_documents_is_limited() -> None:
    items = list(documents(b"<a/>" * 100_000, origin="x"))

    assert len(items) == 16_385
    assert isinstance(items[-1], Unread)
    assert items[-1].about is GapAbout.DOMAIN
    assert items[-1].reason.startswith("more than 16384 documents")
