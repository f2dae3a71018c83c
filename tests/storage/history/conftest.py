"""Databases for tests: each test runs on both kinds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.postgresql import PostgreSQL
from virtscan.storage.address import check_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """A function that makes the URL of a database that does not exist yet, or is empty."""
    if request.param == "sqlite":
        numbers = iter(range(1_000_000))
        return lambda: f"sqlite:///{tmp_path}/history{next(numbers)}.sqlite"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return lambda: check_url(server.new_database(), "test", private=False)


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()
