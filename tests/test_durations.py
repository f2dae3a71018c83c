import pytest

from virtscan.durations import duration
from virtscan.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("10m", 600), ("1h30m", 5400), ("7d", 604800), ("2w", 1209600), ("0.5s", 0.5), ("1m0s", 60)],
)
def test_a_length_of_time_is_read_in_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "s", "-5s", "5 s", "1y", "0s", "1e9s", "٣s s", "5S", "36501d", f"{'9' * 400}w"]
)
def test_an_invalid_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^invalid duration "):
        duration(text)


def test_a_duration_without_a_unit_is_refused_with_the_unit_to_add() -> None:
    with pytest.raises(ConfigError, match=r"^invalid duration '30'; add a unit, e\.g\. 30s, 1h30m, 7d$"):
        duration("30")
    with pytest.raises(ConfigError, match=r"^invalid duration '0s'; it must be longer than 0s$"):
        duration("0s")
    with pytest.raises(ConfigError, match=r"^invalid duration '-5m'; it must be longer than 0s$"):
        duration("-5m")
