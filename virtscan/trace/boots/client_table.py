"""The clients of a capture, by MAC and by address, with their boot attempts."""

from collections import Counter
from itertools import count

from virtscan.model import Mac
from virtscan.trace.boots.attempt import BootAttempt
from virtscan.trace.boots.boot import Boot
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols.dhcp import AddressStep, Dhcp
from virtscan.trace.protocols.dhcp import mac as written

MOST_ATTEMPTS = 10_000
_MOST_ADDRESSES = 4 * MOST_ATTEMPTS


class ClientTable:
    """Boot attempts in the order they began.

    A client that starts over begins another attempt. Clients that request only an address are dropped first when there
    are too many. `not_kept` counts boots for which there was no room.
    """

    def __init__(self) -> None:
        self.not_kept = 0
        self._numbers = count()
        self._attempts: dict[int, BootAttempt] = {}
        self._by_mac: dict[Mac, tuple[int, BootAttempt]] = {}
        self._by_address: dict[bytes, BootAttempt] = {}
        self._others = 0
        self._full_of_boots = False

    def at(self, address: bytes, octets: bytes | None) -> BootAttempt | None:
        """Return the attempt whose client has, or had last, an address: of several, the one with the MAC."""
        _, known = self._by_mac.get(written(octets), (-1, None)) if octets is not None else (-1, None)
        return known if known is not None and known.address == address else self._by_address.get(address)

    def is_booting(self, address: bytes) -> bool:
        """Return True if the address belongs to a client that boots."""
        attempt = self._by_address.get(address)
        return attempt is not None and attempt.boots

    def attempt(self, mac: Mac, packet: Packet, message: Dhcp | None) -> BootAttempt | None:
        """Return the attempt to which a DHCP message belongs; None if there is no room for another.

        Args:
            mac: The client's MAC.
            packet: The packet of the message.
            message: The message if it may begin an attempt. None: it belongs to the present one.
        """
        number, known = self._by_mac.get(mac, (-1, None))
        if known is not None and not (message is not None and _is_over(known, message, packet.time)):
            return known
        if known is not None:
            known.leave()
            if not known.kept(packet.time):
                del self._attempts[number]
        number, attempt = self._new(mac, packet)
        if attempt is not None:
            self._by_mac[mac] = number, attempt
        return attempt

    def attempt_at(self, packet: Packet) -> BootAttempt | None:
        """Return the attempt of the client that requests a file; None if there is no room for another."""
        octets = packet.link.source
        mac = written(octets) if octets is not None else None
        _, known = self._by_mac.get(mac, (-1, None)) if mac is not None else (-1, None)
        attempt = known or self._by_address.get(packet.source)
        if attempt is None:
            _, attempt = self._new(mac, packet)
        if attempt is not None:
            self.has_address(attempt, packet.source)
        return attempt

    def goes_on(self, attempt: BootAttempt, packet: Packet) -> BootAttempt | None:
        """Return the attempt of a new transfer: another one after a failed download that the client gave up.

        None if there is no room for another.
        """
        if not (attempt.gave_up(packet.time) and attempt.ignores_bad):
            return attempt
        attempt.leave()
        number, another = self._new(attempt.mac, packet)
        if another is not None:
            if attempt.mac is not None and self._by_mac.get(attempt.mac, (-1, None))[1] is attempt:
                self._by_mac[attempt.mac] = number, another
            self.has_address(another, packet.source)
        return another

    def has_address(self, attempt: BootAttempt, address: bytes) -> None:
        """Note that a client got, or uses, an address."""
        attempt.address = address
        if address not in self._by_address and len(self._by_address) >= _MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]
        self._by_address[address] = attempt

    def boots(self, *, end: float) -> tuple[tuple[Boot, ...], int]:
        """Return the boots, and the number of other clients; call it once.

        Args:
            end: Time of the capture's last frame.
        """
        attempts = [attempt for attempt in self._attempts.values() if attempt.kept(end)]
        fills_later = {key for attempt in self._attempts.values() for key in attempt.fills_later()}
        # One MAC behind several addresses, none of which was seen being given out, is a router's.
        seen = {(attempt.mac, attempt.address) for attempt in attempts if attempt.dhcp is None}
        behind = Counter((mac, len(address or b"")) for mac, address in seen)
        boots = tuple(
            attempt.boot(
                end,
                fills_later,
                mac_is_its_own=attempt.dhcp is not None or behind[attempt.mac, len(attempt.address or b"")] == 1,
            )
            for attempt in attempts
        )
        booted = {boot.mac for boot in boots}
        others = sum(not attempt.kept(end) and attempt.mac not in booted for attempt in self._attempts.values())
        return boots, others + self._others

    def _new(self, mac: Mac | None, packet: Packet) -> tuple[int, BootAttempt | None]:
        if len(self._attempts) >= MOST_ATTEMPTS and not self._make_room(packet.time):
            self.not_kept += 1
            return -1, None
        number, attempt = next(self._numbers), BootAttempt(mac, packet)
        self._attempts[number] = attempt
        return number, attempt

    def _make_room(self, now: float) -> bool:
        """Remove the oldest client that only got an address."""
        if self._full_of_boots:
            return False
        number = next((number for number, attempt in self._attempts.items() if not attempt.kept(now)), None)
        if number is None:
            self._full_of_boots = True
            return False
        attempt = self._attempts.pop(number)
        self._others += 1
        if attempt.mac is not None and self._by_mac.get(attempt.mac, (-1, None))[0] == number:
            del self._by_mac[attempt.mac]
        return True


def _is_over(attempt: BootAttempt, message: Dhcp, time: float) -> bool:
    """Return True if the message begins another attempt of the client.

    Some ROMs derive the transaction's number from their MAC. A discover after a download begins another attempt even
    in the same transaction.
    """
    dhcp = attempt.dhcp
    if dhcp is None:
        return attempt.downloads and message.step is AddressStep.DISCOVER
    if dhcp.transaction == message.transaction:
        return attempt.downloads and message.step is AddressStep.DISCOVER
    return attempt.downloads or dhcp.over(time)
