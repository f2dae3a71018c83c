"""Documents made to do harm, and documents generated at random."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzer.reading import read_domain
from tests.harness.patience import LONG
from virtscan.analyzer import (
    MAX_FILE,
    Unread,
    documents,
    read_computer,
    read_driver,
    read_host_interface,
    read_network,
    read_node_device,
)
from virtscan.analyzer.xml.parsing import MAX_DOCUMENT
from virtscan.errors import AnalyzerError
from virtscan.model import Domain, GapAbout

pytestmark = pytest.mark.slow

READERS: dict[str, Callable[[bytes], object]] = {
    "domain": lambda data: read_domain(data, origin="x"),
    "network": read_network,
    "hostinterface": lambda data: read_host_interface(data, source="x"),
    "nodedev": lambda data: read_node_device(data, source="x"),
    "driver": read_driver,
    "computer": read_computer,
}
FOLDERS = ("domain", "network", "hostinterface", "nodedev", "domain-status", "domain-multidoc", "testdriver")
LAUGHS = "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 12))
BOMBS = {
    "a billion laughs": f"<!DOCTYPE domain [<!ENTITY a0 'lol'>{LAUGHS}]><domain><name>&a11;</name></domain>",
    "a billion laughs in an attribute": f"<!DOCTYPE domain [<!ENTITY a0 'lol'>{LAUGHS}]><domain id='&a11;'/>",
    "quadratic blowup": (
        f"<!DOCTYPE domain [<!ENTITY a '{'x' * 100_000}'>]><domain><name>{'&a;' * 100_000}</name></domain>"
    ),
    "an external entity": "<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><domain><name>&a;</name></domain>",
    "an external type": "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain><name>a</name></domain>",
    "a parameter entity": "<!DOCTYPE domain [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]><domain/>",
    "deep nesting": "<domain>" + "<a>" * 100_000,
    "deep nesting that ends": f"<domain>{'<a>' * 1000}{'</a>' * 1000}</domain>",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused(bomb: str) -> None:
    for reader in READERS.values():
        with pytest.raises(AnalyzerError):
            reader(bomb.encode())


def limited(code: str, megabytes: int) -> subprocess.CompletedProcess[str]:
    """Run code in a process that may use so much more memory than it has when `limit()` is called."""
    prelude = f"""
        import resource
        from pathlib import Path
        from tests.analyzer.reading import read_domain
        from virtscan.analyzer import documents
        from virtscan.errors import AnalyzerError

        read_domain("<domain/>", origin="x")  # imports and parsers are no part of it

        def limit() -> None:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            size = pages * resource.getpagesize() + {megabytes} * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        """
    script = dedent(prelude) + dedent(code)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LONG, check=False)


def test_200_megabytes_are_refused_in_little_memory() -> None:
    result = limited(
        """
        data = bytes(200 * 1024 * 1024)
        limit()
        try:
            read_domain(data, origin="x")
        except AnalyzerError as error:
            print(error)
        for item in documents(data, origin="x"):
            print(item.reason)
        """,
        megabytes=4,
    )

    assert (result.stderr, result.stdout.splitlines()) == (
        "",
        [
            "209715200 bytes exceed the limit of a document (4194304)",
            "209715200 bytes exceed the limit of a file (33554432)",
        ],
    )


@pytest.mark.parametrize("bomb", ["a billion laughs", "a billion laughs in an attribute", "quadratic blowup"])
def test_a_bomb_is_refused_in_little_memory(bomb: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xml"
    path.write_text(BOMBS[bomb])

    result = limited(
        f"""
        data = Path({str(path)!r}).read_bytes()
        limit()
        print([item.about.value for item in documents(data, origin="x")])
        """,
        megabytes=16,
    )

    assert (result.stderr, result.stdout) == ("", "['domain']\n")


@pytest.mark.long
def test_a_file_of_scraps_is_taken_apart_in_little_memory() -> None:
    result = limited(
        """
        nested = b"<a>" * 1_280_000
        names = b"<r>" + b"".join(b"<a%x/>" % number for number in range(600_000))
        limit()
        print([sum(1 for _ in documents(data, origin="x")) for data in (nested, names)])
        """,
        megabytes=16,
    )

    assert (result.stderr, result.stdout) == ("", "[5000, 1]\n")


def test_the_most_wasteful_document_takes_a_bounded_amount_of_memory() -> None:
    result = limited(
        f"""
        data = b"<domain>" + b"x<a/>" * ({MAX_DOCUMENT} // 5 - 4) + b"</domain>"
        limit()
        print(read_domain(data, origin="x").interfaces)
        """,
        megabytes=256,
    )

    assert (result.stderr, result.stdout) == ("", "()\n")


def test_the_largest_document_is_read_and_one_byte_more_is_not() -> None:
    start, end = b"<domain><name>", b"</name></domain>"
    largest = start + b"x" * (MAX_DOCUMENT - len(start) - len(end)) + end

    assert len(read_domain(largest, origin="x").name) > MAX_DOCUMENT - 100
    with pytest.raises(AnalyzerError, match="exceed the limit of a document"):
        read_domain(largest.replace(b"<name>", b"<name >"), origin="x")


def test_one_byte_more_than_a_file_can_have_is_not_read() -> None:
    (item,) = documents(b" " * (MAX_FILE + 1), origin="x")

    assert item == Unread(
        origin="x",
        reason="33554433 bytes exceed the limit of a file (33554432)",
        about=GapAbout.DOMAIN,
    )


def test_a_document_that_is_too_large_hides_no_other_of_its_file() -> None:
    good = b"<domain><name>a</name></domain>"
    large = b"<domain><name>" + b"x" * MAX_DOCUMENT + b"</name></domain>"

    before, broken, after = documents(good + large + good, origin="x")

    assert isinstance(before, Domain)
    assert isinstance(broken, Unread)
    assert isinstance(after, Domain)


@pytest.mark.parametrize(
    "scrap", ["<domain>\n", "<a>", "<a/>", "</domain>", "<!--", "<![CDATA[", "<?xml ?>", "<a '", "<"]
)
def test_scraps_of_markup_are_reported_as_unread(scrap: str) -> None:
    items = list(documents(scrap.encode() * 20_000, origin="x"))

    assert items
    assert all(isinstance(item, Unread) for item in items)


def test_threads_do_not_disturb_each_other() -> None:
    def read(number: int) -> str:
        broken = "<domain><x:y></domain>" if number % 2 else "<domain>"
        with pytest.raises(AnalyzerError):
            read_domain(broken, origin="x")
        return read_domain(f"<domain><x:y/><name>{number}</name></domain>", origin="x").name

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(2000))) == [str(number) for number in range(2000)]


def survives(data: bytes) -> None:
    """Run every reader: each reads it or raises its documented error; the reader of files never raises."""
    for reader in READERS.values():
        try:
            reader(data)
        except AnalyzerError:
            continue
    assert list(documents(data, origin="x"))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    survives(data)


WORDS = st.sampled_from([
    "<domain>", "</domain>", "<domain ", "<name>a</name>", "<devices>", "</devices>", "<interface type='direct'>",
    "</interface>", "<interface/>", "<source dev='a' mode='bridge'/>", "<mac address=' '/>", "<network>", "</network>",
    "<forward mode='vepa'>", "</forward>", "<device>", "</device>", "<capability type='net'>", "</capability>",
    "<bond>", "</bond>", "<vlan tag='x'>", "</vlan>", "<interface name='b'>", "<ip ", "<protocol>", "<node>", "</node>",
    "<?xml version='1.0'?>", "<?xml ", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE d [<!ENTITY e 'x'>]>", "&e;",
    "&#0;", "&lt;", "'", '"', ">", "<x:y/>", "xmlns='u'", "\ud83d", "\x00", "`", "/", "=",
])  # fmt: skip


def encoded_with_surrogates(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@settings(deadline=None)
@given(st.lists(WORDS, max_size=30), st.sampled_from(["", "\n"]))
def test_any_sequence_of_scraps_is_read_or_refused(words: list[str], between: str) -> None:
    survives(encoded_with_surrogates(between.join(words)))


@settings(deadline=None)
@given(st.text())
@pytest.mark.long
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_domain(f"<domain><name>{text}</name></domain>", origin="x")
    except AnalyzerError:
        assert text


@settings(deadline=None)
@given(st.data())
def test_any_damaged_real_file_is_read_or_refused(corpus: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(FOLDERS))
    files = sorted((corpus / kind).iterdir())
    content = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.sampled_from([0, 1, 10, 1000]))
        scar = data.draw(st.binary(max_size=4) | WORDS.map(encoded_with_surrogates))
        content[start : start + length] = scar

    survives(bytes(content))
