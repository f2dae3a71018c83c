"""All errors of a configuration file together, each with its line."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from virtscan.errors import ConfigError

_NAME = r"""\s*["']?([\w-]+)["']?\s*"""
_TABLE = re.compile(rf"\s*\[\[?{_NAME}(?:\.{_NAME}.*)?\]\]?\s*(?:#.*)?")
_KEY = re.compile(rf"{_NAME}(?:\.{_NAME})?[.=]")

Lines = Mapping[tuple[str, int, str | None], int]
"""Line numbers, from 1, by table, its number from 1 and key; the key is None for the table's header."""


def lines_of(text: str) -> Lines:
    """Find the lines of tables and their keys in a valid TOML text; keys of inline tables have none."""
    lines: dict[tuple[str, int, str | None], int] = {}
    count: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := _TABLE.fullmatch(line):
            table, key = header.groups()
            if key is None:
                count[table] += 1
                lines[table, count[table], None] = number
            else:  # a table in a table, such as [hypervisor.segments]
                lines.setdefault((table, count[table] or 1, key), number)
                table = f"{table}.{key}"
        elif names := _KEY.match(line):
            if not table:
                lines.setdefault((names[1], 1, names[2]), number)
                lines.setdefault((names[1], 1, None), number)
            else:
                lines.setdefault((table, count[table], names[1]), number)
    return lines


_NO_LINES: Lines = {}


class Problems:
    """Errors met so far in a file; checking goes on after each."""

    def __init__(self, origin: str, lines: Lines = _NO_LINES) -> None:
        self._origin = origin
        self._lines = lines
        self._found: list[str] = []

    def place(self, table: str, number: int = 1, key: str | None = None) -> str:
        """Return the file with the line of a key, else of its table, else without a line."""
        line = self._lines.get((table, number, key)) or self._lines.get((table, number, None))
        return self._origin if line is None else f"{self._origin}:{line}"

    @contextmanager
    def met_in(self, table: str, number: int = 1, *, key: str | None = None) -> Iterator[None]:
        """Keep a ConfigError of the block, with the line of its key or table, and continue after the block."""
        try:
            yield
        except ConfigError as error:
            self.add(error, table, number, key=key)

    def add(self, error: ConfigError, table: str, number: int = 1, *, key: str | None = None) -> None:
        """Keep an error of a table; the key is that of an error which names none."""
        self._found.append(f"{self.place(table, number, error.key or key)}: {error}")

    def raise_any(self) -> None:
        """Raise all errors as one.

        Raises:
            ConfigError: There is at least one.
        """
        if self._found:
            raise ConfigError("\n".join(self._found))
