"""Age of a fact at the time of its scan; the present time is never used."""

from datetime import UTC, datetime, timedelta

import msgspec

_DAY = timedelta(days=1)


class Clock(msgspec.Struct, frozen=True):
    """The time of a scan, and how old a fact may have been then, in seconds; None for any age."""

    taken_at: datetime
    max_age: float | None

    def is_too_old(self, observed_at: datetime | None) -> bool:
        """Return whether a fact no longer counts; one of unknown age does not."""
        if self.max_age is None:
            return False
        if observed_at is None or is_ahead(observed_at, self.taken_at):
            return True
        return age(observed_at, self.taken_at).total_seconds() > self.max_age


def is_ahead(observed_at: datetime, taken_at: datetime) -> bool:
    """Return whether a fact is dated after the scan, by a wrong clock; up to a day is a zone or a slow scan."""
    return aware(observed_at) - taken_at > _DAY


def age(observed_at: datetime, taken_at: datetime) -> timedelta:
    """Return the age at the scan; zero for an observation of the scan itself. Without a zone it is UTC."""
    return max(taken_at - aware(observed_at), timedelta())


def is_old(observed_at: datetime | None, taken_at: datetime) -> bool:
    """Return whether a finding mentions the age: from a day on, because a scan may well take an hour."""
    return observed_at is not None and age(observed_at, taken_at) >= _DAY


def aware(moment: datetime) -> datetime:
    """Return a time with its zone; without one it is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
