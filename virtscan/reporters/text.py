"""Text of all formats: names from outside made safe, gaps, and the line about the scan."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from virtscan.views.document import Column, Section
from virtscan.views.rows.lazy import Value

CELL = 300
LINE = 600
_SENTENCES = 2_000
ELLIPSIS = "…"


def printable(text: str, limit: int | None = None) -> str:
    r"""Make text safe to show: one line, no escape sequence, nothing that reorders or hides its neighbours.

    Characters that are not printable in Unicode become their escapes. These are control and format characters, line
    separators, lone surrogates, private and unassigned characters, and spaces other than the common one.

    Args:
        text: Anything, of any length.
        limit: Longer text keeps this many characters, of its start and its end.

    >>> printable("web\x1b[31m01\u202e\udc80")
    'web\\x1b[31m01\\u202e\\udc80'
    >>> printable("a very long name", 9)
    'a ve…name'
    """
    if limit is not None and len(text) > limit:
        # Also cut before escaping: only then is the work bounded by the limit.
        text = text[:limit] + text[-limit:]
    if not text.isprintable():
        text = text.translate({ord(char): escape(char) for char in set(text) if not char.isprintable()})
    if limit is not None and len(text) > limit:
        text = text[: limit // 2] + ELLIPSIS + text[len(text) - (limit - 1) // 2 :]
    return text


def longest(column: Column) -> int:
    """Return how much of a value of this column is shown; sentences of virtscan's own lose nothing."""
    return _SENTENCES if column.wraps else CELL


def escape(char: str) -> str:
    """Write a character as Python does in a string, in ASCII."""
    return char.encode("unicode_escape").decode("ascii")


def plain(value: Value, *, none: str = "", yes: str = "true", no: str = "false") -> str:
    """Write a value as one text; of several the parts are separated by semicolons, because sentences contain commas.

    Records are JSON.
    """
    match value:
        case None:
            return none
        case str():
            return value
        case bool():
            return yes if value else no
        case Mapping():
            import json  # records are rarely shown

            return json.dumps(value, ensure_ascii=False)
        case tuple():
            return "; ".join(map(plain, value)) or none
        case _:
            return str(value)


def cell(value: Value, column: Column) -> str:
    """Write a value as a cell of a table: made safe, with `-` for a missing one."""
    text = f"{value:.2f}" if isinstance(value, float) else plain(value, none="-", yes="yes", no="no")
    return printable(text, longest(column))


def gap_lines(gaps: Section) -> list[str]:
    """Write one line for each gap or warning."""
    return [printable(f"{subject}: {reason}", LINE) for subject, reason, *_ in gaps.rows]


def scan_line(version: str, taken_at: datetime | None, exit_code: int | None = None) -> str:
    """Write the time of the scan, the version of virtscan and the exit code; without a scan or a code the others.

    >>> scan_line("0.2.0", datetime(2026, 11, 26, 12, 31, tzinfo=UTC), 1)
    'Scanned 2026-11-26 12:31 UTC by virtscan 0.2.0; exit code 1.'
    """
    program = f"virtscan {printable(version, CELL)}{'' if exit_code is None else f'; exit code {exit_code}'}."
    return (
        f"Made by {program}"
        if taken_at is None
        else f"Scanned {taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC by {program}"
    )


def common_suffixes(section: Section) -> tuple[str, str]:
    """Return the domain that all hypervisors of a section share, and that of all their guests; see `common_suffix`."""
    keys = [column.key for column in section.columns]
    hosts, guests = (
        common_suffix([plain(row[keys.index(key)]) for row in section.rows]) if key in keys else ""
        for key in ("hypervisor", "domain")
    )
    return hosts, guests


def common_suffix(names: Sequence[str]) -> str:
    """Return the domain that all names end with, two labels or more, or nothing; `-` stands for a missing name.

    >>> common_suffix(["kvm01.prod.example.com", "kvm02.prod.example.com"])
    '.prod.example.com'
    """
    labels = [name.split(".")[:0:-1] for name in dict.fromkeys(names) if name != "-"]
    common: list[str] = []
    for level in zip(*labels, strict=False):
        if any(label != next_label for label, next_label in pairwise(level)):
            break
        common.append(level[0])
    is_domain = len(common) > 1 and common[0].isalpha()
    return "".join(f".{label}" for label in reversed(common)) if is_domain else ""
