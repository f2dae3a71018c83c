"""Temporary files of this process and its scanning child, to be removed however they end.

A file is known before the child exists if possible: the parent can remove it after a crash of the child.
"""

import contextlib
from pathlib import Path

_files: set[Path] = set()


def add(path: Path) -> None:
    """Remember a file that may be made."""
    _files.add(path)


def drop(path: Path) -> None:
    """Forget a file that is removed, or has its final name."""
    _files.discard(path)


def remove() -> None:
    """Remove all remembered files; they can be created again."""
    for path in tuple(_files):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
