"""Temporary files of this process, to be removed however it ends."""

import contextlib
from pathlib import Path

_files: set[Path] = set()


def add(path: Path) -> None:
    """Remember a file that is about to be made."""
    _files.add(path)


def drop(path: Path) -> None:
    """Forget a file that is removed, or has its final name."""
    _files.discard(path)


def remove() -> None:
    """Remove all that are left."""
    for path in tuple(_files):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    _files.clear()
