"""Fixtures that tests of commands share."""

from pathlib import Path

import pytest

from virtscan.model import Inventory
from virtscan.storage import dumps

STATE = ("STATE_DIRECTORY", "XDG_STATE_HOME")


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the configuration of the user who runs the tests out."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("VIRTSCAN_CONFIG", "XDG_CONFIG_HOME", "LIBVIRT_DEFAULT_URI", "NO_COLOR", *STATE):
        monkeypatch.delenv(name, raising=False)


def saved_in(folder: Path, value: Inventory) -> str:
    """Save an inventory as `scan --save` does; return its file."""
    path = folder / "fleet.json"
    path.write_bytes(dumps(value))
    return str(path)
