"""Boots that never happened: a client and a server on a lossy network, and what a capture on the way shows of them.

Unlike in a real capture, it is known why a boot failed: the client's side takes partial checksums, or drops them. A
server on a bond sends some packets through a member that fills in the checksum, and others through one that does not.
"""

import heapq
from collections.abc import Callable, Iterator
from itertools import count, repeat
from random import Random
from typing import NamedTuple

from tests.trace.build import Shot, acknowledged, answered, data, lease, options, read_request, said, segment
from virtscan.trace.capture.checksums import Checksum

SYN, FIN, RST, ACK = 2, 1, 4, 16
_MOST_SENT = 6
"""The number of times that a server sends one answer."""


class Simulated(NamedTuple):
    """A boot as captured: whether the client takes the server's checksums, and whether it got the file.

    `takes_checksums` is None if that depends on the member of a bond.
    """

    shots: list[Shot]
    takes_checksums: bool | None
    has_file: bool
    loss: float


class _Network:
    """Two ends, the time, and a capture somewhere between them: a packet may be lost before it and behind it."""

    def __init__(self, random: Random, *, loss: float, answers: Iterator[tuple[Checksum, bool]]) -> None:
        self.random = random
        self.time = 0.0
        self.shots: list[Shot] = []
        self._loss = loss
        self._answers = answers
        self._delay = random.choice([0.0005, 0.002, 0.02, 0.1])
        self._from_server = random.choice([0.0, 0.5, 1.0])  # where the capture is: at the server, half way, at the VM
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.time + seconds, next(self._order), do))

    def to_server(self, shot: Callable[[float], Shot], arrived: Callable[[], None]) -> None:
        self._send(shot, 1 - self._from_server, arrived)

    def to_client(self, shot: Callable[[float, Checksum], Shot], arrived: Callable[[], None] = lambda: None) -> None:
        kind, takes = next(self._answers)
        self._send(lambda time: shot(time, kind), self._from_server, arrived if takes else lambda: None)

    def _send(self, shot: Callable[[float], Shot], way: float, arrived: Callable[[], None]) -> None:
        delay = self._delay * self.random.uniform(0.8, 1.3)
        if self._is_lost():
            return
        self.after(delay * way, lambda: self.shots.append(shot(self.time)))
        if not self._is_lost():
            self.after(delay, arrived)

    def _is_lost(self) -> bool:
        return self.random.random() < self._loss / 2

    def run(self) -> None:
        while self._events:
            self.time, _, do = heapq.heappop(self._events)
            do()


class _Waits:
    """Repeats something, with growing pauses, until it is over or was tried often enough."""

    def __init__(self, net: _Network, pause: float, most: int) -> None:
        self._net, self._first, self._most = net, pause, most
        self._turn = 0

    def until_stopped(self, do: Callable[[], None]) -> None:
        self._turn += 1
        turn, pauses = self._turn, iter([self._first * 2**number for number in range(self._most)])

        def again() -> None:
            pause = next(pauses, None)
            if turn == self._turn and pause is not None:
                do()
                self._net.after(pause, again)

        again()

    def stop(self) -> None:
        self._turn += 1


class _Tftp:
    """A client of RFC 1350 that acknowledges each block, and a server with a port for each request."""

    def __init__(self, net: _Network) -> None:
        choice = net.random.choice
        self._net = net
        self._options = choice([True, False])
        self._size = choice([512, 1432]) if self._options else 512
        self._blocks = net.random.randint(1, 30)
        self._client = _Waits(net, choice([0.25, 1.0, 4.0]), choice([3, 5]))
        self._flows: dict[int, _Waits] = {}
        self._sent: dict[int, int] = {}
        self._taken: tuple[int, int] | None = None  # port and block

    @property
    def has_file(self) -> bool:
        return self._taken is not None and self._taken[1] == self._blocks

    def start(self) -> None:
        words = ("blksize", str(self._size), "tsize", "0") if self._options else ()
        self._client.until_stopped(
            lambda: self._net.to_server(lambda time: said(time, read_request("pxelinux.0", *words)), self._requested)
        )

    def _requested(self) -> None:
        port = 40001 + len(self._flows)
        self._flows[port] = _Waits(self._net, 1.0, _MOST_SENT)
        self._answer(port, 0 if self._options else 1)

    def _answer(self, port: int, block: int) -> None:
        self._sent[port] = block
        agreed = options("blksize", str(self._size))
        payload = data(block, self._size if block < self._blocks else 100) if block else agreed
        self._flows[port].until_stopped(
            lambda: self._net.to_client(
                lambda time, kind: answered(time, payload, port=port, kind=kind), lambda: self._arrived(port, block)
            )
        )

    def _arrived(self, port: int, block: int) -> None:
        first = 0 if self._options else 1
        expected = (port, first) if self._taken is None else (self._taken[0], self._taken[1] + 1)
        if (port, block) == expected:
            self._taken = expected
            self._client.until_stopped(self._acknowledge)
        elif (port, block) == self._taken:
            self._acknowledge()
        if self.has_file:
            self._client.stop()

    def _acknowledge(self) -> None:
        assert self._taken is not None
        port, block = self._taken
        self._net.to_server(
            lambda time: said(time, acknowledged(block), to=port), lambda: self._acknowledged(port, block)
        )

    def _acknowledged(self, port: int, block: int) -> None:
        if self._sent[port] == block:
            self._flows[port].stop()
            if block < self._blocks:
                self._answer(port, block + 1)


