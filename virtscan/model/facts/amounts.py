"""Sums and ratios of amounts, some of which may be unknown."""

from collections.abc import Iterable


def total(amounts: Iterable[int | None]) -> int | None:
    """Add up amounts; None if one is unknown."""
    known: list[int] = []
    for amount in amounts:
        if amount is None:
            return None
        known.append(amount)
    return sum(known)


def ratio(part: int | None, whole: int | None) -> float | None:
    """Return a ratio with two decimals; None without both, or of nothing."""
    return None if part is None or not whole else round(part / whole, 2)
