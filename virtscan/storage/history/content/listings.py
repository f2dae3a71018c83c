"""Facts of a scan's items besides their versions: an order that does not follow, and values of that night."""

from collections.abc import Sequence
from typing import TypeAlias

from virtscan.storage.history.content.pieces import Piece

Volatile: TypeAlias = tuple[bytes, ...]
Listing: TypeAlias = tuple[tuple[int, ...] | None, tuple[Volatile, ...]]
Listings: TypeAlias = dict[str, Listing]
"""By the field of the inventory: the ids in their order, None if these follow from the intervals; and the values taken
out of each item, once if it is the same for all."""


def volatile_of(items: Sequence[Piece]) -> tuple[Volatile, ...]:
    """Return the values taken out of the items: of each, or one for all, or nothing."""
    distinct = {item.volatile for item in items}
    if distinct <= {()}:
        return ()
    return tuple(item.volatile for item in items) if len(distinct) > 1 else tuple(distinct)


def each(volatile: Sequence[Volatile], count: int) -> Sequence[Volatile]:
    """Return the values taken out of each of this many items."""
    if not volatile:
        return [()] * count
    return volatile if len(volatile) > 1 or count == 1 else list(volatile) * count
