"""The facts of a scan that versions lack: the order of items if it can't be derived, and volatile values."""

from collections.abc import Sequence
from typing import TypeAlias

from virtscan.storage.history.content.pieces import Piece

Volatile: TypeAlias = tuple[bytes, ...]
Listing: TypeAlias = tuple[tuple[int, ...] | None, tuple[Volatile, ...]]
Listings: TypeAlias = dict[str, Listing]
"""By field of the inventory: the ids in order, None if they follow from the intervals; and the volatile values of each
item, only once if they are the same for all."""


def volatile_of(items: Sequence[Piece]) -> tuple[Volatile, ...]:
    """Return the volatile values of the items: one entry for each, one for all, or none."""
    distinct = {item.volatile for item in items}
    if distinct <= {()}:
        return ()
    return tuple(item.volatile for item in items) if len(distinct) > 1 else tuple(distinct)


def each(volatile: Sequence[Volatile], count: int) -> Sequence[Volatile]:
    """Return the volatile values of each of `count` items."""
    if not volatile:
        return [()] * count
    return volatile if len(volatile) > 1 or count == 1 else list(volatile) * count
