"""Members of a sosreport, which is an archive or a folder."""

from collections.abc import Callable

import msgspec


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file, link or other entry, by its name in the archive or folder.

    `size` is in bytes, `modified` in seconds since 1970. `target` is that of a symbolic link, else None. `same_as` is
    the name of an earlier member with the same content: in an archive, a hard link has none of its own. `read` returns
    the content; call it before requesting the next member. It raises SosreportError, and is None without content.
    `exposed` is True if other users than the owner may read or write it.
    """

    name: str
    size: int = 0
    modified: float | None = None
    target: str | None = None
    same_as: str | None = None
    read: Callable[[], bytes] | None = None
    executable: bool = False
    exposed: bool = False


class UnreadableFolder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that may hold wanted files and can't be read."""

    name: str
    reason: str
