"""Fixtures that every part's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.missing import cannot_run

pytest_plugins = ("tests.harness.sshd",)

PROJECT = Path(__file__).parents[1]

# No test asserts a time: on a busy machine one example, or the first text ever made, may take long.
settings.register_profile("virtscan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("virtscan")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of collected data files that lies beside the project, read where it lies."""
    return _beside("corpus", "VIRTSCAN_CORPUS")


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of captures made of real boots, read where it lies."""
    return _beside("lab/captures", "VIRTSCAN_CAPTURES")


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder of scenarios with independent right answers, read where it lies."""
    return _beside("cases", "VIRTSCAN_CASES")


def _beside(name: str, variable: str) -> Path:
    """What lies beside the project, or where the variable says; else the test is skipped, or fails in CI."""
    folder = Path(os.environ.get(variable, PROJECT.parent / "shared" / name))
    if not folder.is_dir():
        cannot_run(f"nothing at {folder}: point {variable} at it")
    return folder
