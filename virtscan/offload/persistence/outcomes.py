"""Three-valued logic: None is an unknown outcome."""

from collections.abc import Collection


def all_of(outcomes: Collection[bool | None]) -> bool | None:
    """Return True if every condition holds, False if one does not, else None."""
    if False in outcomes:
        return False
    return None if None in outcomes else True


def any_of(outcomes: Collection[bool | None]) -> bool | None:
    """Return True if a condition holds, False if none does, else None."""
    if True in outcomes:
        return True
    return None if None in outcomes else False
