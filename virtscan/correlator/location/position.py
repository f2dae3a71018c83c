"""Position of a server, seen from the device that an interface is plugged into."""

from enum import Enum

import msgspec

from virtscan.model import Mac, Reach
from virtscan.model.reasons import Because, Missing, NicFills


class Where(Enum):
    """The way of a server's frames to the interface's device."""

    SAME_BRIDGE = "same-bridge"
    SAME_OTHER = "same-other"
    SAME_UNKNOWN = "same-unknown"
    RECEIVED = "received"
    NEVER_MET = "never-met"
    THROUGH_NICS = "through-nics"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a server as the interface sees it, with its reasons and missing facts.

    `fills` is set where the server's virtual NIC sends only complete checksums. `weak` marks a place elsewhere that an
    unread hypervisor or unknown NICs may contradict. `declared` is False for a NIC, with this `mac`, that the server
    was not declared to serve through. Of `exclusive` positions only one is real. `stopped` is True in a domain that is
    not known to run.
    """

    where: Where
    reach: Reach
    because: tuple[Because, ...] = ()
    missing: tuple[Missing, ...] = ()
    fills: NicFills | None = None
    weak: bool = False
    declared: bool = True
    mac: Mac | None = None
    exclusive: bool = False
    stopped: bool = False
