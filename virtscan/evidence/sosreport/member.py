"""Members of a sosreport, of an archive as of a folder."""

from collections.abc import Callable

import msgspec


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file, link or other thing, by the name that the archive or the folder gives it.

    `target` is that of a symbolic link, None for everything else. `read` gives the content; it must be called, if
    at all, before the next member is requested, and raises SosreportError. It is None for a member without content.
    `exposed` is True if other users than the owner may read or write it.
    """

    name: str
    size: int = 0
    modified: float | None = None
    target: str | None = None
    read: Callable[[], bytes] | None = None
    executable: bool = False
    exposed: bool = False


class UnreadableFolder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that may hold wanted files and can't be read."""

    name: str
    reason: str
