"""TFTP messages (RFC 1350, and RFC 2347 for the options)."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from virtscan.trace.protocols.dhcp import UnusableMessage, text

PORT = 69


class Read(NamedTuple):
    """A client's request for a file."""

    file: str


class OptionAcknowledgement(NamedTuple):
    """A server's acknowledgement of options, with the block size that it agreed to."""

    block_size: int


class Data(NamedTuple):
    """A block and its size in bytes."""

    block: int
    size: int


class Acknowledgement(NamedTuple):
    """A client's acknowledgement of a block; block 0 is the options."""

    block: int


class Error(NamedTuple):
    """An error, by which either side ends the transfer."""

    code: int
    text: str


class Write(NamedTuple):
    """A client's request to send a file, which no boot does."""


Message: TypeAlias = Read | Write | OptionAcknowledgement | Data | Acknowledgement | Error

BLOCK_SIZE = 512
CODES: Mapping[int, str] = {
    0: "not defined",
    1: "file not found",
    2: "access violation",
    3: "disk full",
    4: "illegal operation",
    5: "unknown transfer ID",
    6: "file already exists",
    7: "no such user",
    8: "option negotiation failed",
}
"""Meaning of an error's code (RFC 1350, RFC 2347)."""


def parse(payload: bytes, *, length: int) -> Message | UnusableMessage:
    """Parse a message.

    Args:
        payload: The data after the UDP header, as far as it was captured.
        length: The full length of the data by the header, in bytes.
    """
    message = _message(payload, length) if len(payload) >= 4 else None
    if message is not None:
        return message
    return UnusableMessage.CUT if len(payload) < length else UnusableMessage.MALFORMED


def _message(payload: bytes, length: int) -> Message | None:
    operation, argument = int.from_bytes(payload[:2]), int.from_bytes(payload[2:4])
    match operation:
        case 1:
            name, end, _ = payload[2:].partition(b"\0")
            message: Message | None = Read(text(name)) if end else None
        case 2:
            message = Write()
        case 3:
            message = Data(argument, length - 4)
        case 4:
            message = Acknowledgement(argument)
        case 5:
            message = Error(argument, text(payload[4:]) or CODES.get(argument, ""))
        case 6:
            message = OptionAcknowledgement(_block_size(payload[2:]))
        case _:
            message = None
    return message


def _block_size(options: bytes) -> int:
    parts = options.split(b"\0")
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        if name.lower() == b"blksize" and value.isdigit() and len(value) <= 5:
            return int(value)
    return BLOCK_SIZE
