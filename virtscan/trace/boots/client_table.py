"""The clients of a capture, by MAC and by address, with their boot attempts."""

from collections import Counter
from typing import Generic, TypeVar

from virtscan.model import Mac
from virtscan.trace.boots.attempt import BootAttempt
from virtscan.trace.boots.boot import Boot
from virtscan.trace.capture.links import is_one_network
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols.dhcp import AddressStep, Dhcp
from virtscan.trace.protocols.dhcp import mac as written

MOST_ATTEMPTS = 10_000
_MOST_ADDRESSES = 4 * MOST_ATTEMPTS
_MOST_PER_KEY = 8

_K = TypeVar("_K")


class _Index(Generic[_K]):
    """Attempts by MAC or by address, the newest first; the same key may occur in several networks."""

    def __init__(self) -> None:
        self._attempts: dict[_K, list[BootAttempt]] = {}

    def find(self, key: _K, segment: tuple[int, ...] | None = None) -> BootAttempt | None:
        """Return the newest attempt on a network, or on any network if None is given."""
        for attempt in self._attempts.get(key, ()):
            if segment is None or is_one_network(attempt.segment, segment):
                return attempt
        return None

    def put(self, key: _K, attempt: BootAttempt) -> None:
        """Add an attempt; it replaces older ones on the same network."""
        others = [one for one in self._attempts.get(key, ()) if not is_one_network(one.segment, attempt.segment)]
        self._attempts[key] = [attempt, *others][:_MOST_PER_KEY]

    def drop(self, key: _K, attempt: BootAttempt) -> None:
        """Remove an attempt, if it is still the newest on its network."""
        left = [one for one in self._attempts.get(key, ()) if one is not attempt]
        if left:
            self._attempts[key] = left
        else:
            self._attempts.pop(key, None)

    def limit(self, most: int) -> None:
        """Remove the oldest key if there are too many."""
        if len(self._attempts) > most:
            del self._attempts[next(iter(self._attempts))]


