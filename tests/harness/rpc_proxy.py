"""Between a libvirt client and a daemon, at the level of the remote protocol's packets.

It can be an older daemon than the one behind it, answer a call itself, change a reply, hold one back, and it counts.
A packet is a length, a header of six words and a body in XDR (virnetprotocol.x, remote_protocol.x).
"""

import socket
import struct
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path

import libvirt
import msgspec

_PROGRAM = 0x20008086
_HEADER = struct.Struct(">IIIIIII")
_CALL, _REPLY = 0, 1
_OK, _ERROR = 0, 1


class Procedure(IntEnum):
    """The calls that tests name, by their numbers in remote_protocol.x."""

    CLOSE = 2
    GET_INFO = 6
    DOMAIN_XML = 14
    LIST_DEFINED_DOMAINS = 21
    LOOK_UP_BY_ID = 22
    LOOK_UP_BY_NAME = 23
    NUM_OF_DEFINED_DOMAINS = 25
    LIST_DOMAINS = 37
    NETWORK_XML = 43
    LOOK_UP_NETWORK = 46
    NUM_OF_DOMAINS = 51
    NUM_OF_NETWORKS = 52
    GET_HOSTNAME = 59
    AUTH_LIST = 66
    AUTH_SASL_INIT = 67
    NUM_OF_NODE_DEVICES = 111
    NODE_DEVICE_XML = 114
    NUM_OF_INTERFACES = 126
    INTERFACE_XML = 130
    GET_MEMORY_STATS = 228
    LIST_ALL_DOMAINS = 273
    LIST_ALL_NETWORKS = 283
    LIST_ALL_INTERFACES = 284
    LIST_ALL_NODE_DEVICES = 285


class Call(msgspec.Struct, frozen=True):
    """A call on its way to the daemon."""

    procedure: int
    serial: int

    def reply(self, body: bytes) -> bytes:
        return self._packet(_OK, body)

    def error(self, code: int, message: str, *, domain: int = libvirt.VIR_FROM_RPC) -> bytes:
        level, nothing = libvirt.VIR_ERR_ERROR, 0
        text = message.encode()
        body = struct.pack(">iiII", code, domain, 1, len(text)) + text + bytes(-len(text) % 4)
        # level, domain object, three strings, two numbers, network object
        body += struct.pack(">iIIIIiiI", level, nothing, nothing, nothing, nothing, -1, -1, nothing)
        return self._packet(_ERROR, body)

    def _packet(self, status: int, body: bytes) -> bytes:
        length = _HEADER.size + len(body)
        return _HEADER.pack(length, _PROGRAM, 1, self.procedure, _REPLY, self.serial, status) + body


class RpcProxy:
    """The proxy; what it does to packets may be set at any time.

    Attributes:
        socket: Where clients connect.
        newest: The newest procedure that the daemon is to know; None: all.
        unknown_from: The error domain of its answer to a procedure that it does not know.
        answers: Called in the daemon's place; returns a packet, or None to let the daemon answer after all.
        edits: Change the body of a reply.
        calls: How often each procedure was called.
        most_at_once: How many calls were under way at the same time, at most.
    """

    def __init__(self, daemon: Path, own: Path) -> None:
        self.socket = own
        self.newest: int | None = None
        self.unknown_from: int = libvirt.VIR_FROM_RPC
        self.answers: dict[int, Callable[[Call], bytes | None]] = {}
        self.edits: dict[int, Callable[[bytes], bytes]] = {}
        self.calls: Counter[int] = Counter()
        self.most_at_once = 0
        self._daemon = daemon
        self._under_way = 0
        self._lock = threading.Lock()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(own))
        self._server.listen()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def hang_up(self) -> None:
        """Cut every connection, as a daemon that dies does."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()  # it may have accepted a connection that is not among the others yet
        self.hang_up()
        for thread in self._threads:
            thread.join()
        for open_socket in (self._server, *self._connections):
            open_socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                daemon = socket.socket(socket.AF_UNIX)
                daemon.connect(str(self._daemon))
                self._connections += [client, daemon]
                for pump in (self._to_daemon, self._to_client):
                    self._start(pump, client, daemon)

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _to_daemon(self, client: socket.socket, daemon: socket.socket) -> None:
        for packet in _packets(client):
            _, program, _, procedure, kind, serial, _ = _HEADER.unpack_from(packet)
            answer = None
            if program == _PROGRAM and kind == _CALL:
                answer = self._called(Call(procedure, serial))
            if answer is None:
                with suppress(OSError):
                    daemon.sendall(packet)
            else:
                self._send(client, answer)
        _end(daemon)

    def _to_client(self, client: socket.socket, daemon: socket.socket) -> None:
        for packet in _packets(daemon):
            length, program, version, procedure, kind, serial, status = _HEADER.unpack_from(packet)
            if procedure in self.edits and (program, kind, status) == (_PROGRAM, _REPLY, _OK):
                body = self.edits[procedure](packet[_HEADER.size :])
                length = _HEADER.size + len(body)
                edited = _HEADER.pack(length, program, version, procedure, kind, serial, status) + body
                self._send(client, edited)
            else:
                self._send(client, packet)
        _end(client)

    def _called(self, call: Call) -> bytes | None:
        with self._lock:
            self.calls[call.procedure] += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        if self.newest is not None and call.procedure > self.newest:
            message = f"unknown procedure: {call.procedure}"
            return call.error(libvirt.VIR_ERR_RPC, message, domain=self.unknown_from)
        answer = self.answers.get(call.procedure)
        return None if answer is None else answer(call)

    def _send(self, client: socket.socket, packet: bytes) -> None:
        with self._lock, suppress(OSError):
            self._under_way -= 1
            client.sendall(packet)


@contextmanager
def proxy_to(daemon: Path) -> Iterator[RpcProxy]:
    """Stand in front of a daemon's unix socket."""
    with tempfile.TemporaryDirectory(prefix="virtscan-", dir="/tmp") as folder:
        proxy = RpcProxy(daemon, Path(folder) / "sock")
        try:
            yield proxy
        finally:
            proxy.close()


def string(text: bytes) -> bytes:
    """A string in XDR: its length, its bytes, and zeros up to a multiple of four."""
    return struct.pack(">I", len(text)) + text + bytes(-len(text) % 4)


def _packets(connection: socket.socket) -> Iterator[bytes]:
    with suppress(OSError), connection.makefile("rb") as stream:
        while len(length := stream.read(4)) == 4:
            yield length + stream.read(struct.unpack(">I", length)[0] - 4)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
