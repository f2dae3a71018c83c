"""A first file system for a Linux kernel: an archive in cpio's "new ASCII" form; pure."""

import msgspec

_FOLDER = 0o040755
_PROGRAM = 0o100755


class Entry(msgspec.Struct, frozen=True):
    """A folder, or with content a file that can be run; its name has no leading slash."""

    name: str
    content: bytes | None = None


def archive(entries: list[Entry]) -> bytes:
    """Pack them, folders before what is in them.

    Source:
        Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
    """
    return b"".join(_record(entry.name, entry.content) for entry in entries) + _record("TRAILER!!!", b"")


def _record(name: str, content: bytes | None) -> bytes:
    body = content or b""
    mode = _FOLDER if content is None else _PROGRAM
    # inode, mode, uid, gid, links, time, size, device (two numbers), special file (two), length of name, checksum
    numbers = (0, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0)
    header = "070701" + "".join(f"{number:08x}" for number in numbers)
    return _padded(f"{header}{name}\0".encode("ascii")) + _padded(body)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
