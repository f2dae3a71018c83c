"""Columns by the names that people type: keys or headings."""

from virtscan.errors import ConfigError
from virtscan.nearest import nearest
from virtscan.views.document import Section

SHORTENED = frozenset({"hypervisor", "domain", "server"})
"""Columns of names that tables show without the DNS domain that all of them share."""


def place_of(section: Section, name: str, option: str) -> int:
    """Return the place of a column by its key or its heading, ignoring the case of the heading.

    Args:
        section: The section with the columns.
        name: The name as typed.
        option: The option it was typed for.

    Raises:
        ConfigError: There is no such column; the message names the nearest one, and all.
    """
    keys = [column.key for column in section.columns]
    names = {_plain(column.heading): column.key for column in reversed(section.columns)} | {key: key for key in keys}
    key = names.get(name) or (None if name.startswith("-") else names.get(_plain(name)))
    if key is not None:
        return keys.index(key)
    near = nearest(name, names)
    hint = f"did you mean {names[near]!r}? " if near is not None else ""
    raise ConfigError(f"{option}: this view has no column {name!r}; {hint}it has {', '.join(keys)}")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").split()).casefold()
