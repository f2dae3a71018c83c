"""Command lines that give a child process a defined start and end, whatever started the tests."""

import os
import select
import socket
import sys

VIRTSCAN = (sys.executable, "-c", "from virtscan.__main__ import main; main()")
"""The program; options follow."""

DEFAULT_SIGNALS = ("env", "--default-signal=HUP,INT,TERM")
"""A command line's beginning. A shell's background job and nohup ignore signals, and children inherit that."""

_MEASURING = "COVERAGE_PROCESS_CONFIG"

UNMEASURED = (*DEFAULT_SIGNALS, f"--unset={_MEASURING}")
"""The same for a process that may be killed at its end: coverage would leave half a file of its data."""


def unmeasured() -> dict[str, str]:
    """Return the environment without the variable by which coverage measures processes."""
    return {name: value for name, value in os.environ.items() if name != _MEASURING}


def tied(*command: object) -> list[str]:
    """Return a command line whose process the kernel kills as soon as this process has ended, even by SIGKILL.

    To be started from the main thread: the kernel watches the thread that starts it. The shell makes sure that this
    process has not ended before the kernel watches.
    """
    check = f'[ "$PPID" = {os.getpid()} ] && exec "$0" "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "sh", "-c", check, *map(str, command)]


def has_client(server: socket.socket) -> bool:
    """Return True if a connection waits to be accepted, even one that has ended."""
    return bool(select.select([server], [], [], 0)[0])


def wait_for_end(connection: socket.socket) -> None:
    """Wait until the program at the other end has ended, or closed the connection."""
    while connection.recv(4096):
        pass
