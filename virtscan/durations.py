"""Durations as the configuration file and the command line write them."""

import re

from virtscan.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_LONGEST = 100 * 365 * 86400
"""Seconds; far below the limits of dates and timers."""


def duration(text: str) -> float:
    """Read a duration such as `30s`, `10m` or `1h30m`; return seconds.

    Raises:
        ConfigError: Not of that form (a number without a unit is ambiguous), zero, or over 100 years.
    """
    if _DURATION.fullmatch(text.removeprefix("-")) is None:
        raise ConfigError(f"invalid duration {text[:40]!r}; add a unit, e.g. 30s, 1h30m, 7d")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds <= 0 or text.startswith("-"):
        raise ConfigError(f"invalid duration {text[:40]!r}; it must be longer than 0s")
    if seconds > _LONGEST:
        raise ConfigError(f"invalid duration {text[:40]!r}; use at most 36500d")
    return seconds
