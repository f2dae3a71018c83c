"""A lock against overlapping runs: two scans of one configuration would load every host at the same time."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator

import click

from virtscan.cli.history.state_folder import state_directory
from virtscan.cli.output.console import Console

_LENGTH = 16


@contextlib.contextmanager
def exclusive_run(url: str, scope: str | None, console: Console) -> Iterator[None]:
    """Exclude other runs of this configuration with this history; the kernel releases the lock with the process.

    Raises:
        click.ClickException: Another run is going on.
    """
    identity = hashlib.sha256(os.fsencode(f"{url} {scope}")).hexdigest()[:_LENGTH]
    with contextlib.ExitStack() as stack:
        try:
            path = state_directory() / f"scan-{identity}.lock"
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            console.warn(f"warning: no lock against overlapping runs: {error.filename}: {error.strerror}")
        else:
            stack.callback(os.close, lock)
            _take(lock)
        yield


def _take(lock: int) -> None:
    """Take the lock, and write its owner into the file."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
        raise click.ClickException(
            f"another scan of this configuration is running (process {owner}); nothing was scanned; "
            "wait for it to end or lower [scan] deadline"
        ) from error
    with contextlib.suppress(OSError):  # a full disk: the lock holds without the note
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
