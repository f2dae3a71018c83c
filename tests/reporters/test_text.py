"""Text from outside in outputs."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.fleet import report
from virtscan.reporters import gap_lines, printable, text
from virtscan.reporters.text import plain
from virtscan.views import VIEWS
from virtscan.views.rows.lazy import Value


def test_the_examples_in_the_documentation_hold() -> None:
    failed, tried = doctest.testmod(text)

    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("name", ["web01", "münchen", "開発", "a b", "it's", "C:\\vm", "🖥"])
def test_a_plain_name_is_not_changed(name: str) -> None:
    assert printable(name) == name


@given(name=st.text(alphabet=st.characters(codec=None)), limit=st.integers(min_value=3, max_value=50))
def test_printable_text_is_never_longer_than_its_limit(name: str, limit: int) -> None:
    shown = printable(name, limit)

    assert len(shown) <= limit
    assert shown.isprintable()


def test_a_shortened_name_keeps_both_ends() -> None:
    assert printable("begin" + "x" * 10_000 + "end", 11) == "begin…xxend"


def test_escapes_count_for_the_limit() -> None:
    assert printable("\x1b" * 10, 11) == "\\x1b\\…\\x1b"[:5] + "…" + "b\\x1b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", ""),
        ("text", "text"),
        (0, "0"),
        (-2.5, "-2.5"),
        (True, "true"),
        (False, "false"),
        ((), ""),
        (("eth4", "eth5"), "eth4; eth5"),
        ((1, 2), "1; 2"),
        (({"on": True, "of": ("a", None)}, {"n": 1}), '{"on": true, "of": ["a", null]}; {"n": 1}'),
    ],
)
def test_a_value_has_one_plain_form(value: Value, expected: str) -> None:
    assert plain(value) == expected


def test_null_and_truth_values_have_other_words_for_people() -> None:
    values: list[Value] = [None, (), True, False, ""]

    assert [plain(value, none="-", yes="yes", no="no") for value in values] == ["-", "-", "yes", "no", ""]


def test_gaps_can_be_written_one_line_each() -> None:
    assert gap_lines(VIEWS["risks"](report()).gaps) == [
        "qemu+ssh://hv2/system domain ghost: Domain not found",
        "qemu+ssh://hv2/system network old: Network not found",
        "qemu+ssh://hv3/system: no answer within 30 s; check the host, or raise --host-timeout",
        "server foreman: ssh: connection refused",
    ]
