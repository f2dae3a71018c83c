"""How old a fact was when its scan was made: time as facts have it, never that of a clock."""

from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)
_UNITS = ((_DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def age(observed_at: datetime, taken_at: datetime) -> timedelta:
    """How long before the scan it was; nothing for what the scan itself observed. Without a zone it is UTC."""
    aware = observed_at if observed_at.tzinfo else observed_at.replace(tzinfo=UTC)
    return max(taken_at - aware, timedelta())


def in_words(duration: timedelta) -> str:
    """A length of time in its largest unit, rounded down.

    >>> in_words(timedelta(days=31, hours=5)), in_words(timedelta(minutes=61)), in_words(timedelta(seconds=9))
    ('31 days', '1 hour', '0 minutes')
    """
    unit, name = next((one for one in _UNITS if duration >= one[0]), _UNITS[-1])
    count = duration // unit
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def ago(observed_at: datetime | None, taken_at: datetime) -> str | None:
    """When it was observed, counted back from the scan; None when nobody knows."""
    if observed_at is None:
        return None
    passed = age(observed_at, taken_at)
    return "at the scan" if passed < _UNITS[-1][0] else f"{in_words(passed)} ago"


def is_old(observed_at: datetime | None, taken_at: datetime) -> bool:
    """Is it worth a word in a finding? What is known to be a day old at least is; a scan may well take an hour."""
    return observed_at is not None and age(observed_at, taken_at) >= _DAY
