"""Temporary files of this process and its scanning child, to be removed however they end.

A file is known before the child exists if possible: the parent can remove it after a crash of the child.
"""

import contextlib
import os
from pathlib import Path

_RUN = os.urandom(4).hex()
_files: set[Path] = set()


def add(target: Path) -> Path:
    """Return the temporary name of a file until it is complete, and remember it; the child has the same name for it."""
    path = target.with_name(f".{target.name}.{_RUN}")
    _files.add(path)
    return path


def drop(path: Path) -> None:
    """Forget a file that is removed, or has its final name."""
    _files.discard(path)


def remove() -> None:
    """Remove all remembered files; they can be created again."""
    for path in tuple(_files):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
