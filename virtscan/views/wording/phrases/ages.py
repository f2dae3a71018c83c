"""Lengths of time in words; ages are counted back from a scan."""

from datetime import UTC, datetime, timedelta

from virtscan.correlator.staleness.age import age, aware

_MINUTE = timedelta(minutes=1)
_UNITS = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_UNITS_OF_AGES = _UNITS[1:4]
"""Weeks are too coarse, and seconds too fine."""


def exactly(seconds: float) -> str:
    """Return a length of time in the largest unit that it is a whole number of."""
    size, name = next((unit for unit in _UNITS if seconds % unit[0] == 0), _UNITS[-1])
    return _counted(seconds / size, name)


def in_words(duration: timedelta) -> str:
    """Return a length of time in its largest unit, rounded down.

    >>> in_words(timedelta(days=31, hours=5)), in_words(timedelta(minutes=61)), in_words(timedelta(seconds=9))
    ('31 days', '1 hour', '0 minutes')
    """
    seconds = duration.total_seconds()
    size, name = next((unit for unit in _UNITS_OF_AGES if seconds >= unit[0]), _UNITS_OF_AGES[-1])
    return _counted(seconds // size, name)


def ago(observed_at: datetime | None, taken_at: datetime) -> str | None:
    """Return when it was observed, counted back from the scan; None where the time is unknown."""
    if observed_at is None:
        return None
    passed = age(observed_at, taken_at)
    return "at the scan" if passed < _MINUTE else f"{in_words(passed)} ago"


def moment(observed_at: datetime, *, seconds: bool = False) -> str:
    """Return a point of time in UTC, to the minute or to the second, for people."""
    return f"{aware(observed_at).astimezone(UTC):{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}} UTC"


def _counted(count: float, unit: str) -> str:
    return f"{count:.15g} {unit}" if count == 1 else f"{count:.15g} {unit}s"
