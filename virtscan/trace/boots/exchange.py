"""Common parts of all exchanges: counts of packets and retries, and the answers that the client took."""

from abc import ABC, abstractmethod
from collections import Counter
from typing import NamedTuple

from virtscan.trace.boots.boot import BootError, ChecksumCounts, Outcome
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.copies import SAME
from virtscan.trace.capture.packets import Packet

REACTION_SECONDS = 3.0
"""Seconds after which a packet without an answer or a retry counts as unanswered; ROMs retry sooner."""

CROSSING_SECONDS = 0.5
"""Seconds in which a client reacts: a packet resent sooner may have crossed the reaction to the first."""

_HARDLY_LOST = 3
"""Answers in sequence that a link hardly loses."""

MOST_FLOWS = 64
"""Flows that are kept apart; any others are counted together."""

_REST = "rest"

_FIRST_WAIT = 10.0
"""Seconds that a client without a retry so far may wait for an answer; PXE ROMs begin with four."""

_NEXT_WAIT = 2.2
"""Longest wait after the last retry, in retry intervals: clients double them (RFC 2131, iPXE), with 10 % to spare."""

COMPLETE = (Checksum.GOOD, Checksum.NONE)
BAD = (Checksum.PARTIAL, Checksum.WRONG, Checksum.UNKNOWN)
"""Checksums that are not known to be complete."""


class Counted(NamedTuple):
    """The counter of a packet: `flow` is None for the client's packets."""

    flow: object
    checksum: Checksum


class Exchange:
    """One step of a boot: getting an address, or one download.

    Servers may answer in several concurrent flows, of which the client takes one: each retry of a TFTP request starts a
    flow, and several servers make offers. Answers after the client gave up are set aside, and count only if it requests
    again.
    """

    def __init__(self, packet: Packet) -> None:
        self.first = self.last = packet.time
        self.server: bytes = packet.destination
        self.server_mac: bytes | None = None
        self.retries = self.resent = 0
        self.is_repeated = False
        """True if either side repeated a packet after an answer without a reaction."""
        self.from_server: Counter[Checksum] = Counter()
        self.from_client: Counter[Checksum] = Counter()
        self.taken: Counter[Checksum] = Counter()
        self.counted: Counted | None = None
        self._pending: dict[object, Counter[Checksum]] = {}
        self._passed_over: dict[object, Counter[Checksum]] = {}
        self._late: dict[object, Counter[Checksum]] = {}
        self._never_taken: Counter[Checksum] = Counter()
        self._flow: object = None
        self._last_request = self._answered = float("-inf")
        self._interval: float | None = None
        self._left = False
        self._step = packet.time
        self._stalled: float | None = None
        self._lost = 0.0

    def client_sent(self, packet: Packet, *, again: bool = False, quiet: bool = False) -> None:
        """Count a packet of the client; `quiet` if it makes no progress."""
        self._resume()
        found = packet.checksum()
        self.from_client[found] += 1
        self.counted = Counted(None, found)
        waited = packet.time - self._last_request
        if again and waited >= SAME:
            self.retries += 1
            self._interval = (
                max(self._interval or 0.0, waited) if self._last_request > float("-inf") else self._interval
            )
            self.is_repeated = self.is_repeated or bool(self._pending)
            _move(self._pending, self._passed_over)
        self._count_time(packet.time, again=again, quiet=quiet)
        self._last_request = packet.time

    def answered(self, packet: Packet, flow: object, *, again: bool = False, quiet: bool = False) -> None:
        """Count a packet of a server to which the client has reason to react, unless `quiet`."""
        found = packet.checksum()
        self.counted = Counted(flow, found)
        if self.gave_up(packet.time):
            _add(self._late, flow, found)
            return
        self.from_server[found] += 1
        self.server_mac = packet.link.source or self.server_mac
        if again and packet.time - self._answered >= SAME:
            self.resent += 1
            self.is_repeated = True
        self._count_time(packet.time, again=again, quiet=quiet)
        self._answered = packet.time
        if not quiet:
            _add(self._pending, flow, found)

    def recount(self, counted: Counted, found: Checksum) -> None:
        """Change the checksum under which a packet was counted."""
        if counted.flow is None:
            _change(self.from_client, counted.checksum, found)
            return
        if _change(self._late.get(counted.flow), counted.checksum, found):
            return
        _change(self.from_server, counted.checksum, found)
        for table in (self._pending, self._passed_over):
            if _change(table.get(counted.flow), counted.checksum, found):
                return
        _change(self.taken, counted.checksum, found)

    def record_reaction(self, flow: object, *, cumulative: bool = False) -> None:
        """Record that the client reacted to packets of a flow.

        Args:
            flow: The flow.
            cumulative: True if the reaction confirms all packets of the flow, not only one. Otherwise, if both complete
                and partial checksums came, the complete ones explain the reaction.
        """
        self._flow = flow
        recent, earlier = self._pending.pop(flow, Counter()), self._passed_over.pop(flow, Counter())
        found = recent + earlier
        if not cumulative and any(found[kind] for kind in COMPLETE):
            del found[Checksum.PARTIAL]
            self._never_taken[Checksum.PARTIAL] += earlier[Checksum.PARTIAL]
        self.taken += found
        self.is_repeated = self._never_taken.total() > 0

    def record_reaction_to_all(self) -> None:
        """Record that the client proceeded: an answer of each flow reached it."""
        for flow in [*self._pending, *(self._passed_over.keys() - self._pending.keys())]:
            self.record_reaction(flow)

    def leave(self) -> None:
        """Record that the client left this exchange; another request resumes it."""
        self._left = True

    def gave_up(self, time: float) -> bool:
        """Return True if the client no longer waits for an answer at that time."""
        if self._last_request == float("-inf"):
            return False
        wait = _FIRST_WAIT if self._interval is None else max(REACTION_SECONDS, _NEXT_WAIT * self._interval)
        return self._left or time - self._last_request > wait

    @property
    def ignored(self) -> Counter[Checksum]:
        """Return the answers without a reaction: in the flow that the client took, or in all flows if it took none."""
        if self._flow is not None:
            pending, earlier = self._pending.get(self._flow, Counter()), self._passed_over.get(self._flow, Counter())
            return pending + earlier + self._never_taken
        return sum([*self._pending.values(), *self._passed_over.values()], Counter())

    @property
    def ignores_bad(self) -> bool:
        """Return True if the client ignored answers whose checksum is not known to be complete."""
        return any(self.ignored[kind] for kind in BAD)

    @property
    def lost(self) -> float:
        """Return the total time, in seconds, between successive steps that needed a retransmission."""
        return self._lost + (0.0 if self._stalled is None else max(self._stalled - self._step, 0.0))

    def had_time_to_react(self, end: float) -> bool:
        """Return True if the other side had time to react to the last step before the capture ended.

        While packets are repeated, a reaction may still come: links lose one or two packets, but hardly three.
        """
        waited = self._stalled is not None and end - self._step >= CROSSING_SECONDS
        may_be_lost = 0 < self.ignored.total() < _HARDLY_LOST
        return (waited and not may_be_lost) or end - self.last >= REACTION_SECONDS

    def _resume(self) -> None:
        """Count late packets: the client still requests."""
        self._left = False
        for late in self._late.values():
            self.from_server += late
        _move(self._late, self._pending)

    def _count_time(self, time: float, *, again: bool, quiet: bool) -> None:
        self.last = max(self.last, time)
        if again:
            self._stalled = time
        elif not quiet:
            if self._stalled is not None:
                self._lost += max(time - self._step, 0.0)
            self._step, self._stalled = time, None


