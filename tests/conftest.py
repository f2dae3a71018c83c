"""Fixtures that every part's tests share."""

import os
from pathlib import Path

import pytest

pytest_plugins = ("tests.harness.sshd",)

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of collected data files that lies beside the project, read where it lies."""
    folder = Path(os.environ.get("VIRTSCAN_CORPUS", PROJECT.parent / "shared" / "corpus"))
    if folder.is_dir():
        return folder
    reason = f"no corpus at {folder}: point VIRTSCAN_CORPUS at it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
