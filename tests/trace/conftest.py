"""Captures of real boots, which lie beside the project."""

import os
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of captures made of real boots, read where it lies."""
    folder = Path(os.environ.get("VIRTSCAN_CAPTURES", PROJECT.parent / "shared" / "lab" / "captures"))
    if folder.is_dir():
        return folder
    reason = f"no captures at {folder}: point VIRTSCAN_CAPTURES at them"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
