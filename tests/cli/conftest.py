"""Fixtures that tests of commands share."""

from pathlib import Path

import pytest

STATE = ("STATE_DIRECTORY", "XDG_STATE_HOME")


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the configuration of the user who runs the tests out."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("VIRTSCAN_CONFIG", "XDG_CONFIG_HOME", "LIBVIRT_DEFAULT_URI", "NO_COLOR", *STATE):
        monkeypatch.delenv(name, raising=False)
