"""Tests of the lab's table, for a terminal and in a document."""

import pytest

from tests.lab.table import BEGIN, END, Row, filled, markdown_table, text_table

AGREEING = Row(scenario="lossy", offload="on", verdict="at-risk (high)", rule="R8", boot="TFTP timeout")
OTHER = Row(scenario="direct", offload="on", against="virsh:\nno | such device")


def test_a_row_that_disagrees_has_the_reason_and_is_counted() -> None:
    table = text_table([AGREEING, OTHER])

    assert "NO: virsh: no | such device" in table
    assert table.endswith("\n1 of 2 boots agree with the verdict\n")


def test_only_the_text_between_the_marks_is_replaced() -> None:
    document = f"# Before\n{BEGIN}\nold\n{END}\nafter\n"

    assert filled(document, "new\n") == f"# Before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_filling_a_document_twice_changes_nothing_more() -> None:
    table = markdown_table([AGREEING], "Made today.")
    once = filled(f"{BEGIN}{END}", table)

    assert filled(once, table) == once


def test_a_cell_cannot_break_the_table_of_a_document() -> None:
    lines = markdown_table([OTHER], "Made today.").splitlines()

    assert [line.replace("\\|", "").count("|") for line in lines if line.startswith("|")] == [7] * 3


@pytest.mark.parametrize(
    "document",
    ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"],
)
def test_a_document_without_one_pair_of_marks_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="where the table belongs"):
        filled(document, "new\n")
