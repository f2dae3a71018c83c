"""`python virtual_nic.py TAP PLUG keep|lose|fill`: connect a server's tap to what its virtual NIC is plugged into.

The tap is the NIC as the server sees it. Between it and the plug, the program acts as QEMU does between a guest's
virtio NIC and its macvtap: a frame travels with its virtio header, which has the mark of a partial checksum. PLUG is
the file of a macvtap or a network device. `keep` hands the mark on, `lose` drops it as an unfixed kernel does, and
`fill` computes the checksum as a NIC does. It imports nothing of the project and needs no more than a 3.14 kernel.
"""

import fcntl
import os
import selectors
import socket
import struct
import sys
from collections.abc import Callable

READY = "the virtual NIC is plugged in"

# linux/if_tun.h
_TUNSETIFF, _TUNSETOFFLOAD = 0x400454CA, 0x400454D0
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
_TUN_F_CSUM = 1

# linux/virtio_net.h: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset
_HEADER = struct.Struct("=BBHHHH")
_NEEDS_CSUM = 1
_NOTHING = bytes(_HEADER.size)

_ETH_P_ALL = 3
_PACKET_OUTGOING = 4  # linux/if_packet.h
_WHOLE = 1 << 16


def keep(header: bytes, frame: bytes) -> tuple[bytes, bytes]:
    """Return both as they are."""
    return header, frame


def lose(_header: bytes, frame: bytes) -> tuple[bytes, bytes]:
    """Return the frame without its mark."""
    return _NOTHING, frame


def fill(header: bytes, frame: bytes) -> tuple[bytes, bytes]:
    """Return the frame with its checksum computed, if it was partial."""
    flags, *_, start, offset = _HEADER.unpack(header)
    if not flags & _NEEDS_CSUM:
        return header, frame
    covered = frame[start:] + bytes((len(frame) - start) % 2)
    total = sum(word for (word,) in struct.iter_unpack("!H", covered))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    at = start + offset
    return _NOTHING, frame[:at] + struct.pack("!H", (~total & 0xFFFF) or 0xFFFF) + frame[at + 2 :]


class Tap:
    """A tap or macvtap, opened with virtio headers."""

    def __init__(self, path: str, name: str) -> None:
        self._file = os.open(path, os.O_RDWR)
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        fcntl.ioctl(self._file, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        fcntl.ioctl(self._file, _TUNSETOFFLOAD, _TUN_F_CSUM)

    def fileno(self) -> int:
        """Return the descriptor that a selector waits for."""
        return self._file

    def receive(self) -> tuple[bytes, bytes] | None:
        """Return a virtio header and a frame."""
        read = os.read(self._file, _WHOLE)
        return read[: _HEADER.size], read[_HEADER.size :]

    def send(self, header: bytes, frame: bytes) -> None:
        """Send a frame with its virtio header."""
        os.write(self._file, header + frame)


class Cable:
    """A network device, by a packet socket; what leaves through it comes back and is left out."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.bind((name, 0))

    def fileno(self) -> int:
        """Return the descriptor that a selector waits for."""
        return self._socket.fileno()

    def receive(self) -> tuple[bytes, bytes] | None:
        """Return an empty virtio header and a frame; None for a frame that was sent."""
        frame, address = self._socket.recvfrom(_WHOLE)
        return None if address[2] == _PACKET_OUTGOING else (_NOTHING, frame)

    def send(self, _header: bytes, frame: bytes) -> None:
        """Send a frame as it is."""
        self._socket.send(frame)


def connect(nic: Tap, plug: Tap | Cable, sent: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> None:
    """Hand frames on until the process is ended; `sent` is done to those of the server."""
    ready = selectors.DefaultSelector()
    ready.register(nic, selectors.EVENT_READ, True)
    ready.register(plug, selectors.EVENT_READ, False)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    while True:
        for key, _ in ready.select():
            try:
                if key.data:
                    received = nic.receive()
                    if received is not None:
                        plug.send(*sent(*received))
                else:
                    received = plug.receive()
                    if received is not None:
                        nic.send(*received)
            except OSError as error:
                sys.stderr.write(f"a frame is lost: {error}\n")


if __name__ == "__main__":
    tap, place, what = sys.argv[1:]
    connect(
        Tap("/dev/net/tun", tap),
        Tap(place, "") if place.startswith("/") else Cable(place),
        {"keep": keep, "lose": lose, "fill": fill}[what],
    )
