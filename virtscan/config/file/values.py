"""Values as they are written in the file, with variables, and names for its tables."""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from virtscan.errors import ConfigError
from virtscan.transport import url_secrets

_VARIABLE = re.compile(r"\$\$|\$\{([^}]*)\}")


def table_name(key: str, number: int, table: object) -> str:
    """Name a table of a repeated key for an error, e.g. `2nd [[server]] ("satellite")`."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    name = table.get("name") if isinstance(table, Mapping) else getattr(table, "name", None)
    label = f' ("{url_secrets.shown(name)}")' if isinstance(name, str) and name.isprintable() else ""
    return f"{number}{suffix} [[{key}]]{label}"


def expand(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Replace `${NAME}` from the environment and `$$` by a single dollar sign.

    Raises:
        ConfigError: A variable is not set; an empty value in its place would change the meaning silently.
    """
    return _VARIABLE.sub(lambda match: _value(match, environment), text)


def expand_url(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Replace variables in a URL as `expand` does; each is one user, one password or one value of a parameter.

    There it is percent-encoded, so that a password may have any character. Elsewhere it is inserted unchanged: it may
    be a host, a path or the whole URL.

    Raises:
        ConfigError: As `expand`.
    """
    start = text.find("://") + 3
    end = next((index for index in range(start, len(text)) if text[index] in "/?"), len(text))
    user = range(start, text.rfind("@", start, end)) if start > 2 else range(0)
    query = text.find("?", end)

    def value(match: re.Match[str]) -> str:
        replacement = _value(match, environment)
        is_encoded = match.start() in user or 0 <= query < match.start()
        return quote(replacement, safe="") if is_encoded and match[1] is not None else replacement

    return _VARIABLE.sub(value, text)


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    name = match[1]
    if name is None:
        return "$"
    if name not in environment:
        raise ConfigError(f"${{{name}}} is not set in the environment; set it, or write $$ for a dollar sign")
    return environment[name]
