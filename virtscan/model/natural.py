"""The order of names: `vm2` before `vm10`, as in the tables of the page."""

import re
from typing import Protocol

_DIGITS = re.compile("[0-9]+")
_LENGTH = 12
"""Digits of the longest number that is ordered by its value; page.js has the same."""


class HasName(Protocol):
    """An item with a name."""

    @property
    def name(self) -> str:
        """The name that the item is sorted by."""


def natural(text: str) -> str:
    """Return the text's sort key: letters without case, numbers by value."""
    return _DIGITS.sub(lambda digits: digits[0].rjust(_LENGTH, "0"), text.casefold())


def by_name(item: HasName) -> tuple[str, str]:
    """Return the sort key of an item with a name."""
    return natural(item.name), item.name
