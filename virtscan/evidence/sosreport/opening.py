"""Opening of a sosreport, with a limit on the files that are kept."""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path, PurePath

from virtscan.errors import SosreportError
from virtscan.evidence.sosreport import archive, folder
from virtscan.evidence.sosreport.layout import is_wanted, may_hold_wanted, split_root
from virtscan.evidence.sosreport.member import Member, UnreadableFolder
from virtscan.evidence.sosreport.memory_share import MAX_KEPT, Share
from virtscan.evidence.sosreport.report import Sosreport
from virtscan.model.sources import without_surrogates

MAX_MEMBER = 16 * 1024 * 1024
"""Most bytes of one file. The largest wanted ones, lists of thousands of devices, have 2 MiB."""

_OVERHEAD = 1024
"""Bytes charged for an entry in addition to its content, so that empty files are limited as well."""

_MAX_SKIPPED = 100
_ARCHIVE = re.compile(r"\.(?:tar|tgz|txz|tbz2?)(?:\.(?:gz|xz|bz2))?$", re.IGNORECASE)


def report_name(address: str) -> str:
    """Return the name of a report: the last part of its path, without the suffixes of an archive."""
    path = PurePath(os.path.abspath(address))  # noqa: PTH100 Path.resolve would ask the disk, which may hang
    return without_surrogates(_ARCHIVE.sub("", path.name))


def open_sosreport(path: Path, *, limit: int = MAX_KEPT) -> Sosreport:
    """Read a sosreport: a folder, or a tar archive, compressed with gzip, xz, bzip2 or not at all.

    If there are several reports, the first one counts. A file that is too large is skipped, with the reason in
    `skipped`. A file that exceeds the `limit` in bytes for all files ends the reading.

    Raises:
        SosreportError: The path is neither, can't be read, or has none of the wanted files.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise SosreportError(error.strerror or str(error) if isinstance(error, OSError) else str(error)) from error
    if stat.S_ISDIR(mode):
        return _keep(folder.members(path), limit)
    if not stat.S_ISREG(mode):  # a pipe might never end
        raise SosreportError("not a folder or file")
    return _keep(archive.members(path), limit)


def _keep(members: Iterable[Member | UnreadableFolder], limit: int) -> Sosreport:
    share = Share(limit)
    try:
        report = _kept(members, share)
    except BaseException:
        share.release()
        raise
    share.release_with(report)
    return report


def _kept(members: Iterable[Member | UnreadableFolder], share: Share) -> Sosreport:
    kept = _Kept(share)
    cut_short: str | None = None
    try:
        for member in members:
            kept.add(member)
    except SosreportError as error:
        if not kept.files:
            raise
        cut_short = str(error)
    if not kept.files:
        hint = "; it holds an archive: unpack it, and name each report in it" if kept.has_archive else ""
        raise SosreportError(f"not a sosreport: none of the files that sos writes is in it{hint}")
    return Sosreport(
        files=kept.files,
        links=kept.links,
        modified=kept.modified,
        executable=frozenset(kept.executable),
        exposed=frozenset(kept.exposed),
        skipped=kept.skipped,
        cut_short=cut_short,
    )


class _Kept:
    """The files kept so far."""

    def __init__(self, share: Share) -> None:
        self.files: dict[str, bytes] = {}
        self.links: dict[str, str] = {}
        self.modified: dict[str, float] = {}
        self.executable: set[str] = set()
        self.exposed: set[str] = set()
        self.skipped: dict[str, str] = {}
        self.has_archive = False
        self._root: str | None = None
        self._share = share

    def add(self, member: Member | UnreadableFolder) -> None:
        """Keep a member, if it is wanted.

        Raises:
            SosreportError: Too many files could not be read.
        """
        self.has_archive = self.has_archive or _ARCHIVE.search(member.name) is not None
        split = split_root(member.name)
        if split is None:
            return
        root, name = split
        if isinstance(member, UnreadableFolder):
            if is_wanted(name) or may_hold_wanted(name):
                self._skip(name, member.reason)
        elif is_wanted(name):
            self._root = root if self._root is None else self._root
            if root != self._root:
                self._skip(root, "contains a second report; give each report its own path")
            else:
                self._take(name, member)

    def _take(self, name: str, member: Member) -> None:
        if member.target is not None:
            self._charge(name, len(member.target))
            self.links[name] = member.target
        elif member.same_as is not None:
            self._take_again(name, member, member.same_as)
        elif member.read is None:
            return  # a folder, a device, a pipe: nothing that sos would put there to be read
        elif member.size > MAX_MEMBER:
            self._skip(name, f"{member.size} bytes exceed the limit of one file ({MAX_MEMBER})")
        else:
            self._charge(name, member.size)
            try:
                self.files[name] = member.read()
            except SosreportError as error:
                self._skip(name, str(error))
                return
            self._note(name, member)

    def _take_again(self, name: str, member: Member, same_as: str) -> None:
        split = split_root(same_as)
        first = same_as if split is None else split[1]
        if first in self.files:
            self._charge(name, 0)
            self.files[name] = self.files[first]
            self._note(name, member)
        else:
            self._skip(name, f"a hard link to {first}, which is not read")

    def _note(self, name: str, member: Member) -> None:
        if member.executable:
            self.executable.add(name)
        if member.exposed:
            self.exposed.add(name)
        if member.modified is not None:
            self.modified[name] = member.modified

    def _charge(self, name: str, size: int) -> None:
        self._share.take(size + len(name) + _OVERHEAD)

    def _skip(self, name: str, reason: str) -> None:
        self.skipped.setdefault(name, reason)
        if len(self.skipped) > _MAX_SKIPPED:
            raise SosreportError("too many unreadable files")
