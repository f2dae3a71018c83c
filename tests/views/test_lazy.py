"""Rows that are made when they are read are rows like any others, and are not kept."""

from virtscan.views.rows.lazy import LazyRows


def read_of(items: tuple[int, ...]) -> tuple[LazyRows[int], list[int]]:
    """Rows of numbers and their squares, and a list to which each number is added that a row is made of."""
    read: list[int] = []

    def noted(item: int) -> int:
        read.append(item)
        return item

    return LazyRows(items, [noted, lambda item: item * item]), read


def test_a_row_is_made_each_time_it_is_read_and_never_before() -> None:
    rows, read = read_of((1, 2, 3))

    assert len(rows) == 3
    assert read == []
    assert rows[1] == (2, 4)
    assert rows[-1] == (3, 9)
    assert list(rows) == [(1, 1), (2, 4), (3, 9)]
    assert read == [2, 3, 1, 2, 3]


def test_rows_of_a_slice_are_made_when_they_are_read() -> None:
    rows, read = read_of((1, 2, 3))
    some = rows[1:]

    assert read == []
    assert tuple(some) == ((2, 4), (3, 9))


def test_rows_equal_other_sequences_of_the_same_rows() -> None:
    rows, _ = read_of((1, 2))
    others, _ = read_of((1, 3))

    assert rows == ((1, 1), (2, 4))
    assert hash(rows) == hash(((1, 1), (2, 4)))
    assert rows != others
    assert rows != "rows"
    assert not read_of(())[0]
