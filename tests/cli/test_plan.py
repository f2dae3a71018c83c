from pathlib import Path

import pytest

from virtscan.cli.output.console import Console, Verbosity
from virtscan.cli.plan import load_plan
from virtscan.config import Options
from virtscan.errors import ConfigError

TEXT = '[[provisioning]]\ntype = "foreman"\nurl = "https://f"\nuser = "scan"\ntoken = "s3cret"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "virtscan.toml"
    path.write_text(TEXT)
    return path


def test_a_configuration_of_ones_own_may_hold_a_secret(config: Path) -> None:
    config.chmod(0o600)

    assert len(load_plan(config, Options(), Console(Verbosity.QUIET)).provisioning) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_secret_in_a_file_readable_by_others_is_refused(config: Path, mode: int) -> None:
    config.chmod(mode)

    with pytest.raises(ConfigError, match="file readable by others"):
        load_plan(config, Options(), Console(Verbosity.QUIET))


def test_bytes_that_are_not_text_are_named(config: Path) -> None:
    config.write_bytes(b"# \xff")

    with pytest.raises(ConfigError, match=r"not UTF-8 text \(byte 2\)"):
        load_plan(config, Options(), Console(Verbosity.QUIET))
