"""Markdown: what a ticket shows, read by a real parser of GitHub's dialect."""

import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.build import inventory
from tests.reporters import hostile
from tests.views.fleet import report
from virtscan.model import Report
from virtscan.reporters import REPORTERS, printable
from virtscan.views import VIEWS
from virtscan.views.document import Column, Document, Section, number
from virtscan.views.rows.grouping import RowGroup
from virtscan.views.rows.lazy import Value


def tokens(text: str) -> list[Token]:
    """Every block and, behind those with text, what is in them."""
    blocks = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def cells(value: Value) -> list[str]:
    section = Section(key="rows", columns=(Column("a"), number("b")), rows=((value, 1),))
    shown = REPORTERS["markdown"].render(Document(schema="test/1", version="1", sections=(section,))).decode()
    return list(texts(shown))[-3:-1]


def texts(text: str) -> Iterator[str]:
    """The text of each block, as a reader sees it."""
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "inline":
            yield "".join(child.content for child in token.children or ())


def test_a_name_is_nothing_but_text_or_code() -> None:
    shown = REPORTERS["markdown"].render(hostile.document()).decode()
    shown += REPORTERS["markdown"].render(hostile.grouped()).decode()

    known = {"text", "fence", "code_inline", "inline", "softbreak"}
    blocks = {"heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td"}
    types = {token.type for token in tokens(shown)}
    assert types - known - {f"{block}_{end}" for block in blocks for end in ("open", "close")} == set()


def test_a_name_adds_no_cell_and_no_row() -> None:
    shown = REPORTERS["markdown"].render(hostile.document()).decode()

    kinds = [token.type for token in tokens(shown)]
    assert kinds.count("tr_open") == len(hostile.NAMES) + 2
    assert kinds.count("td_open") == (len(hostile.NAMES) + 1) * 6
    assert kinds.count("list_item_open") == len(hostile.NAMES) * 3


def test_a_name_adds_no_item_to_the_causes() -> None:
    shown = REPORTERS["markdown"].render(hostile.grouped()).decode()

    assert [token.type for token in tokens(shown)].count("list_item_open") == len(hostile.NAMES) * 4


def test_sites_find_no_mention_reference_address_or_picture_in_plain_text() -> None:
    names = ("@octocat", "#12", "root@hv1", "https://evil.example", "www.evil.example", "52:54:00:ab:00:01", ":ab:")

    for name in names:
        section = Section(key="rows", columns=(Column("a", wraps=True),), rows=((f"waits for {name}, says {name}.",),))
        document = Document(schema="test/1", version="1", sections=(section,), notes=(f"of {name}",))
        shown = REPORTERS["markdown"].render(document).decode()
        assert [token.content for token in tokens(shown) if token.type == "text" and name in token.content] == []
        assert shown.count(name) == 3


def test_a_reader_sees_every_name_as_it_is_written() -> None:
    for name in hostile.NAMES.values():
        if name.strip():
            assert cells(name)[0].split() == printable(name, 300).split()


def test_a_sentence_is_whole_and_a_name_loses_its_middle() -> None:
    long = "x" * 1_000
    columns = (Column("a"), Column("b", wraps=True))
    section = Section(key="rows", columns=columns, rows=((long, long),))
    shown = REPORTERS["markdown"].render(Document(schema="test/1", version="1", sections=(section,))).decode()

    name, sentence = list(texts(shown))[-3:-1]
    assert (len(name), "…" in name, sentence) == (300, True, long)


def test_a_signed_number_is_plain_text() -> None:
    section = Section(key="rows", columns=(Column("a"),), rows=(("at -10240 MiB (+0)",),))
    shown = REPORTERS["markdown"].render(Document(schema="test/1", version="1", sections=(section,))).decode()

    assert "| at -10240 MiB (+0) |" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/sys/class/net; ssh://", "`/sys/class/net`; `ssh://`"),
        ("a waiver (domain iso-*): ended", "a waiver (domain `iso-*`): ended"),
        ("depot (file:/x.txt): gone", "depot `(file:/x.txt)`: gone"),
    ],
)
def test_code_ends_with_its_clause(text: str, shown: str) -> None:
    section = Section(key="rows", columns=(Column("a"),), rows=((text,),))

    ticket = REPORTERS["markdown"].render(Document(schema="test/1", version="1", sections=(section,))).decode()

    assert f"| {shown} |" in ticket


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run `ip -d link` on hv1", "run `ip -d link` on hv1"),
        ("see `virtscan remedy`; why: `virtscan explain`.", "see `virtscan remedy`; why: `virtscan explain`."),
        ("an odd `name`s", "an odd `` `name`s ``"),
    ],
)
def test_code_that_a_sentence_marks_stays_whole(text: str, shown: str) -> None:
    group = RowGroup(verdict="unknown", title="A", action=text, rows=(), columns=())
    main = Section(key="rows", columns=(), rows=(), groups=(group,))

    ticket = REPORTERS["markdown"].render(Document(schema="test/1", version="1", sections=(main,), notes=(text,)))

    assert f"- A {shown}\n" in ticket.decode()
    assert f"- {shown}\n" in ticket.decode()


def test_null_is_a_dash_and_truth_a_word() -> None:
    assert [cells(value)[0] for value in (None, (), True, False, 0.5, ("a", "b"))] == [
        "-", "-", "yes", "no", "0.50", "a; b",
    ]  # fmt: skip


def test_a_report_without_rows_gives_the_reason_once() -> None:
    for view in VIEWS.values():
        shown = REPORTERS["markdown"].render(view(Report(inventory=inventory()))).decode()

        assert len(re.findall(r"^No .* was given\.$", shown, re.MULTILINE)) == 1


def test_counts_fix_rows_and_gaps_are_in_the_ticket() -> None:
    shown = list(texts(REPORTERS["markdown"].render(VIEWS["risks"](report())).decode()))

    assert shown[0] == "virtscan report"
    assert shown[1].startswith("2 interfaces of 2 VMs at risk (")
    assert "satellite eth0: TX checksum offload is on. Fix on satellite: ethtool -K eth0 tx off" in shown
    assert "legacy-db" in shown
    assert "Not read: 4" in shown
    assert shown[-1] == "Scanned 2026-11-22 02:00 UTC by virtscan 0.1.0."
