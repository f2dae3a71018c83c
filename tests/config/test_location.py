from pathlib import Path

import pytest

from virtscan.config import find_config
from virtscan.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = tmp_path / "home" / ".config" / "virtscan" / "virtscan.toml"
    file.parent.mkdir(parents=True)
    file.touch()
    return tmp_path / "home"


def test_file_named_on_the_command_line_comes_first(tmp_path: Path, home: Path) -> None:
    named = tmp_path / "mine.toml"
    named.touch()

    assert find_config(named, {"HOME": str(home), "VIRTSCAN_CONFIG": "/nowhere"}) == named


def test_configuration_named_by_the_environment_comes_second(tmp_path: Path, home: Path) -> None:
    named = tmp_path / "mine.toml"
    named.touch()

    assert find_config(None, {"HOME": str(home), "VIRTSCAN_CONFIG": str(named)}) == named


def test_configuration_of_the_user_comes_third(home: Path) -> None:
    assert find_config(None, {"HOME": str(home)}) == home / ".config" / "virtscan" / "virtscan.toml"


def test_the_users_file_is_in_the_xdg_folder(home: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(home / ".config"), "HOME": "/nowhere"}

    assert find_config(None, environment) == home / ".config" / "virtscan" / "virtscan.toml"


def test_configuration_of_the_system_comes_last(tmp_path: Path) -> None:
    system = tmp_path / "virtscan.toml"
    system.touch()

    assert find_config(None, {}, system_file=system) == system


def test_configuration_is_optional(tmp_path: Path) -> None:
    assert find_config(None, {"HOME": str(tmp_path)}, system_file=tmp_path / "none") is None


def test_a_named_file_must_exist() -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: no such file$"):
        find_config(Path("gone.toml"), {})
    with pytest.raises(ConfigError, match=r"gone\.toml: no such file \(VIRTSCAN_CONFIG"):
        find_config(None, {"VIRTSCAN_CONFIG": "gone.toml"})


def test_a_pipe_or_device_is_not_reported_as_absent() -> None:
    with pytest.raises(ConfigError, match=r"^/dev/null: not a regular file$"):
        find_config(Path("/dev/null"), {})
    with pytest.raises(ConfigError, match=r"^/dev/null: not a regular file \(VIRTSCAN_CONFIG"):
        find_config(None, {"VIRTSCAN_CONFIG": "/dev/null"})


def test_a_file_in_an_unreadable_folder_is_not_taken_for_absent() -> None:
    long = "a" * 300  # no folder can have this name, not even for root
    with pytest.raises(ConfigError, match=r"virtscan\.toml: can't be read: File name too long; name another"):
        find_config(None, {"XDG_CONFIG_HOME": f"/{long}"})
