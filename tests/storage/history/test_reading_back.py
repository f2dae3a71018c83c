"""Everything saved is read back as it was, in both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.storage.history.fleets import in_days, sequences
from tests.storage.inventories import inventories
from virtscan.correlator.judging import judge
from virtscan.model import Inventory
from virtscan.storage.history import open_history

ANY_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def reads_back(url: str, saved: list[Inventory], report: Callable[[Inventory], Any]) -> None:
    """Save a sequence; each scan of it is read back after each."""
    with open_history(url, create=True) as history:
        numbers = []
        for scan in saved:
            numbers.append(history.save(scan, report(scan)))
            assert list(map(history.load, numbers)) == saved[: len(numbers)]


@pytest.mark.long
@settings(ANY_DATABASE, max_examples=12)
@given(st.lists(inventories(), min_size=1, max_size=3))
def test_any_sequence_of_any_inventories_reads_back_equal(url: str, sequence: list[Inventory]) -> None:
    reads_back(url, in_days(sequence), lambda _inventory: None)


@pytest.mark.long
@settings(ANY_DATABASE, max_examples=20)
@given(sequences())
def test_any_nights_of_a_fleet_read_back_equal(url: str, sequence: list[Inventory]) -> None:
    reads_back(url, sequence, judge)
