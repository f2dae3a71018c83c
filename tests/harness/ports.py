"""TCP ports of 127.0.0.1: one for a server that can't take a port of the kernel's choice, and one that is silent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.patience import LONG


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port without a listener; meanwhile the kernel gives it to no other process.

    A server can still listen there if it sets SO_REUSEADDR, as nearly all do.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port


@contextmanager
def silent_port() -> Iterator[socket.socket]:
    """Yield a socket that the kernel accepts connections for, and that never sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)
        yield server


def port_of(server: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    return int(server.getsockname()[1])
