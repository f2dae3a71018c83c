"""Unpacked sosreports."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from virtscan.errors import SosreportError
from virtscan.evidence.sosreport.layout import may_hold_wanted, split_root
from virtscan.evidence.sosreport.member import Member, UnreadableFolder


def members(path: Path) -> Iterator[Member | UnreadableFolder]:
    """Yield the wanted files and folders by name; links are not followed.

    Raises:
        SosreportError: The folder can't be read.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(path / folder) as entries:
                sorted_entries = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not folder:
                raise SosreportError(_reason(error)) from error
            yield UnreadableFolder(name=folder, reason=_reason(error))
            continue
        folders: list[str] = []
        for entry in sorted_entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if _leads_on(name):
                    folders.append(name)
            else:
                yield _member(entry, name)
        waiting += reversed(folders)


def _leads_on(folder: str) -> bool:
    """Return True for the root of a report, and for a folder in it that may hold wanted files."""
    split = split_root(folder)
    return split is None or may_hold_wanted(split[1])


def _member(entry: os.DirEntry[str], name: str) -> Member | UnreadableFolder:
    try:
        status = entry.stat(follow_symlinks=False)
        target = str(Path(entry.path).readlink()) if stat.S_ISLNK(status.st_mode) else None
    except OSError as error:
        return UnreadableFolder(name=name, reason=_reason(error))
    read: Callable[[], bytes] | None = None
    if stat.S_ISREG(status.st_mode):
        read = partial(_content, Path(entry.path), status.st_size)
    return Member(
        name=name,
        size=status.st_size,
        modified=status.st_mtime,
        target=target,
        read=read,
        executable=bool(status.st_mode & stat.S_IXUSR),
        exposed=bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)),
    )


def _content(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise SosreportError(_reason(error)) from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