def _add(table: dict[object, Counter[Checksum]], flow: object, found: Checksum) -> None:
    known = flow in table or len(table) < MOST_FLOWS
    table.setdefault(flow if known else _REST, Counter())[found] += 1


def _move(source: dict[object, Counter[Checksum]], target: dict[object, Counter[Checksum]]) -> None:
    for flow, counted in source.items():
        known = flow in target or len(target) < MOST_FLOWS
        key = flow if known else _REST
        target[key] = target.get(key, Counter()) + counted
    source.clear()


def _change(counted: Counter[Checksum] | None, old: Checksum, new: Checksum) -> bool:
    """Move one packet to another checksum; return False if it was not counted here."""
    if counted is None or not counted[old]:
        return False
    counted[old] -= 1
    counted[new] += 1
    return True


class Download(Exchange, ABC):
    """An exchange that transfers a file."""

    file: str | None = None
    is_retry = False
    """True if the client may have requested the file before: from another port, or before the capture began."""
    may_be_whole = False
    """True if the last packet of the file was sent; some clients don't acknowledge it."""
    insisted = False
    """True if the client requested the file again after an error, which did not reach it then."""

    def retried(self, time: float) -> bool:  # noqa: ARG002 an error decides
        """Record a request for the same file from another port, without a reaction before; return True for a retry."""
        return True

    @abstractmethod
    def settle(self, end: float) -> None:
        """Record the end of the capture, in seconds: the client took packets that need no reaction."""

    @abstractmethod
    def ended(self, end: float) -> tuple[Outcome, BootError | None]:
        """Return the outcome in a capture that ends at that time, with its error."""


def sums(counted: Counter[Checksum]) -> ChecksumCounts:
    """Return counts as a value."""
    return ChecksumCounts(**{found.value: count for found, count in counted.items()})
