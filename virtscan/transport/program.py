"""Running of programs that may hang, print endlessly or leave children behind; the run always ends in time."""

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence

import msgspec

_CHUNK = 65536
_LIMIT = 4 << 20


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a program: `status` is its exit code, or minus the number of the signal that ended it."""

    status: int
    stdout: bytes
    stderr: bytes


class FloodError(OSError):
    """A program that was killed because it printed too much."""


def run(arguments: Sequence[str], *, stdin: bytes, timeout: float) -> Completed:
    """Run a program without a terminal in a session of its own, and wait for it.

    If it does not end in time, its whole process group is killed, including its own children, e.g. a ProxyCommand.

    Args:
        arguments: The program and its arguments.
        stdin: Its standard input.
        timeout: Seconds until it is killed.

    Raises:
        TimeoutError: It did not end in time, or its children kept its output open; the message has the limit.
        FloodError: It printed more than 4 MiB to stdout or stderr.
        OSError: It could not be started.
    """
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        with subprocess.Popen(
            arguments,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                stdout, stderr = _drain(process, deadline)
                status = process.wait(_left(deadline))
            except (subprocess.TimeoutExpired, TimeoutError) as error:
                raise TimeoutError(f"no answer within {timeout:g} s") from error
            finally:
                if process.returncode is None:  # not waited for: its number can't belong to another process yet
                    os.killpg(process.pid, signal.SIGKILL)
    return Completed(status=status, stdout=stdout, stderr=stderr)


def _drain(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[bytes, bytes]:
    outputs = {stream.fileno(): bytearray() for stream in (process.stdout, process.stderr) if stream}
    with selectors.DefaultSelector() as selector:
        for number in outputs:
            selector.register(number, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(_left(deadline))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                outputs[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
                if len(outputs[key.fd]) > _LIMIT:
                    raise FloodError("endless output")
    stdout, stderr = outputs.values()
    return bytes(stdout), bytes(stderr)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