class _Http:
    """A client of RFC 9293 that acknowledges each segment, and a server with a window of four."""

    _GET = b"GET /boot HTTP/1.1\r\nHost: x\r\n\r\n"
    _SEGMENT = 1400

    def __init__(self, net: _Network) -> None:
        choice = net.random.choice
        self._net = net
        size = choice([10, 900, 5000, 30000])
        self._has_length = choice([True, True, False])
        length = f"Content-Length: {size}\r\n" if self._has_length else ""
        self._answer = f"HTTP/1.1 200 OK\r\n{length}\r\n".encode() + bytes(size)
        self._end = len(self._answer) + (not self._has_length)  # without a length, a FIN
        self._iss, self._irs = net.random.getrandbits(32), net.random.getrandbits(32)
        self._closes = choice([FIN | ACK, RST | ACK, None])
        self._client = _Waits(net, choice([0.5, 1.0, 3.0]), choice([3, 5]))
        self._server = _Waits(net, 1.0, _MOST_SENT)
        self._is_open = self._is_accepted = self._is_requested = False
        self._taken = self._acknowledged = self._sent = 0

    @property
    def has_file(self) -> bool:
        return self._taken == self._end

    def start(self) -> None:
        self._client.until_stopped(lambda: self._say(SYN, self._connected))

    def _connected(self) -> None:
        if not self._is_accepted:
            self._is_accepted = True
            self._server.until_stopped(lambda: self._tell(0, b"", SYN | ACK, self._opened))

    def _opened(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._client.until_stopped(lambda: self._say(ACK, self._requested, self._GET))
        self._say(ACK, self._server.stop)

    def _requested(self) -> None:
        if not self._is_requested:
            self._is_requested = True
            self._go_on(0)

    def _go_on(self, acknowledged: int) -> None:
        """Send what the window lets through; again what is not acknowledged, from its beginning."""
        self._acknowledged = max(self._acknowledged, acknowledged)
        if self._acknowledged == self._end:
            self._server.stop()
            return
        while self._sent < min(self._end, self._acknowledged + 4 * self._SEGMENT):
            self._sent = self._send_from(self._sent)
        turns = count()
        self._server.until_stopped(lambda: self._send_again(next(turns)))

    def _send_again(self, turn: int) -> None:
        if turn:
            self._send_from(self._acknowledged)

    def _send_from(self, start: int) -> int:
        part = self._answer[start : start + self._SEGMENT]
        is_last = not self._has_length and start + len(part) == len(self._answer)
        end = start + len(part) + is_last
        self._tell(1 + start, part, ACK | FIN * is_last, lambda: self._arrived(start, end))
        return end

    def _arrived(self, start: int, end: int) -> None:
        had = self.has_file
        self._client.stop()
        if start <= self._taken < end:
            self._taken = end
        taken = self._taken
        self._say(ACK, lambda: self._go_on(taken) if taken > self._acknowledged else None)
        if self.has_file and not had and self._closes is not None:
            self._say(self._closes, lambda: None)

    def _say(self, flags: int, arrived: Callable[[], None], payload: bytes = b"") -> None:
        requested = 0 if flags == SYN else 1 if payload or not self._is_requested else 1 + len(self._GET)
        self._net.to_server(self._segment(payload, flags, requested, 1 + self._taken), arrived)

    def _tell(self, place: int, payload: bytes, flags: int, arrived: Callable[[], None]) -> None:
        requested = 1 + len(self._GET) if self._is_requested else 1
        sequence, acknowledges = (self._irs + place) % 2**32, (self._iss + requested) % 2**32

        def shot(time: float, kind: Checksum) -> Shot:
            return segment(
                time,
                payload,
                flags=flags,
                sequence=sequence,
                acknowledged=acknowledges,
                from_server=True,
                kind=kind,
            )

        self._net.to_client(shot, arrived)

    def _segment(self, payload: bytes, flags: int, place: int, acknowledges: int) -> Callable[[float], Shot]:
        sequence, end = (self._iss + place) % 2**32, (self._irs + acknowledges) % 2**32
        return lambda time: segment(time, payload, flags=flags, sequence=sequence, acknowledged=end, from_server=False)


def boots(seeds: range) -> Iterator[Simulated]:
    """Simulate one boot for each seed."""
    for seed in seeds:
        random = Random(seed)
        kind = random.choice([Checksum.GOOD, Checksum.PARTIAL, Checksum.PARTIAL])
        takes = kind is Checksum.GOOD or random.choice([True, False])
        yield _boot(random, repeat((kind, takes)), takes=takes)


def boots_over_bonds(seeds: range) -> Iterator[Simulated]:
    """Simulate one boot for each seed, of a server whose bond has members that differ in offload."""
    for seed in seeds:
        random = Random(seed)
        yield _boot(random, _bond(random), takes=None)


def _bond(random: Random) -> Iterator[tuple[Checksum, bool]]:
    """Send through a member that fills in checksums or one that does not, to a client that drops partial ones.

    The bond alternates, or one member fails after some packets and the other takes over. The capture shows what left
    the bond, partial in each case, or what left its members.
    """
    fails_after, is_captured_behind = random.randint(1, 12), random.choice([True, False])
    policy = random.choice(["alternate", "fail over", "hash"])
    for sent in count():
        fills = {"alternate": sent % 2 == 0, "fail over": sent < fails_after, "hash": random.random() < 0.5}[policy]
        yield Checksum.GOOD if fills and is_captured_behind else Checksum.PARTIAL, fills


def _boot(random: Random, answers: Iterator[tuple[Checksum, bool]], *, takes: bool | None) -> Simulated:
    loss = random.choice([0.0, 0.0, 0.05, 0.2, 0.4])
    net = _Network(random, loss=loss, answers=answers)
    by_http = random.choice([True, False])
    client = _Http(net) if by_http else _Tftp(net)
    net.after(1.0, client.start)
    net.run()
    file = b"http://10.77.0.1:80/boot" if by_http else b"pxelinux.0"
    return Simulated([*lease(file=file), *net.shots], takes, client.has_file, loss)