class ClientTable:
    """Boot attempts in the order they began.

    A client that starts over begins another attempt. If there are too many, clients that request only an address are
    removed first. `not_kept` counts boots for which there was no room.
    """

    def __init__(self) -> None:
        self.not_kept = 0
        self._attempts: dict[BootAttempt, None] = {}
        self._by_mac: _Index[bytes] = _Index()
        self._by_address: _Index[bytes] = _Index()
        self._others = 0
        self._full_of_boots = False

    def at(self, packet: Packet) -> BootAttempt | None:
        """Return the attempt of the client that sends the packet; of several with its address, the one with its MAC.

        A client may have more addresses than those that were seen being given out, also on another network.
        """
        octets = packet.link.source
        known = self._of_sender(packet)
        if known is None or known.address != packet.source:
            known = self._by_address.find(packet.source, packet.link.segment) or self._named(octets, known)
        return known

    def connects(self, attempt: BootAttempt, packet: Packet) -> BootAttempt | None:
        """Return the attempt of a new connection: another one at another address; None without room for it."""
        is_here = is_one_network(attempt.segment, packet.link.segment)
        if attempt.address != packet.source and (attempt.is_at_another_address(packet.source) or not is_here):
            another = self._new(attempt.mac, packet)
        else:
            another = attempt
        if another is not None:
            self.has_address(another, packet.source)
        return another

    def is_booting(self, address: bytes, octets: bytes | None) -> bool:
        """Return True if the address, or the MAC, belongs to a client that boots."""
        attempt = self._by_address.find(address)
        if attempt is None or not attempt.boots:
            attempt = self._named(octets, None)
        return attempt is not None and attempt.boots

    def attempt(self, mac: Mac, packet: Packet, message: Dhcp | None) -> BootAttempt | None:
        """Return the attempt to which a DHCP message belongs; None without room for another.

        Args:
            mac: The client's MAC.
            packet: The packet of the message.
            message: The message if it may begin an attempt; None if it belongs to the present one.
        """
        known = self._by_mac.find(_octets(mac), packet.link.segment)
        if known is not None and not (message is not None and _is_over(known, message, packet)):
            return known
        if known is not None:
            known.end()
            if not known.kept(packet.time):
                del self._attempts[known]
        attempt = self._new(mac, packet)
        if attempt is not None:
            self._by_mac.put(_octets(mac), attempt)
        return attempt

    def attempt_at(self, packet: Packet) -> BootAttempt | None:
        """Return the attempt of the client that requests a file; None without room for another."""
        known = self._of_sender(packet)
        if known is not None and known.is_at_another_address(packet.source):
            known = None  # another client with this MAC
        attempt = known or self._by_address.find(packet.source, packet.link.segment)
        if attempt is None:
            octets = packet.link.source
            attempt = self._new(written(octets) if octets is not None else None, packet)
        if attempt is not None:
            self.has_address(attempt, packet.source)
        return attempt

    def attempt_of_transfer(self, attempt: BootAttempt, packet: Packet) -> BootAttempt | None:
        """Return the attempt to which a new transfer belongs: a new one if the client gave up a failed download.

        Returns:
            None without room for another attempt.
        """
        if not (attempt.gave_up(packet.time) and attempt.ignores_bad):
            return attempt
        attempt.end()
        another = self._new(attempt.mac, packet)
        if another is not None:
            if attempt.mac is not None and self._by_mac.find(_octets(attempt.mac), attempt.segment) is attempt:
                self._by_mac.put(_octets(attempt.mac), another)
            self.has_address(another, packet.source)
        return another

    def has_address(self, attempt: BootAttempt, address: bytes) -> None:
        """Record that a client was given an address, or uses it."""
        attempt.address = address
        self._by_address.put(address, attempt)
        self._by_address.limit(_MOST_ADDRESSES)

    def boots(self, *, end: float) -> tuple[tuple[Boot, ...], int]:
        """Return the boots, and the number of other clients; call it once.

        Args:
            end: Time of the capture's last frame.
        """
        attempts = [attempt for attempt in self._attempts if attempt.kept(end)]
        fills_later = {key for attempt in self._attempts for key in attempt.fills_later()}
        # A MAC with several addresses, none of them assigned in the capture, is a router's.
        seen = {(attempt.mac, attempt.address) for attempt in attempts if not attempt.leases}
        behind = Counter((mac, len(address or b"")) for mac, address in seen)
        boots = tuple(
            attempt.boot(
                end,
                fills_later,
                mac_is_its_own=bool(attempt.leases) or behind[attempt.mac, len(attempt.address or b"")] == 1,
            )
            for attempt in attempts
        )
        booted = {boot.mac for boot in boots}
        others = sum(not attempt.kept(end) and attempt.mac not in booted for attempt in self._attempts)
        return boots, others + self._others

    def _named(self, octets: bytes | None, known: BootAttempt | None) -> BootAttempt | None:
        """Return the attempt of a client that was seen requesting an address: other MACs may be a router's."""
        if octets is not None and known is None:
            known = self._by_mac.find(octets)
        return known if known is not None and known.leases else None

    def _of_sender(self, packet: Packet) -> BootAttempt | None:
        octets = packet.link.source
        return None if octets is None else self._by_mac.find(octets, packet.link.segment)

    def _new(self, mac: Mac | None, packet: Packet) -> BootAttempt | None:
        if len(self._attempts) >= MOST_ATTEMPTS and not self._make_room(packet.time):
            self.not_kept += 1
            return None
        attempt = BootAttempt(mac, packet)
        self._attempts[attempt] = None
        return attempt

    def _make_room(self, now: float) -> bool:
        """Remove the oldest client that only got an address."""
        if self._full_of_boots:
            return False
        attempt = next((attempt for attempt in self._attempts if not attempt.kept(now)), None)
        if attempt is None:
            self._full_of_boots = True
            return False
        del self._attempts[attempt]
        self._others += 1
        if attempt.mac is not None:
            self._by_mac.drop(_octets(attempt.mac), attempt)
        return True


def _octets(mac: Mac) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _is_over(attempt: BootAttempt, message: Dhcp, packet: Packet) -> bool:
    """Return True if the message begins another attempt of the client.

    Some ROMs derive the transaction's number from their MAC. A discover after a download, or after answers
    that the client ignored until it gave up, begins another attempt even in the same transaction. The time since the
    client began decides first, if a discover states it.
    """
    if attempt.is_busy_beside(packet):
        return False
    lease = attempt.leases.get(len(packet.source))
    has_address = attempt.downloads or (lease is not None and lease.acknowledged)
    if (lease is None and attempt.leases) or (lease is not None and lease.is_restarted_by(message)):
        return True
    if lease is not None and lease.is_retried_by(message) and not has_address:
        return False
    if message.step is AddressStep.DISCOVER and attempt.failed(packet.time):
        return True
    if lease is None or lease.transaction == message.transaction:
        return attempt.downloads and message.step is AddressStep.DISCOVER
    # Over IPv6 the request that follows an offer has a transaction of its own (RFC 8415, 16.1).
    requests = message.step is AddressStep.REQUEST and len(packet.source) == 16 and not lease.gave_up(packet.time)
    return has_address or (lease.over(packet.time) and not requests)
