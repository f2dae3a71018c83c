"""Every item and every cause has words, with the facts in it."""

from typing import Any, get_args

import pytest

from tests.build import TAKEN_AT
from tests.filling import filled
from virtscan.model import ProvisioningKind
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps import mismatches as m
from virtscan.model.gaps.causes import BadDocument, GapCause, TooOld
from virtscan.model.gaps.items import Item, SystemHosts
from virtscan.views.wording.gaps import item_words
from virtscan.views.wording.gaps.causes import cause_words

MARKS_OF_CODE = ("None", "<", "()", "  ")


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


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (BadDocument(detail="bad", domains=("a",)), "bad; the domain in it is not read: a"),
        (BadDocument(detail="bad", domains=("a", "b")), "bad; the domains in it are not read: a, b"),
        (m.ForeignFrames(frames=1, link=9, link_name="PPP"), "1 frame not read, not Ethernet (link type 9, PPP); "),
        (m.UnreadMessages(messages=1, defect=m.BadMessage.CUT), "1 DHCP or TFTP message not read, cut off by the "),
        (m.TooManyBoots(requests=1, limit=5), "1 request not followed, more than 5 boots; split the capture by time"),
        (m.DroppedFrames(frames=1), "1 frame dropped while capturing; "),
        (m.TooManyBoots(requests=2, limit=5), "2 requests not followed, more than 5 boots; split the capture by time"),
    ],
)
def test_counts_of_one_are_singular(cause: AnyCause, words: str) -> None:
    assert cause_words(cause).startswith(words)


def test_one_host_in_build_mode_is_singular() -> None:
    item = SystemHosts(system_kind=ProvisioningKind.FOREMAN, system="satellite", hosts=1)

    assert item_words(item) == "foreman satellite interfaces of 1 host in build mode"


def test_every_item_and_cause_is_in_the_union_that_files_are_read_by() -> None:
    def below(kind: type[Any]) -> set[type[Any]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert below(Item) - {Item} == set(get_args(AnyItem))
    assert below(GapCause) - {GapCause} == set(get_args(AnyCause))


def test_an_age_is_counted_from_the_scan_and_a_date_without_one() -> None:
    old = TooOld(observed_at=TAKEN_AT.replace(month=10), max_age=604800.0, sources=("sosreport:a",))

    assert cause_words(old, TAKEN_AT) == "observed 31 days ago (the limit is 1 week); take a new sosreport"
    assert cause_words(old) == "observed 2026-10-22 02:00 UTC (the limit is 1 week); take a new sosreport"
