"""Sentences about trends."""

from datetime import date

import pytest

from virtscan.changes.trend import CapacityTrend, Growth, Outlook
from virtscan.views.tables import trends


@pytest.mark.parametrize(("days", "words"), [(0, "in 0 days"), (1, "in 1 day"), (23, "in 23 days")])
def test_a_growing_site_is_full_on_a_day(days: int, words: str) -> None:
    growth = Growth(
        scope=None, site="ams1", outlook=Outlook.GROWING, scans=9, days_until_full=days, full_on=date(2026, 12, 24)
    )

    (note,) = trends.capacity(CapacityTrend(growth=(growth,))).notes

    assert note == f"ams1: memory will be full {words} (2026-12-24) at +0 MiB a day; from 9 scans"
