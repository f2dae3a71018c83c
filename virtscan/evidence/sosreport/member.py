"""What an archive and a folder have in common."""

from collections.abc import Callable

import msgspec


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file, link or other thing, by the name that the archive or the folder gives it.

    `target` is what a symbolic link names, None for everything else. `read` gives the content; it must be called, if
    at all, before the next member is asked for, and raises SosreportError. It is None for what has no content.
    `exposed` says that other users than the owner may read or write it.
    """

    name: str
    size: int = 0
    modified: float | None = None
    target: str | None = None
    read: Callable[[], bytes] | None = None
    executable: bool = False
    exposed: bool = False


class UnreadableFolder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that may hold what is wanted and can't be looked into."""

    name: str
    reason: str
