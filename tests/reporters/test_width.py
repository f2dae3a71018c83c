"""Breaking and shortening of lines for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.reporters.terminal.width import shorten, width, wrap

TEXTS = st.text(st.sampled_from("ab  c界é\u0301\u200d👩x"), max_size=60)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("fits", ["fits"]),
        ("", [""]),
        ("one two three", ["one two", "  three"]),
        ("label     a value of it", ["label", "  a value", "  of it"]),
        ("a bbbbbbbbbbbb c", ["a bbbbbb", "  bbbbbb", "  c"]),
        ("界界界界界 é", ["界界界界", "  界 é"]),
    ],
)
def test_a_line_is_broken_at_blanks_and_within_a_word_that_is_too_long(text: str, lines: list[str]) -> None:
    assert wrap(text, 9 if "label" in text or "界" in text else 8, indent="  ") == lines


def test_a_word_that_must_stay_whole_may_exceed_the_width() -> None:
    assert wrap("a bbbbbbbbbbbb c", 8, indent="  ", whole_words=True) == ["a", "  bbbbbbbbbbbb", "  c"]


@given(TEXTS, st.integers(6, 30), st.integers(0, 3))
def test_every_line_fits_and_nothing_but_blanks_is_lost(text: str, limit: int, blanks: int) -> None:
    lines = wrap(text, limit, indent=" " * blanks)

    assert max(map(width, lines)) <= limit
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.integers(3, 30))
def test_a_shortened_text_fits_and_keeps_marks_with_their_letter(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert width(short) <= limit
    assert "…\u0301" not in short
