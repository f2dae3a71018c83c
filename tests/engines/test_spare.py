from virtscan.engines import spare
from virtscan.engines.admission import MOST_AT_ONCE
from virtscan.engines.bounded import within
from virtscan.engines.engine import Returned


def test_no_more_threads_are_taken_than_there_are_until_some_are_given_back() -> None:
    first, second = spare.take(MOST_AT_ONCE - 3), spare.take(10)
    none = spare.take(1)
    spare.give_back(second)
    again = spare.take(2)
    spare.give_back(first + again)

    assert (first, second, none, again) == (MOST_AT_ONCE - 3, 3, 0, 2)


def test_fewer_than_none_are_none() -> None:
    assert spare.take(-1) == 0


def test_the_share_is_smaller_the_more_calls_are_waited_for() -> None:
    def nested(depth: int) -> int:
        if not depth:
            return spare.share()
        outcome = within(60, lambda: nested(depth - 1))
        assert isinstance(outcome, Returned)
        return outcome.value

    assert [nested(depth) for depth in (0, 1, 4)] == [MOST_AT_ONCE, MOST_AT_ONCE, MOST_AT_ONCE // 4]
