"""TCP ports of 127.0.0.1 for servers that can't be given a port of the kernel's choice."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


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
