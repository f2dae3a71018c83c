"""A fleet that did not change gives equal findings on two nights, and gaps and warnings that differ in times alone."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tests.build import TAKEN_AT
from tests.correlator.fleets import inventories
from tests.correlator.test_aging import everything, limited
from virtscan.correlator.judging import judge
from virtscan.model import Inventory, Report

DAY = timedelta(days=1)


def shifted(value: Any, by: timedelta) -> Any:
    """The same value with all its times later (`Any`: of any type)."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple):
        return tuple(shifted(item, by) for item in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: shifted(getattr(value, name), by) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value


def assert_alike(tonight: Report, tomorrow: Report) -> None:
    assert tomorrow.findings == tonight.findings
    assert tomorrow.not_judged == tonight.not_judged
    assert shifted(tonight.warnings, DAY) == tomorrow.warnings
    assert shifted(tonight.inventory.gaps, DAY) == tomorrow.inventory.gaps


@pytest.mark.parametrize("days", [0, 31])
def test_outdated_facts_give_equal_findings_on_two_nights(days: int) -> None:
    looked_at = limited(everything(TAKEN_AT - timedelta(days=days)))

    tonight = judge(looked_at)
    assert bool(tonight.inventory.gaps) is (days > 0)
    assert_alike(tonight, judge(shifted(looked_at, DAY)))


def test_a_fact_that_is_too_old_only_on_the_second_night_changes_a_finding() -> None:
    looked_at = limited(everything(TAKEN_AT - timedelta(days=7)))
    later = msgspec.structs.replace(looked_at, taken_at=TAKEN_AT + DAY)

    assert judge(looked_at).findings != judge(later).findings


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_any_fleet_gives_equal_findings_on_two_nights(looked_at: Inventory) -> None:
    assert_alike(judge(looked_at), judge(shifted(looked_at, DAY)))
