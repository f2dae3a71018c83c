"""Every item and every cause has words, with the facts in it."""

from typing import Any, get_args

import pytest

from tests.build import TAKEN_AT
from tests.filling import filled
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.causes import GapCause, TooOld
from virtscan.model.gaps.items import Item
from virtscan.views.wording.gaps import item_words
from virtscan.views.wording.gaps.causes import cause_words

MARKS_OF_CODE = ("None", "<", "()", "  ", "None")


@pytest.mark.parametrize("kind", get_args(AnyItem), ids=lambda kind: kind.__name__)
def test_every_item_has_words_without_the_marks_of_code(kind: type[Item]) -> None:
    for item in filled(kind, lambda _field: "a name"):
        words = item_words(item)

        assert "a name" in words
        assert [mark for mark in MARKS_OF_CODE if mark in words] == []


@pytest.mark.parametrize("kind", get_args(AnyCause), ids=lambda kind: kind.__name__)
def test_every_cause_has_words_without_the_marks_of_code(kind: type[GapCause]) -> None:
    for cause in filled(kind, lambda _field: "a name"):
        words = cause_words(cause, TAKEN_AT)

        assert words
        assert [mark for mark in MARKS_OF_CODE if mark in words] == []


def test_every_item_and_cause_is_in_the_union_that_files_are_read_by() -> None:
    def below(kind: type[Any]) -> set[type[Any]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert below(Item) - {Item} == set(get_args(AnyItem))
    assert below(GapCause) - {GapCause} == set(get_args(AnyCause))


def test_an_age_is_counted_from_the_scan_and_a_date_without_one() -> None:
    old = TooOld(observed_at=TAKEN_AT.replace(month=10), max_age=604800.0, sources=("sosreport:a",))

    assert cause_words(old, TAKEN_AT) == "observed 31 days ago (the limit is 1 week); take a new sosreport"
    assert cause_words(old) == "observed 2026-10-22 02:00 UTC (the limit is 1 week); take a new sosreport"
