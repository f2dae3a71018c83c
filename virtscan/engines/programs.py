"""Programs started by abandoned jobs."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from threading import Thread


def end_programs_of(thread: Thread) -> None:
    """Terminate the programs that a thread of this process has started, and their children.

    An ssh that waits for a silent port would outlive this process and pile up, night after night; and the libvirt
    call that waits for that ssh returns when it is gone.

    They are found only if the kernel lists a thread's children (Linux with CONFIG_PROC_CHILDREN); elsewhere
    nothing happens.
    """
    for program in _children(os.getpid(), thread.native_id):
        _end(program)


def _end(program: int) -> None:
    # What it has started goes first (the ssh of a ProxyJump): without its parent it would no longer be found.
    for child in _children(program, program):
        _end(child)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(program, signal.SIGTERM)


def _children(process: int, thread: int | None) -> list[int]:
    try:
        return [int(number) for number in Path(f"/proc/{process}/task/{thread}/children").read_text().split()]
    except OSError:
        return []
