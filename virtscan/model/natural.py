"""The order of names: `vm2` before `vm10`, as in the tables of the page."""

import re

_DIGITS = re.compile("[0-9]+")
_LENGTH = 12
"""Digits of the longest number that is ordered by its value; page.js has the same."""


def natural(text: str) -> str:
    """Return the text's sort key: letters without case, numbers by value."""
    return _DIGITS.sub(lambda digits: digits[0].rjust(_LENGTH, "0"), text.casefold())
