"""DHCPv4 messages (RFC 2131), and common parts of both versions.

BOOTP is DHCP without a message type.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

import msgspec

from virtscan.model import Mac


class AddressStep(Enum):
    """A message's part in getting an address; OTHER has none."""

    DISCOVER = "discover"
    OFFER = "offer"
    REQUEST = "request"
    ACK = "ack"
    NAK = "nak"
    OTHER = "other"


class Dhcp(msgspec.Struct, frozen=True, kw_only=True):
    """One message.

    `mac` is None if the message lacks it; in DHCPv6 it may be that of another NIC of the same machine, unless the
    message was relayed. `address` is the one that the client gets or has, `server` that of the DHCP server,
    `next_server` that of the server to boot from; all are in packet form (4 or 16 bytes). `file` may be a URL. `boots`
    is True if the client identifies itself as a boot ROM. `elapsed` is the time since the client began, in seconds
    (DHCP) or hundredths of a second (DHCPv6); many clients always send zero.
    """

    step: AddressStep
    transaction: bytes
    mac: Mac | None = None
    address: bytes | None = None
    server: bytes | None = None
    next_server: bytes | None = None
    file: str | None = None
    boots: bool = False
    elapsed: int = 0


class UnusableMessage(Enum):
    """Reasons why a message on a port of DHCP or TFTP can't be used."""

    CUT = "cut off by the capture"
    MALFORMED = "malformed"
    NAMELESS = "of a client without a MAC"


PROXY = 4011
"""Port of a server that only names the boot file, in a transaction of its own."""

COOKIE = bytes([99, 130, 83, 99])
_FIXED = 236
_PAD, _OVERLOAD, _END = 0, 52, 255
_STEPS = {1: AddressStep.DISCOVER, 2: AddressStep.OFFER, 3: AddressStep.REQUEST, 5: AddressStep.ACK, 6: AddressStep.NAK}
_ROMS = ("PXEClient", "HTTPClient")
_ROM_OPTIONS = {93, 94, 175}
"""Client's architecture and network interface (RFC 4578: every PXE client sends them), and iPXE's own."""


def parse(payload: bytes, *, is_complete: bool) -> Dhcp | UnusableMessage:
    """Parse a message of DHCPv4 (RFC 2131) or BOOTP.

    Args:
        payload: The data after the UDP header, as far as it was captured.
        is_complete: True if all of it was captured.
    """
    if len(payload) < _FIXED + len(COOKIE):
        return UnusableMessage.MALFORMED if is_complete else UnusableMessage.CUT
    operation = payload[0]
    if operation not in {1, 2} or payload[2] > 16:
        return UnusableMessage.MALFORMED
    has_options = payload[_FIXED : _FIXED + 4] == COOKIE
    options = _all_options(payload) if has_options else {}
    if has_options and 53 not in options and not is_complete:
        return UnusableMessage.CUT
    kind = options.get(53, b"")
    vendor = text(options.get(60, b""))
    named = not _is_set(options.get(_OVERLOAD, b""), 1)
    bootp = AddressStep.REQUEST if operation == 1 else AddressStep.ACK
    return Dhcp(
        step=_STEPS.get(kind[0], AddressStep.OTHER) if kind else bootp,
        transaction=payload[4:8],
        mac=_hardware(payload),
        address=_nonzero(payload[16:20]) or _nonzero(payload[12:16]),
        server=_nonzero(options.get(54, b"")[:4]),
        next_server=_nonzero(payload[20:24]),
        file=text(options.get(67, b"")) or (text(payload[108:236]) if named else "") or None,
        boots=vendor.startswith(_ROMS) or bool(_ROM_OPTIONS & options.keys()) or not kind,
        elapsed=int.from_bytes(payload[8:10]),
    )


def _all_options(payload: bytes) -> Mapping[int, bytes]:
    """Return the options, including those in the name fields if option 52 refers to them."""
    options = dict(_options(payload[_FIXED + 4 :]))
    overload = options.get(_OVERLOAD, b"")
    for bit, part in ((1, payload[108:236]), (2, payload[44:108])):
        if _is_set(overload, bit):
            options |= {code: value for code, value in _options(part) if code not in options}
    return options


def _is_set(overload: bytes, bits: int) -> bool:
    return bool(overload and overload[0] & bits)


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 1 < len(data) and data[place] != _END:
        if data[place] == _PAD:
            place += 1
            continue
        end = place + 2 + data[place + 1]
        if end > len(data):
            return
        yield data[place], data[place + 2 : end]
        place = end


def _hardware(payload: bytes) -> Mac | None:
    """Return the client's MAC. Hardware types 1 and 6 are Ethernet and Linux's 802 devices."""
    octets = payload[28:34]
    is_one = payload[1] in {1, 6} and payload[2] == 6 and any(octets) and not octets[0] & 1
    return mac(octets) if is_one else None


def _nonzero(address: bytes) -> bytes | None:
    return address if any(address) else None


def mac(octets: bytes) -> Mac:
    """Return a hardware address as text."""
    return Mac(octets.hex(":"))


def text(octets: bytes) -> str:
    """Return a name in a packet, up to the first zero byte."""
    return octets.partition(b"\0")[0].decode("utf-8", "backslashreplace")
