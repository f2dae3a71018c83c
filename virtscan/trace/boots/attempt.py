"""Boot attempts and their state while the capture is read."""

from collections import Counter, deque
from dataclasses import dataclass
from ipaddress import ip_address

from virtscan.files import moment
from virtscan.model import Mac
from virtscan.trace.boots.boot import Boot, BootError, Lease, Outcome, Side
from virtscan.trace.boots.dhcp_exchange import DhcpExchange
from virtscan.trace.boots.exchange import Counted, Download, Exchange, sums
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.links import Arrival
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols.dhcp import mac as written

_KEPT = 4
"""Most open downloads of a client; a boot loader reads hundreds of files, one after another."""

_MOST_SERVERS = 16

_FAILED = {
    Outcome.NO_ANSWER,
    Outcome.OPTIONS_NOT_ACKNOWLEDGED,
    Outcome.DATA_NOT_ACKNOWLEDGED,
    Outcome.CONNECTION_NOT_ACKNOWLEDGED,
}

_RECEIVED = {Outcome.COMPLETE, Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED}


class _Totals:
    """The totals of ended exchanges; taken and ignored answers are counted by server."""

    def __init__(self) -> None:
        self.retries = self.resent = 0
        self.lost = 0.0
        self.last = float("-inf")
        self.from_server: Counter[Checksum] = Counter()
        self.from_client: Counter[Checksum] = Counter()
        self.taken: dict[bytes, Counter[Checksum]] = {}
        self.ignored: dict[bytes, Counter[Checksum]] = {}
        self.repeated: set[bytes] = set()

    def add(self, exchange: Exchange, *, stuck: bool) -> None:
        self.retries += exchange.retries
        self.resent += exchange.resent
        self.lost += exchange.lost
        self.last = max(self.last, exchange.last)
        self.from_server += exchange.from_server
        self.from_client += exchange.from_client
        key = identity(exchange)
        if key in self.taken or len(self.taken) < _MOST_SERVERS:
            self.taken[key] = self.taken.get(key, Counter()) + exchange.taken
            if stuck:
                self.ignored[key] = self.ignored.get(key, Counter()) + exchange.ignored
                if exchange.is_repeated:
                    self.repeated.add(key)


