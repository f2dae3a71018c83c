"""What the stages of a boot have in common: who said what, what was said again, and what the other side took."""

from abc import ABC, abstractmethod
from collections import Counter

from virtscan.trace.boot import Outcome, Sums
from virtscan.trace.checksums import Sum
from virtscan.trace.packets import Packet

PATIENCE = 3.0
"""Seconds after which what was neither answered nor repeated counts as unanswered; ROMs repeat sooner."""

_SAME = 0.02
"""Seconds within which a packet that comes again is one seen on two devices, as with `-i any`, and not repeated."""

_MOST_FLOWS = 64
_REST = "rest"


class Stage:
    """Getting an address, or one download.

    A server may answer in several flows at once (each retry of a TFTP request starts another; several servers make
    offers), of which the client takes one.
    """

    def __init__(self, packet: Packet) -> None:
        self.first = self.last = packet.time
        self.server: bytes = packet.destination
        self.server_mac: bytes | None = None
        self.retries = self.resent = 0
        self.from_server: Counter[Sum] = Counter()
        self.from_client: Counter[Sum] = Counter()
        self.taken: Counter[Sum] = Counter()
        self._pending: dict[object, Counter[Sum]] = {}
        self._flow: object = None
        self._asked = self._answered = float("-inf")
        self._step = packet.time
        self._stalled: float | None = None
        self._lost = 0.0

    def asked(self, packet: Packet, *, again: bool = False, quiet: bool = False) -> None:
        """The client sent something; `quiet` if it brings nothing forward."""
        self.from_client[packet.checksum()] += 1
        if again and packet.time - self._asked >= _SAME:
            self.retries += 1
        self._goes_on(packet.time, again=again, quiet=quiet)
        self._asked = packet.time

    def answered(self, packet: Packet, flow: object, *, again: bool = False, quiet: bool = False) -> None:
        """A server sent something that the client has reason to react to, unless `quiet`."""
        found = packet.checksum()
        self.from_server[found] += 1
        self.server_mac = packet.link.source or self.server_mac
        if again and packet.time - self._answered >= _SAME:
            self.resent += 1
        self._goes_on(packet.time, again=again, quiet=quiet)
        self._answered = packet.time
        if not quiet:
            known = flow in self._pending or len(self._pending) < _MOST_FLOWS
            self._pending.setdefault(flow if known else _REST, Counter())[found] += 1

    def took(self, flow: object) -> None:
        """The client reacted to what came in a flow."""
        self._flow = flow
        self.taken += self._pending.pop(flow, Counter())

    def took_all(self) -> None:
        """The client went on: all answers reached it."""
        for flow in list(self._pending):
            self.took(flow)

    @property
    def ignored(self) -> Counter[Sum]:
        """Answers without a reaction: in the flow that the client took, or in all if it took none."""
        if self._flow is not None:
            return self._pending.get(self._flow, Counter())
        return sum(self._pending.values(), Counter())

    @property
    def lost(self) -> float:
        """Seconds from one step forward to the next, wherever something had to be sent again in between."""
        return self._lost + (0.0 if self._stalled is None else max(self._stalled - self._step, 0.0))

    def stood(self, end: float) -> bool:
        """Did the other side have its chance, since the last step forward, before the capture ended?"""
        return self._stalled is not None or end - self.last >= PATIENCE

    def _goes_on(self, time: float, *, again: bool, quiet: bool) -> None:
        self.last = max(self.last, time)
        if again:
            self._stalled = time
        elif not quiet:
            if self._stalled is not None:
                self._lost += max(time - self._step, 0.0)
            self._step, self._stalled = time, None


class Download(Stage, ABC):
    """A stage that brings a file."""

    file: str | None = None

    @abstractmethod
    def settle(self) -> None:
        """Nothing more will come: what the client need not react to was taken."""

    @abstractmethod
    def ended(self, end: float) -> tuple[Outcome, str | None]:
        """What became of it in a capture that goes on until then, with the text of an error."""


def sums(counted: Counter[Sum]) -> Sums:
    """Counts as a value."""
    return Sums(**{found.value: count for found, count in counted.items()})
