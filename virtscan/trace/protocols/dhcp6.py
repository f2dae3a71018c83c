"""DHCPv6 messages (RFC 8415, and RFC 5970 for the boot file)."""

from collections.abc import Iterator, Mapping

from virtscan.model import Mac
from virtscan.trace.protocols.dhcp import AddressStep, Dhcp, UnusableMessage, mac, text

_STEPS = {
    1: AddressStep.DISCOVER,
    2: AddressStep.OFFER,
    **dict.fromkeys((3, 4, 5, 6, 11), AddressStep.REQUEST),
    7: AddressStep.ACK,
}
"""By message type. Confirm, renew, rebind and information-request are answered by a reply, as a request is."""

_RELAYED = {12, 13}
_RELAY_HEADER = 34
_MOST_RELAYS = 8
_CLIENT, _IA_NA, _IA_ADDRESS, _ELAPSED, _RELAYED_MESSAGE = 1, 3, 5, 8, 9
_USER_CLASS, _VENDOR_CLASS, _LINK_LAYER = 15, 16, 79
_BOOT_FILE, _ARCHITECTURE, _INTERFACE = 59, 61, 62


def parse(payload: bytes, *, is_complete: bool) -> Dhcp | UnusableMessage:
    """Parse a message, and remove the headers of relays.

    Args:
        payload: The data after the UDP header, as far as it was captured.
        is_complete: True if all of it was captured.
    """
    hardware: Mac | None = None
    for _ in range(_MOST_RELAYS):
        if payload[:1] and payload[0] in _RELAYED:
            envelope = dict(_options(payload[_RELAY_HEADER:]))
            hardware = _hardware(envelope.get(_LINK_LAYER, b"")) or hardware
            payload = envelope.get(_RELAYED_MESSAGE, b"")
    if len(payload) < 4 or payload[0] in _RELAYED:
        return UnusableMessage.MALFORMED if is_complete else UnusableMessage.CUT
    options = dict(_options(payload[4:]))
    return Dhcp(
        step=_STEPS.get(payload[0], AddressStep.OTHER),
        transaction=payload[1:4],
        mac=hardware or _mac_of(options.get(_CLIENT, b"")),
        address=_address(options.get(_IA_NA, b"")),
        file=text(options.get(_BOOT_FILE, b"")) or None,
        boots=_boots(options),
        elapsed=int.from_bytes(options.get(_ELAPSED, b"")),
    )


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(data):
        end = place + 4 + int.from_bytes(data[place + 2 : place + 4])
        if end > len(data):
            return
        yield int.from_bytes(data[place : place + 2]), data[place + 4 : end]
        place = end


def _hardware(option: bytes) -> Mac | None:
    """Return the client's address from a relay's option (RFC 6939)."""
    return mac(option[2:]) if len(option) == 8 and option[:2] == b"\0\x01" else None


def _mac_of(unique: bytes) -> Mac | None:
    """Return the MAC in a client identifier of type DUID-LLT (1) or DUID-LL (3)."""
    match int.from_bytes(unique[:2]), int.from_bytes(unique[2:4]), len(unique):
        case (1, 1, 14) | (3, 1, 10):
            return mac(unique[-6:])
        case _:
            return None


def _address(association: bytes) -> bytes | None:
    for code, value in _options(association[12:]):
        if code == _IA_ADDRESS and len(value) >= 16:
            return value[:16]
    return None


def _boots(options: Mapping[int, bytes]) -> bool:
    vendor = options.get(_VENDOR_CLASS, b"")
    return (
        b"PXEClient" in vendor
        or b"HTTPClient" in vendor
        or b"PXE" in options.get(_USER_CLASS, b"")
        or _ARCHITECTURE in options
        or _INTERFACE in options
    )