class BootAttempt:
    """One client's attempt to boot, from its first packet until it starts over."""

    def __init__(self, mac: Mac | None, packet: Packet) -> None:
        self.mac = mac
        self.boots = False
        self.address: bytes | None = None
        self.leases: dict[int, DhcpExchange] = {}  # by the length of the addresses: IPv4 and IPv6 at the same time
        self._first = packet.time
        self.segment = packet.link.segment
        self._vlan = packet.link.vlan
        self._downloads: deque[Download] = deque()
        self._totals = _Totals()
        self._arrivals: set[Side] = set()

    @property
    def downloads(self) -> bool:
        """Return True if the client requested a file."""
        return bool(self._downloads)

    def is_busy_beside(self, packet: Packet) -> bool:
        """Return True if the client is busy over the other IP version: a message over this one is part of the attempt.

        Busy is a download without a problem so far, or waiting for an address.
        """
        version = len(packet.source)
        if self._downloads:
            last = self._downloads[-1]
            is_open = last.ended(packet.time)[0] is Outcome.UNFINISHED and not last.may_be_whole
            return len(last.server) != version and is_open
        return any(size != version and lease.is_open(packet.time) for size, lease in self.leases.items())

    def failed(self, time: float) -> bool:
        """Return True if the client ignored answers with a bad checksum over either IP version, and gave up there."""
        return any(lease.gave_up(time) and lease.ignored_incomplete(time) for lease in self.leases.values())

    def is_at_another_address(self, address: bytes) -> bool:
        """Return True if the client downloads from another address of the same version."""
        return self.downloads and self.address not in {None, address} and len(self.address or b"") == len(address)

    def starts(self, download: Download) -> None:
        """Record the start of a download, which shows that the client has its address."""
        self.boots = True
        if len(download.server) in self.leases:
            self.leases[len(download.server)].record_address_use()
        self.leave()
        last = self._downloads[-1] if self._downloads else None
        if last is not None and last.file is not None and last.file == download.file and not last.taken:
            download.retries += 1
            download.is_repeated = last.ignored.total() > 0
            download.is_retry = last.retried(download.first)
            download.insisted = last.insisted
        else:
            download.is_retry = last is None and not self.leases
        for exchange in (*self.leases.values(), *self._downloads):
            if exchange.server == download.server:
                download.server_mac = download.server_mac or exchange.server_mac
        self._downloads.append(download)
        if len(self._downloads) > _KEPT:
            self._fold(self._downloads.popleft(), download.first)

    def gave_up(self, time: float) -> bool:
        """Return True if the client gave up its last download by that time."""
        last = self._downloads[-1] if self._downloads else None
        return last is not None and last.gave_up(time) and last.ended(time)[0] in _FAILED

    @property
    def ignores_bad(self) -> bool:
        """Return True if the client ignored answers of its last download with a checksum not known to be complete."""
        return bool(self._downloads) and self._downloads[-1].ignores_bad

    def end(self) -> None:
        """Record that the client began another attempt."""
        self.leave()
        for lease in self.leases.values():
            lease.leave()

    def leave(self) -> None:
        """Record that the client left its downloads: further answers to them prove nothing."""
        for download in self._downloads:
            download.leave()

    def kept(self, time: float) -> bool:
        """Return True if the attempt is a boot, or that of a DHCP client which ignored answers with a bad checksum."""
        return self.boots or any(lease.ignored_incomplete(time) for lease in self.leases.values())

    def note_arrival(self, packet: Packet, *, from_server: bool) -> None:
        """Conclude from a packet's direction whether the capturing machine is the server's or the client's."""
        if packet.link.arrival is Arrival.HOST:
            self._arrivals.add(Side.RECEIVER if from_server else Side.SENDER)

    def fills_later(self) -> set[bytes]:
        """Return the servers whose partial checksums the client accepted: they are filled in after this point."""
        exchanges = [*self.leases.values(), *self._downloads]
        return {
            *(identity(exchange) for exchange in exchanges if exchange.taken[Checksum.PARTIAL]),
            *(key for key, taken in self._totals.taken.items() if taken[Checksum.PARTIAL]),
        }

    def boot(self, end: float, fills_later: set[bytes], *, mac_is_its_own: bool) -> Boot:
        """Return the attempt as a value; call it once.

        Args:
            end: Time of the capture's last frame.
            fills_later: Servers whose checksums are filled in after this point, as any client of the capture shows.
            mac_is_its_own: False if the MAC is a router's.
        """
        outcome, error, decided = self._outcome(end)
        leased = decided if isinstance(decided, DhcpExchange) else self.leases.get(len(decided.server))
        for lease in self.leases.values():
            lease.settle()
            self._totals.add(lease, stuck=decided is lease)
        while self._downloads:
            self._fold(self._downloads.popleft(), end)
        key = identity(decided)
        totals = self._totals
        return Boot(
            mac=self.mac if mac_is_its_own else None,
            vlan=self._vlan,
            address=shown(self.address),
            lease=leased.lease() if leased else Lease.NOT_CAPTURED,
            lease_server=shown(leased.server) if leased else None,
            server=shown(_server(decided)),
            server_mac=written(decided.server_mac) if decided.server_mac else None,
            file=decided.file,
            outcome=outcome,
            error=error,
            from_server=sums(totals.from_server),
            from_client=sums(totals.from_client),
            taken=sums(totals.taken.get(key, Counter())),
            ignored=sums(totals.ignored.get(key, Counter())),
            retries=totals.retries,
            resent=totals.resent,
            is_repeated=key in totals.repeated,
            seconds_lost=round(totals.lost, 3),
            side=self._side(key in fills_later),
            boots=self.boots,
            started_at=moment(self._first),
            ended_at=moment(totals.last),
        )

    def _outcome(self, end: float) -> tuple[Outcome, BootError | None, Download | DhcpExchange]:
        """Return the outcome of the last download, or else of DHCP, and that exchange.

        DHCP decides also if the client ignored its answers after the last download.
        """
        last = self._downloads[-1] if self._downloads else None
        leases = [
            lease
            for lease in self.leases.values()
            if last is None or (lease.first > last.last and lease.ignored_incomplete(end))
        ]
        if last is not None and not leases:
            return *last.ended(end), last
        decided = max(leases, key=lambda lease: (lease.ignored_incomplete(end), lease.acknowledged))
        return decided.ended(end), None, decided

    def _fold(self, download: Download, end: float) -> None:
        download.settle(end)
        outcome, _ = download.ended(end)
        self._totals.add(download, stuck=outcome not in _RECEIVED)

    def _side(self, fills_later: bool) -> Side:
        if fills_later:
            return Side.SENDER
        return next(iter(self._arrivals)) if len(self._arrivals) == 1 else Side.UNKNOWN


@dataclass
class TakenPacket:
    """A packet that belongs to an exchange, and how it is counted there."""

    attempt: BootAttempt
    exchange: Exchange
    counted: Counted
    from_server: bool

    def learn_from_copy(self, packet: Packet) -> None:
        """Take a copy of the packet on its next device, where its checksum may have been filled in."""
        self.attempt.note_arrival(packet, from_server=self.from_server)
        if not packet.fragmented:
            self.recount(packet, packet.checksum())

    def recount(self, packet: Packet, found: Checksum) -> None:
        """Count the packet by a checksum that became known later.

        The last copy is the nearest to the receiver. A multicast packet takes several paths: its worst copy counts.
        """
        if not (packet.is_multicast and self.counted.checksum is Checksum.PARTIAL):
            self.exchange.recount(self.counted, found)
            self.counted = self.counted._replace(checksum=found)


def identity(exchange: Exchange) -> bytes:
    """Return a server's key: its MAC if known, because a server may have several addresses, else the address."""
    return exchange.server_mac or exchange.server


def _server(exchange: Exchange) -> bytes:
    return (exchange.next_server or exchange.server) if isinstance(exchange, DhcpExchange) else exchange.server


def shown(address: bytes | None) -> str | None:
    """Return an address as text; None for other bytes."""
    return str(ip_address(address)) if address is not None and len(address) in {4, 16} else None
