"""The downloads of a capture, by the ends between which their packets go."""

from typing import Generic, TypeVar

from virtscan.trace.boots.attempt import BootAttempt
from virtscan.trace.capture.links import is_one_network
from virtscan.trace.capture.packets import Packet

_MOST = 4096

_K = TypeVar("_K")
_V = TypeVar("_V")


class DownloadTable(Generic[_K, _V]):
    """The downloads to a client's address and port, or over a connection.

    Both repeat among VLANs, so that the client's MAC decides, and copied domains repeat that too. A router's MAC may
    differ by direction, and a capture may lack the VLAN of one direction; the newest download counts then.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[int, ...] | None, bytes | None, _K], tuple[BootAttempt, _V]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, end: _K) -> bool:
        return (None, None, end) in self._known

    def find(self, end: _K, mac: bytes | None, packet: Packet) -> tuple[BootAttempt, _V] | None:
        """Return the download of the client with this MAC on the packet's network."""
        segment = packet.link.segment
        for key in ((segment, mac, end), (None, mac, end), (None, None, end)):
            known = self._known.get(key)
            if known is not None and is_one_network(known[0].segment, segment):
                return known
        return None

    def keep(self, end: _K, packet: Packet, found: tuple[BootAttempt, _V]) -> None:
        """Add a download that a packet begins, and remove the oldest at the bound: no boot has thousands at a time."""
        mac = packet.link.source
        for key in {(None, None, end), (None, mac, end), (packet.link.segment, mac, end)}:
            self._known.pop(key, None)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[key] = found
