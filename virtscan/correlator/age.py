"""How old a fact was when its scan was made: time as facts have it, never that of a clock."""

from datetime import UTC, datetime, timedelta

import msgspec

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_UNITS = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_UNITS_OF_AGES = _UNITS[1:4]
"""Weeks are too coarse, and seconds too fine."""


class Clock(msgspec.Struct, frozen=True):
    """The time of a scan, and how old a fact may have been then, in seconds; None for any age."""

    taken_at: datetime
    max_age: float | None

    def is_too_old(self, observed_at: datetime | None) -> bool:
        """Tell whether a fact no longer counts; one of unknown age does not."""
        if self.max_age is None:
            return False
        return observed_at is None or age(observed_at, self.taken_at).total_seconds() > self.max_age

    def complaint(self, observed_at: datetime | None) -> str:
        """Return how old a fact that is too old is, and how old it may be."""
        limit = "" if self.max_age is None else f" (the limit is {_exactly(self.max_age)})"
        when = ago(observed_at, self.taken_at)
        return f"observed at an unknown time{limit}" if when is None else f"observed {when}{limit}"


def _exactly(seconds: float) -> str:
    """Return a length of time in the largest unit that it is a whole number of."""
    size, name = next((unit for unit in _UNITS if seconds % unit[0] == 0), _UNITS[-1])
    return _counted(seconds / size, name)


def age(observed_at: datetime, taken_at: datetime) -> timedelta:
    """How long before the scan it was; nothing for what the scan itself observed. Without a zone it is UTC."""
    aware = observed_at if observed_at.tzinfo else observed_at.replace(tzinfo=UTC)
    return max(taken_at - aware, timedelta())


def in_words(duration: timedelta) -> str:
    """A length of time in its largest unit, rounded down.

    >>> in_words(timedelta(days=31, hours=5)), in_words(timedelta(minutes=61)), in_words(timedelta(seconds=9))
    ('31 days', '1 hour', '0 minutes')
    """
    seconds = duration.total_seconds()
    size, name = next((unit for unit in _UNITS_OF_AGES if seconds >= unit[0]), _UNITS_OF_AGES[-1])
    return _counted(seconds // size, name)


def _counted(count: float, unit: str) -> str:
    return f"{count:.15g} {unit}" if count == 1 else f"{count:.15g} {unit}s"


def ago(observed_at: datetime | None, taken_at: datetime) -> str | None:
    """Return when it was observed, counted back from the scan; None where the time is unknown."""
    if observed_at is None:
        return None
    passed = age(observed_at, taken_at)
    return "at the scan" if passed < _MINUTE else f"{in_words(passed)} ago"


def is_old(observed_at: datetime | None, taken_at: datetime) -> bool:
    """Tell whether a finding mentions the age: from a day on, because a scan may well take an hour."""
    return observed_at is not None and age(observed_at, taken_at) >= _DAY
