import pytest

from virtscan.config.file.values import duration, expand, table_name
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


def test_variables_are_replaced_from_the_environment() -> None:
    assert expand("qemu+ssh://${WHO}@hv/${X}", {"WHO": "root", "X": "system"}) == "qemu+ssh://root@hv/system"


def test_a_doubled_dollar_sign_is_one_and_a_single_one_stays() -> None:
    assert expand("$${HOME} $5", {"HOME": "/"}) == "${HOME} $5"


def test_a_variable_that_is_not_set_is_an_error_and_not_empty() -> None:
    with pytest.raises(ConfigError, match=r"\$\{NOWHERE\} is not set"):
        expand("${NOWHERE}", {})


@pytest.mark.parametrize(
    ("number", "ordinal"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")]
)
def test_a_table_is_named_by_its_place(number: int, ordinal: str) -> None:
    assert table_name("server", number, {}) == f"{ordinal} [[server]]"


def test_a_duration_without_a_unit_is_refused_with_the_unit_to_add() -> None:
    with pytest.raises(ConfigError, match=r"^invalid duration '30'; add a unit, e\.g\. 30s, 1h30m, 7d$"):
        duration("30")
    with pytest.raises(ConfigError, match=r"^invalid duration '0s'; it must be longer than 0s$"):
        duration("0s")
