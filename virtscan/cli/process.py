"""How the process meets the operating system: its input, its signals, its end."""

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the main thread like Ctrl-C does, so that temporary output is removed on the way."""

    def unwind(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, unwind)


def close_input() -> None:
    """Put an empty file in the place of standard input: what a library or ssh asks there gets no answer."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)


def drop_output() -> None:
    """Let what is still to be printed go nowhere, once the reader of a pipe is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def end(code: int) -> NoReturn:
    """End the process now.

    A thread may be stuck in a call into libvirt that never returns; the interpreter's own end could wait for it, and
    nothing could be printed after this anyway.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
