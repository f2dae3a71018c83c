"""`python relay.py DEVICE [DEVICE]`: forward frames between two devices, or back to the one.

A packet socket reads a frame as it is in memory, with its partial checksum. The mark of a partial checksum is not
part of the frame, so it is lost, as in an unfixed macvtap: the frame is sent on with a bad checksum. A frame with a
complete checksum stays as it is. The program imports nothing of the project.
"""

import selectors
import socket
import sys

_SOL_PACKET = 263  # linux/socket.h
_PACKET_IGNORE_OUTGOING = 23  # linux/if_packet.h; since Linux 4.20
_ETH_P_ALL = 3
_WHOLE = 1 << 16


def port(device: str) -> socket.socket:
    """Return a socket for the frames that arrive on a device, not for those that leave through it."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    packets.bind((device, 0))
    return packets


def relay(devices: list[str]) -> None:
    """Forward frames until the process is ended."""
    near, far = port(devices[0]), port(devices[-1])
    ways = selectors.DefaultSelector()
    ways.register(near, selectors.EVENT_READ, far)
    if len(devices) > 1:
        ways.register(far, selectors.EVENT_READ, near)
    while True:
        for ready, _ in ways.select():
            frame = ready.fileobj.recv(_WHOLE)  # type: ignore[union-attr]  # typeshed: fileobj may be a number
            try:
                ready.data.send(frame)
            except OSError as error:
                sys.stderr.write(f"a frame of {len(frame)} bytes is lost: {error}\n")


if __name__ == "__main__":
    relay(sys.argv[1:])
