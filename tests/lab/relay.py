"""`python relay.py DEVICE [DEVICE]`: hand what arrives on one device to the other, or back where there is but one.

A packet socket gives a frame as it lies in memory: where the sender left the checksum to hardware, it is unfilled. The
mark that says so is not part of the frame, so what is sent on is a frame with a bad checksum: what an unfixed macvtap
makes of it. A frame with a complete checksum is handed on unharmed. It imports nothing of the project.
"""

import selectors
import socket
import sys

_SOL_PACKET = 263  # linux/socket.h
_PACKET_IGNORE_OUTGOING = 23  # linux/if_packet.h; since Linux 4.20
_ETH_P_ALL = 3
_WHOLE = 1 << 16


def port(device: str) -> socket.socket:
    """A socket for the frames that arrive on a device, not for those that leave through it."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    packets.bind((device, 0))
    return packets


def relay(devices: list[str]) -> None:
    """Hand frames on until the process is ended."""
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
