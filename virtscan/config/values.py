"""Values as people write them."""

import os
import re
from collections.abc import Mapping

from virtscan.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_VARIABLE = re.compile(r"\$\$|\$\{([^}]*)\}")


def duration(text: str) -> float:
    """Seconds in a length of time such as `30s`, `10m` or `1h30m`.

    Raises:
        ConfigError: Not of that form (a number without a unit is nobody's intention for sure), or zero.
    """
    if not _DURATION.fullmatch(text):
        raise ConfigError(f"{text!r} is no length of time: write a number with s, m, h, d or w, as in 30s, 1h30m or 7d")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds <= 0:
        raise ConfigError(f"{text!r} is no time at all: write at least 1s")
    return seconds


def expand(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text with `${NAME}` replaced from the environment and `$$` by a single dollar sign.

    Raises:
        ConfigError: A variable is not set: an empty value in its place would change the meaning without a word.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "$"
        if name not in environment:
            raise ConfigError(f"${{{name}}} is not set in the environment")
        return environment[name]

    return _VARIABLE.sub(value, text)
