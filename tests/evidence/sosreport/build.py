"""sosreports made for a test: as a folder, or as an archive of any compression."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

ROOT = "sosreport-kvm01-2022-02-10-abcdefg"
WRITTEN = 1644509959
"""2022-02-10 16:19:19 UTC."""

Compression = Literal["", "gz", "xz", "bz2"]
COMPRESSIONS: tuple[Compression, ...] = ("", "gz", "xz", "bz2")


class Link(msgspec.Struct, frozen=True):
    """A symbolic link to `target`."""

    target: str


Tree = Mapping[str, str | bytes | Link]


def as_folder(path: Path, tree: Tree) -> Path:
    """Write the tree as an unpacked archive."""
    path.mkdir()
    for name, content in tree.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            place.symlink_to(content.target)
        else:
            place.write_bytes(_bytes(content))
    return path


def as_archive(path: Path, tree: Tree, compression: Compression = "", root: str = ROOT) -> Path:
    """Write the tree as sos would have packed it."""
    with tarfile.open(path, f"w:{compression}") as archive:  # type: ignore[call-overload]  # a mode made of two parts
        for name, content in tree.items():
            add(archive, f"{root}/{name}" if root else name, content)
    return path


def add(archive: tarfile.TarFile, name: str, content: str | bytes | Link) -> None:
    """Write one member."""
    info = tarfile.TarInfo(name)
    info.mtime = WRITTEN
    if isinstance(content, Link):
        info.type, info.linkname = tarfile.SYMTYPE, content.target
        archive.addfile(info)
    else:
        data = _bytes(content)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
