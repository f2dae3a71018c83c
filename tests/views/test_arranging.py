"""`--sort` and `--columns`: another order of rows, another choice of columns."""

import json

import pytest

from tests.views.fleet import report
from virtscan.errors import ConfigError
from virtscan.model import Verdict
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views import VIEWS
from virtscan.views.document import Column, Document, Section, number, one_of
from virtscan.views.rows.arranging import arrange
from virtscan.views.rows.lazy import Row, Value


def column(document: Document, key: str) -> list[Value]:
    place = [column.key for column in document.main.columns].index(key)
    return [row[place] for row in document.main.rows]


def by(view: str, *order: str, key: str) -> list[Value]:
    return column(arrange(VIEWS[view](report()), (), order), key)


def test_numbers_are_sorted_by_size_and_missing_values_come_last_in_either_direction() -> None:
    rows: tuple[Row, ...] = (("a", 10), ("b", None), ("c", 9))
    section = Section(key="rows", columns=(Column("name"), number("n")), rows=rows)
    document = Document(schema="test/1", version="1", sections=(section,))

    assert column(arrange(document, (), ["n"]), "name") == ["c", "a", "b"]
    assert column(arrange(document, (), ["-n"]), "name") == ["a", "c", "b"]


def test_names_are_sorted_by_their_numbers_as_in_the_page() -> None:
    rows: tuple[Row, ...] = (("vm10",), ("VM9",), ("vm2-b10",), ("vm2-b9",), ("db1",))
    document = Document(
        schema="test/1", version="1", sections=(Section(key="rows", columns=(Column("name"),), rows=rows),)
    )

    assert column(arrange(document, (), ["name"]), "name") == ["db1", "vm2-b9", "vm2-b10", "VM9", "vm10"]


def test_words_of_a_closed_set_are_sorted_as_the_set_is() -> None:
    rows: tuple[Row, ...] = tuple((verdict.value,) for verdict in sorted(Verdict, key=lambda verdict: verdict.value))
    section = Section(key="rows", columns=(one_of(Verdict, "verdict"),), rows=rows)
    document = Document(schema="test/1", version="1", sections=(section,))

    assert column(arrange(document, (), ["verdict"]), "verdict") == [verdict.value for verdict in Verdict]


def test_the_first_column_counts_first_and_equal_rows_keep_their_order() -> None:
    assert by("domains", "state", "-memory (MiB)", key="domain") == [
        "satellite", "web01", "mail", "開発-テスト", "no-nic", "pooled", "legacy-db",
    ]  # fmt: skip
    assert by("domains", "hypervisor", key="domain") == column(VIEWS["domains"](report()), "domain")


def test_groups_still_hold_the_same_rows_after_sorting() -> None:
    before, after = (document.main for document in (VIEWS["risks"](report()), sorted_by_domain()))

    assert [sorted(str(after.rows[row][1]) for row in group.rows) for group in after.groups] == [
        sorted(str(before.rows[row][1]) for row in group.rows) for group in before.groups
    ]


def sorted_by_domain() -> Document:
    return arrange(VIEWS["risks"](report()), (), ["domain"])


def test_chosen_columns_are_those_of_tables_and_csv_in_their_order() -> None:
    chosen = arrange(VIEWS["risks"](report()), ["domain", "source device", "site"], ())

    assert REPORTERS["csv"].render(chosen).decode().splitlines()[:2] == [
        "domain,source,site,taken_at",
        'web01,"bond2 (bond, bridge)",ams1,2026-11-22T02:00:00Z',
    ]
    table = REPORTERS["table"].render(chosen, RenderOptions(flat=True)).decode()
    assert table.split("\n\n")[1].splitlines()[0].split() == ["domain", "source", "device", "site"]


def test_documents_keep_every_key_whatever_columns_are_chosen() -> None:
    whole = VIEWS["risks"](report())

    chosen = json.loads(REPORTERS["json"].render(arrange(whole, ["site", "domain"], ())))

    assert chosen == json.loads(REPORTERS["json"].render(whole))
    assert next(iter(chosen["findings"][0])) == "domain"


def test_one_table_of_rows_has_those_without_action_only_with_all() -> None:
    shown = REPORTERS["table"].render(sorted_by_domain(), RenderOptions(flat=True)).decode()
    every = REPORTERS["table"].render(sorted_by_domain(), RenderOptions(flat=True, show_all=True)).decode()

    rows = shown.split("\n\n")[1].splitlines()[2:]
    assert [row.split()[1] for row in rows] == ["legacy-db", "pooled", "web01", "開発-テスト"]
    assert "(--all)" in shown
    assert "mail" in every
    assert "mail" not in shown


@pytest.mark.parametrize(
    ("columns", "order", "message"),
    [
        (["domian"], [], "^--columns: this view has no column 'domian'; did you mean 'domain'"),
        (["-domain"], [], "^--columns: this view has no column '-domain'; did you mean 'domain'"),
        ([], ["--domain"], "^--sort: this view has no column '-domain'"),
        ([], ["-vcpu"], "^--sort: this view has no column 'vcpu'; did you mean 'vcpus'"),
        (["domain", "domain"], [], "^--columns domain,domain: a column is named twice"),
        ([], ["domain", "-domain"], "^--sort domain,-domain: a column is named twice"),
        ([""], [], "^--columns: this view has no column ''"),
    ],
)
def test_a_column_that_is_not_there_or_named_twice_is_refused(
    columns: list[str], order: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        arrange(VIEWS["domains"](report()), columns, order)
