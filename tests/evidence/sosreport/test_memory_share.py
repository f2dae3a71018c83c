import threading

import pytest

from tests.harness.patience import LONG
from virtscan.errors import SosreportError
from virtscan.evidence.sosreport import memory_share
from virtscan.evidence.sosreport.memory_share import MAX_KEPT, Share


class Holder:
    """Holds the content of a report."""


def test_one_report_may_take_no_more_than_its_limit() -> None:
    share = Share(100)
    share.take(100)

    with pytest.raises(SosreportError, match="size limit"):
        share.take(1)
    share.release()


def test_a_report_waits_for_the_first_one_where_all_together_are_large() -> None:
    first, second = Share(), Share()
    second.take(1)
    first.take(MAX_KEPT - 1)
    went_on = threading.Event()

    def go_on() -> None:
        second.take(1)
        went_on.set()

    thread = threading.Thread(target=go_on)
    thread.start()
    waited = not went_on.wait(0.3)
    first.release()
    thread.join(LONG)
    second.release()

    assert waited
    assert went_on.is_set()


def test_the_memory_is_free_when_the_content_is_gone() -> None:
    first, second = Share(), Share()
    holder = Holder()
    first.take(MAX_KEPT)
    first.release_with(holder)
    del holder

    second.take(MAX_KEPT)  # would wait
    second.release()


def test_the_garbage_collector_may_give_a_report_back_while_the_lock_is_held() -> None:
    share = Share()
    gave_back = threading.Event()

    def collect() -> None:
        with memory_share._lock:  # as in a collection that begins there
            share.release()
        gave_back.set()

    threading.Thread(target=collect, daemon=True).start()

    assert gave_back.wait(LONG)
