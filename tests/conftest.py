"""Fixtures that every part's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.harness.sshd",)

PROJECT = Path(__file__).parents[1]

# No test asserts a time: on a busy machine one example, or the first text ever made, may take long.
settings.register_profile("virtscan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("virtscan")


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
