"""Rows that are computed when they are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar, overload

Value: TypeAlias = (
    str
    | int
    | float
    | bool
    | tuple[str, ...]
    | tuple[int, ...]
    | Mapping[str, object]
    | tuple[Mapping[str, object], ...]
    | None
)
"""Records (mappings) occur only in columns of documents."""

Row: TypeAlias = tuple[Value, ...]

T = TypeVar("T")


class LazyRows(Sequence[Row], Generic[T]):
    """Rows that are made from items whenever they are read: those of a large fleet take more memory than its facts."""

    def __init__(self, items: Sequence[T], values: Sequence[Callable[[T], Value]]) -> None:
        """Take the items, and for each column the function that gives its value for one of them."""
        self._items = items
        self._values = values

    def __len__(self) -> int:
        """Count the items."""
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        """Return one row, or a slice of rows that are made when they are read."""
        if isinstance(place, slice):
            return LazyRows(self._items[place], self._values)
        return self._row(self._items[place])

    def __iter__(self) -> Iterator[Row]:
        """Make one row after the other."""
        return map(self._row, self._items)

    def __eq__(self, other: object) -> bool:
        """Compare the rows with those of any other sequence."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Hash the rows, as a tuple of them."""
        return hash(tuple(self))

    def of_columns(self, places: Iterable[int]) -> "LazyRows[T]":
        """Return rows of the same items with the columns at these places; the others' values are never made."""
        return LazyRows(self._items, [self._values[place] for place in places])

    def _row(self, item: T) -> Row:
        return tuple([value(item) for value in self._values])
