import pytest

from virtscan.config.file.values import expand, table_name
from virtscan.errors import ConfigError


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
