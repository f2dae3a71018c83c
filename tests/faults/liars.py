"""Servers on 127.0.0.1 that accept and then do anything but what they should."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Lie: TypeAlias = Callable[[socket.socket], None]

BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
_END = 600.0
"""Seconds that a liar goes on at most; its scan is over by then."""


@contextlib.contextmanager
def liars(lies: Mapping[str, Lie]) -> Iterator[dict[str, int]]:
    """Start a server for each lie; return their ports."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name, lie in lies.items():
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=256))
            ports[name] = int(server.getsockname()[1])
            threading.Thread(target=_accept, args=(server, lie), daemon=True).start()
        yield ports


def _accept(server: socket.socket, lie: Lie) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_lie, args=(client, lie), daemon=True).start()


def _lie(client: socket.socket, lie: Lie) -> None:
    with contextlib.suppress(OSError), client:
        lie(client)


def silent(client: socket.socket) -> None:
    """Read everything, send nothing."""
    client.settimeout(_END)
    while client.recv(4096):
        pass


def closes(_client: socket.socket) -> None:
    """Hang up."""


def resets(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(text: bytes, then: Lie = closes) -> Lie:
    """Send it all at once."""

    def lie(client: socket.socket) -> None:
        client.sendall(text)
        then(client)

    return lie


def after_request(lie: Lie) -> Lie:
    """Lie only once a whole HTTP request is there: else the client may fail while it sends."""

    def wait(client: socket.socket) -> None:
        client.settimeout(_END)
        got = b""
        while b"\r\n\r\n" not in got and (chunk := client.recv(65536)):
            got += chunk
        lie(client)

    return wait


def drips(text: bytes, pause: float = 0.1) -> Lie:
    """Send a byte now and then."""

    def lie(client: socket.socket) -> None:
        for byte in text:
            client.sendall(bytes([byte]))
            time.sleep(pause)
        silent(client)

    return lie


def endless(chunk: bytes) -> Lie:
    def lie(client: socket.socket) -> None:
        end = time.monotonic() + _END
        while time.monotonic() < end:
            client.sendall(chunk)

    return lie


def garbage(size: int = 5000, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


OF_SSH: Mapping[str, Lie] = {
    "silent": silent,
    "closes": closes,
    "resets": resets,
    "garbage": says(garbage()),
    "garbage, then silent": says(garbage(), silent),
    "endless garbage": endless(garbage()),
    "endless lines": endless(b"Welcome!\r\n" * 100),
    "one endless line": endless(b"x" * 10000),
    "banner": says(BANNER),
    "banner, then silent": says(BANNER, silent),
    "banner without an end": says(BANNER[:-2], silent),
    "dripping banner": drips(BANNER * 10),
    "old protocol": says(b"SSH-1.0-old\r\n", silent),
    "banner with NUL": says(b"SSH-2.0-\0\0\0\r\n", silent),
    "banner, then garbage": says(BANNER + garbage(), silent),
    "packet too long": says(BANNER + b"\xff" * 8, silent),
    "packet cut": says(BANNER + struct.pack(">IB", 1000, 4) + b"\x14" * 20),
    "empty packets": endless(BANNER + bytes(4096)),
    "HTTP": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", silent),
    "TLS": says(b"\x15\x03\x01\x00\x02\x02\x46", silent),
    "not UTF-8": says(b"\xff\xfe\xfa not allowed\r\n"),
}

_HEADER = struct.Struct(">IIIIIII")

OF_LIBVIRT: Mapping[str, Lie] = {
    **{name: OF_SSH[name] for name in ("silent", "closes", "resets", "garbage", "garbage, then silent", "HTTP", "TLS")},
    "length zero": says(bytes(4), silent),
    "length of three": says(struct.pack(">I", 3) + b"abc", silent),
    "length without end": says(b"\xff" * 4, silent),
    "endless zeros": endless(bytes(4096)),
    "another program": says(_HEADER.pack(28, 1, 1, 66, 1, 0, 0), silent),
    "another serial": says(_HEADER.pack(28, 0x20008086, 1, 66, 1, 77, 0), silent),
    "an empty reply": says(_HEADER.pack(28, 0x20008086, 1, 66, 1, 0, 0), silent),
    "an error without content": says(_HEADER.pack(28, 0x20008086, 1, 66, 1, 0, 1), silent),
    "a reply that drips": drips(_HEADER.pack(4000, 0x20008086, 1, 66, 1, 0, 0) + bytes(900)),
}
