"""Outcomes of conditions, joined: True, False, and None where one is unknown and matters."""

from collections.abc import Collection


def all_of(outcomes: Collection[bool | None]) -> bool | None:
    """Return whether every condition holds."""
    if False in outcomes:
        return False
    return None if None in outcomes else True


def any_of(outcomes: Collection[bool | None]) -> bool | None:
    """Return whether a condition holds."""
    if True in outcomes:
        return True
    return None if None in outcomes else False
