"""Values as they are written in the file and on the command line, and names for its tables."""

import os
import re
from collections.abc import Mapping

from virtscan.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_VARIABLE = re.compile(r"\$\$|\$\{([^}]*)\}")


def duration(text: str) -> float:
    """Read a duration such as `30s`, `10m` or `1h30m`; return seconds.

    Raises:
        ConfigError: Not of that form (a number without a unit is ambiguous), or zero.
    """
    if not _DURATION.fullmatch(text):
        raise ConfigError(f"invalid duration {text!r}; add a unit, e.g. 30s, 1h30m, 7d")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds <= 0:
        raise ConfigError(f"invalid duration {text!r}; it must be longer than 0s")
    return seconds


def table_name(key: str, number: int, table: object) -> str:
    """Name a table of a repeated key for an error, e.g. `2nd [[server]] ("satellite")`."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    name = table.get("name") if isinstance(table, Mapping) else getattr(table, "name", None)
    label = f' ("{name}")' if isinstance(name, str) else ""
    return f"{number}{suffix} [[{key}]]{label}"


def expand(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Replace `${NAME}` from the environment and `$$` by a single dollar sign.

    Raises:
        ConfigError: A variable is not set; an empty value in its place would change the meaning silently.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "$"
        if name not in environment:
            raise ConfigError(f"${{{name}}} is not set in the environment")
        return environment[name]

    return _VARIABLE.sub(value, text)
