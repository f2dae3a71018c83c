"""Places of an output: a file replaced as a whole, a device, a pipe, an open descriptor."""

import contextlib
import errno
import os
import re
import select
import stat
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Protocol

from virtscan.cli.process import leftovers

_DESCRIPTOR = r"/(?:dev|proc/self|proc/thread-self)/fd/(\d+)"
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_LEAST_WAIT = 1.0
"""Seconds that a pipe has for its reader even if the deadline has passed."""

_POLL_SECONDS = 0.05
_CHUNK = 1 << 16


class OutputTarget(Protocol):
    """A place for bytes; any method may raise OSError."""

    def write(self, data: bytes) -> None:
        """Append the bytes to those of earlier calls."""

    def commit(self) -> None:
        """Make everything written visible; the last call."""

    def discard(self) -> None:
        """Drop the written bytes if the place allows it; the last call instead of `commit`."""

    @property
    def is_earlier(self) -> bool:
        """Return True if a file of an earlier run is there that `discard` would leave."""


def place(path: Path | None, *, mode: int | None, deadline: float) -> OutputTarget:
    """Open the place that a path leads to; None is standard output.

    Args:
        path: The path as the user gave it.
        mode: Permissions of a new file; None: those of any new file here.
        deadline: Time (`monotonic`) until which a pipe may wait for its reader.

    Raises:
        OSError: It can't be opened for writing.
    """
    if path is None:
        return _Stream(sys.stdout.buffer, is_ours=False)
    number = _descriptor(path)
    if number is not None:
        return _Stream(os.fdopen(os.dup(number), "wb"), is_ours=True)
    _refuse_foreign_link(path)
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return _Replacement(path.resolve(), mode)
    if stat.S_ISFIFO(kind):
        return _Fifo(path, deadline)
    return _Replacement(path.resolve(), mode) if stat.S_ISREG(kind) else _Stream(path.open("wb"), is_ours=True)


def _descriptor(path: Path) -> int | None:
    """Return the descriptor of this process that a path names, as `/dev/stdout` and the shell's `>(…)` do."""
    name = os.path.abspath(path)  # noqa: PTH100 Path.resolve would follow the link that is looked for
    match = re.fullmatch(_DESCRIPTOR, name)
    return int(match[1]) if match else _STANDARD.get(name)


def _refuse_foreign_link(path: Path) -> None:
    """Refuse a symbolic link that another user has put into a folder like /tmp, even if the kernel allows it.

    Raises:
        PermissionError: It is such a link.

    Source:
        Linux, Documentation/admin-guide/sysctl/fs.rst, protected_symlinks.
    """
    if path.is_symlink():
        folder, owner = path.parent.stat(), path.lstat().st_uid
        is_shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
        if is_shared and owner not in {os.geteuid(), folder.st_uid}:
            raise PermissionError(errno.EACCES, "a symbolic link owned by another user in a shared folder")


class _Stream:
    """An open file that is written immediately."""

    is_earlier = False

    def __init__(self, stream: IO[bytes], *, is_ours: bool) -> None:
        self._stream = stream
        self._is_ours = is_ours

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()

    def commit(self) -> None:
        if self._is_ours:
            self._stream.close()

    discard = commit


class _Fifo:
    """A named pipe, opened when there is something to write, and left when nothing reads it in time."""

    is_earlier = False

    def __init__(self, path: Path, deadline: float) -> None:
        self._path = path
        self._deadline = deadline
        self._number: int | None = None

    def write(self, data: bytes) -> None:
        deadline = max(self._deadline, monotonic() + _LEAST_WAIT)
        if self._number is None:
            self._number = self._opened(deadline)
        view = memoryview(data)
        while view:
            seconds = deadline - monotonic()
            if seconds <= 0 or not select.select([], [self._number], [], seconds)[1]:
                raise TimeoutError(errno.ETIMEDOUT, "the reader of the pipe did not read in time")
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._number, view[:_CHUNK]) :]

    def commit(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None

    discard = commit

    def _opened(self, deadline: float) -> int:
        while True:
            try:
                return os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                if monotonic() >= deadline:
                    raise TimeoutError(errno.ETIMEDOUT, "the pipe has no reader") from error
            sleep(_POLL_SECONDS)


class _Replacement:
    """A new file that takes the old one's place at the end, with its owner and permissions.

    It gets a name when there is something to write: SIGKILL during a scan would leave an empty file behind.
    """

    def __init__(self, target: Path, mode: int | None) -> None:
        self._target = target
        self._mode = mode
        self._open: IO[bytes] | None = None
        import tempfile

        with tempfile.TemporaryFile(dir=target.parent):
            pass  # this folder takes files: known before the scan
        # Known before the file is there, so that a signal at any moment, and a crash, find the file to remove.
        self._new = leftovers.add(target)

    @property
    def is_earlier(self) -> bool:
        return self._target.exists()

    def write(self, data: bytes) -> None:
        stream = self._stream()
        stream.write(data)
        stream.flush()

    def commit(self) -> None:
        try:
            stream = self._stream()
            os.fsync(stream.fileno())
            self._take_after_old(stream.fileno())
            stream.close()
            self._new.replace(self._target)
        except OSError:
            self.discard()
            raise
        leftovers.drop(self._new)

    def discard(self) -> None:
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.close()
        self._new.unlink(missing_ok=True)
        leftovers.drop(self._new)

    def _stream(self) -> IO[bytes]:
        if self._open is None:
            self._open = os.fdopen(os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        return self._open

    def _take_after_old(self, number: int) -> None:
        """Set the owner and the permissions of the new file: those of the old one, or those of a new file."""
        try:
            old = self._target.stat()
        except FileNotFoundError:
            os.fchmod(number, _new_mode() if self._mode is None else self._mode)
            return
        new = os.fstat(number)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(PermissionError):  # only root may give files away
                os.fchown(number, old.st_uid, old.st_gid)
        permissions = stat.S_IMODE(old.st_mode) & 0o777
        is_exposed = self._mode is not None and permissions & stat.S_IRWXO & ~self._mode
        os.fchmod(number, self._mode if is_exposed and self._mode is not None else permissions)


def _new_mode() -> int:
    mask = os.umask(0o077)  # the strictest for this moment: another thread may create a file
    os.umask(mask)
    return 0o666 & ~mask
