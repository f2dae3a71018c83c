"""Who is booting: the runs of a capture by the MAC and by the addresses of their clients."""

from collections import Counter
from itertools import count

from virtscan.model import Mac
from virtscan.trace.boot import Boot
from virtscan.trace.dhcp import Dhcp, Step
from virtscan.trace.dhcp import mac as written
from virtscan.trace.packets import Packet
from virtscan.trace.run import Run

MOST_RUNS = 10_000
_MOST_ADDRESSES = 4 * MOST_RUNS


class Roster:
    """Runs in the order they began.

    A client that starts over begins another run; clients that want nothing but an address give way when there are
    too many. `turned_away` counts boots for which there was no room.
    """

    def __init__(self) -> None:
        self.turned_away = 0
        self._numbers = count()
        self._runs: dict[int, Run] = {}
        self._by_mac: dict[Mac, tuple[int, Run]] = {}
        self._by_address: dict[bytes, Run] = {}
        self._others = 0
        self._full_of_boots = False

    def at(self, address: bytes) -> Run | None:
        """The run whose client has, or had last, an address."""
        return self._by_address.get(address)

    def is_booting(self, address: bytes) -> bool:
        """Does the address belong to a client that boots?"""
        run = self._by_address.get(address)
        return run is not None and run.boots

    def run(self, mac: Mac, packet: Packet, message: Dhcp | None) -> Run | None:
        """The run of the client that a DHCP message is about; None when there is no room for another.

        Args:
            mac: The client's.
            packet: The message's.
            message: The message if it may begin a run: in another transaction it does, once an address was given,
                files were requested, or the client gave up waiting. None: it belongs to the present run.
        """
        number, known = self._by_mac.get(mac, (-1, None))
        if known is not None and not (message is not None and _is_over(known, message, packet.time)):
            return known
        if known is not None:
            known.leave()
            if not known.kept(packet.time):
                del self._runs[number]
        number, run = self._new(mac, packet)
        if run is not None:
            self._by_mac[mac] = number, run
        return run

    def run_at(self, packet: Packet) -> Run | None:
        """The run of the client that asks for a file; None when there is no room for another."""
        octets = packet.link.source
        mac = written(octets) if octets is not None else None
        _, known = self._by_mac.get(mac, (-1, None)) if mac is not None else (-1, None)
        run = known or self._by_address.get(packet.source)
        if run is None:
            _, run = self._new(mac, packet)
        if run is not None:
            self.has_address(run, packet.source)
        return run

    def has_address(self, run: Run, address: bytes) -> None:
        """A client got, or uses, an address."""
        run.address = address
        if address not in self._by_address and len(self._by_address) >= _MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]
        self._by_address[address] = run

    def boots(self, *, end: float) -> tuple[tuple[Boot, ...], int]:
        """The boots, and how many other clients there were; call it once.

        Args:
            end: Time of the capture's last frame.
        """
        runs = [run for run in self._runs.values() if run.kept(end)]
        fills_later = {key for run in self._runs.values() for key in run.fills_later()}
        # One MAC behind several addresses, none of which was seen being given out, is a router's.
        behind = Counter((run.mac, len(run.address or b"")) for run in runs if run.leasing is None)
        boots = tuple(
            run.boot(
                end,
                fills_later,
                mac_is_its_own=run.leasing is not None or behind[run.mac, len(run.address or b"")] == 1,
            )
            for run in runs
        )
        booted = {boot.mac for boot in boots}
        others = sum(not run.kept(end) and run.mac not in booted for run in self._runs.values())
        return boots, others + self._others

    def _new(self, mac: Mac | None, packet: Packet) -> tuple[int, Run | None]:
        if len(self._runs) >= MOST_RUNS and not self._make_room(packet.time):
            self.turned_away += 1
            return -1, None
        number, run = next(self._numbers), Run(mac, packet)
        self._runs[number] = run
        return number, run

    def _make_room(self, now: float) -> bool:
        """Let go of the oldest client that only got an address."""
        if self._full_of_boots:
            return False
        number = next((number for number, run in self._runs.items() if not run.kept(now)), None)
        if number is None:
            self._full_of_boots = True
            return False
        run = self._runs.pop(number)
        self._others += 1
        if run.mac is not None and self._by_mac.get(run.mac, (-1, None))[0] == number:
            del self._by_mac[run.mac]
        return True


def _is_over(run: Run, message: Dhcp, time: float) -> bool:
    """Return True if the message begins another attempt of the client.

    Some ROMs make the transaction's number of their MAC: a discover after a download begins another one all the same.
    """
    leasing = run.leasing
    if leasing is None:
        return False
    if leasing.transaction == message.transaction:
        return run.downloads and message.step is Step.DISCOVER
    return run.downloads or leasing.over(time)
