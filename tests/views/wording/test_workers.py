"""The words for what workers did not read."""

import pytest

from virtscan.engines.engine import Cut, Loss, Lost
from virtscan.model.gaps.workers import NotCarried, WhyNotCarried
from virtscan.scanning import Limits
from virtscan.scanning.reading import why_cut
from virtscan.views.wording.gaps.causes import cause_words

PLACE = "tls://10.0.0.5:4711"


@pytest.mark.parametrize("loss", Loss)
def test_every_lost_slice_has_a_sentence_with_the_place_and_an_action(loss: Loss) -> None:
    cause = why_cut(Lost(loss, PLACE), Limits())

    assert cause == NotCarried(why=WhyNotCarried[loss.name], place=PLACE)
    problem, _, action = cause_words(cause).partition("; ")
    assert PLACE in problem
    assert action


def test_every_way_to_lose_a_slice_has_a_sentence_of_its_own() -> None:
    assert {why.name for why in WhyNotCarried} == {loss.name for loss in Loss}
    assert len({cause_words(NotCarried(why=why, place=PLACE)) for why in WhyNotCarried}) == len(WhyNotCarried)


def test_the_message_of_the_worker_is_shown() -> None:
    cause = why_cut(Lost(Loss.REFUSED, PLACE, "written by virtscan 1 {place}"), Limits())

    assert cause_words(cause) == (
        f"worker {PLACE} refused it (written by virtscan 1 {{place}}); install the same virtscan there"
    )
    assert cause_words(why_cut(Cut.INTERRUPTED, Limits())) == "interrupted"
