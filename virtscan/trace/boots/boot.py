"""One client's boot, as a capture shows it."""

from datetime import datetime
from enum import Enum

import msgspec

from virtscan.model import Gap, Mac


class Lease(Enum):
    """The client's progress in DHCP."""

    ACKNOWLEDGED = "acknowledged"
    OFFERED = "offered"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"
    NOT_CAPTURED = "not-captured"


class Outcome(Enum):
    """Outcome of the boot within the capture.

    LAST_BLOCK_NOT_ACKNOWLEDGED: neither side repeated a packet after it. Many ROMs start the file unacknowledged.
    UNFINISHED: the capture ends too early, or does not show enough. ADDRESS_ONLY: the client got an address, but was
    not seen requesting a file. ACKNOWLEDGEMENT_NOT_TAKEN: the client continued to request its address.
    """

    COMPLETE = "complete"
    LAST_BLOCK_NOT_ACKNOWLEDGED = "last-block-not-acknowledged"
    OFFERS_NOT_REQUESTED = "offers-not-requested"
    ACKNOWLEDGEMENT_NOT_TAKEN = "acknowledgement-not-taken"
    OPTIONS_NOT_ACKNOWLEDGED = "options-not-acknowledged"
    DATA_NOT_ACKNOWLEDGED = "data-not-acknowledged"
    CONNECTION_NOT_ACKNOWLEDGED = "connection-not-acknowledged"
    NO_ANSWER = "no-answer"
    REFUSED = "refused"
    TFTP_ERROR = "tftp-error"
    HTTP_ERROR = "http-error"
    ADDRESS_ONLY = "address-only"
    UNFINISHED = "unfinished"


class Side(Enum):
    """Point where the frames were captured, concluded from their checksums.

    SENDER: before checksums are filled in, so that a bad one proves nothing. RECEIVER: at the client's own device,
    after which only a fixed kernel fills in partial ones.
    """

    SENDER = "sender"
    RECEIVER = "receiver"
    UNKNOWN = "unknown"


class ChecksumCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of frames by the state of their checksum; see `virtscan.trace.capture.checksums.Checksum`."""

    good: int = 0
    none: int = 0
    partial: int = 0
    wrong: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """Return the number of all frames."""
        return self.good + self.none + self.partial + self.wrong + self.unknown

    @property
    def complete(self) -> int:
        """Return the number of frames that any receiver accepts."""
        return self.good + self.none

    @property
    def bad(self) -> int:
        """Return the number of frames that a receiver drops if it verifies checksums."""
        return self.partial + self.wrong


class BootError(msgspec.Struct, frozen=True, kw_only=True):
    """A TFTP, HTTP or ICMP error with its code and text, from the server or from the client."""

    code: int
    text: str = ""
    by_client: bool = False

    def __str__(self) -> str:
        return f"{'the client: ' if self.by_client else ''}{self.code} {self.text}".rstrip()


class Boot(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one client to boot.

    `mac` is None if only a router's MAC was seen. `server` is the last server of the boot, and `file` the file that was
    requested from it, or named by DHCP. `taken` counts that server's frames to which the client reacted; `ignored`
    counts those to which it did not react, although it had reason and time to. `error` ended the boot. `retries` counts
    repeated packets of the client, `resent` those of servers. `is_repeated` is True if either side repeated a packet
    after an ignored answer. `dropped` counts the frames that the capture lacks by its own statistics, of this boot or
    others. `boots` is False for an operating system's DHCP client that ignored answers with a bad checksum.
    """

    mac: Mac | None
    vlan: tuple[int, ...]
    address: str | None
    lease: Lease
    lease_server: str | None
    server: str | None
    server_mac: Mac | None
    file: str | None
    outcome: Outcome
    error: BootError | None
    from_server: ChecksumCounts
    from_client: ChecksumCounts
    taken: ChecksumCounts
    ignored: ChecksumCounts
    retries: int
    resent: int
    is_repeated: bool
    seconds_lost: float
    side: Side
    boots: bool
    started_at: datetime | None
    ended_at: datetime | None
    dropped: int = 0


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A capture: the boots in it, in the order they began, and its unreadable parts.

    `others` counts the clients that requested only an address, and ignored no answer with a bad checksum. The times are
    None for a capture without frames.
    """

    file: str
    frames: int
    started_at: datetime | None
    ended_at: datetime | None
    boots: tuple[Boot, ...]
    others: int
    gaps: tuple[Gap, ...]
