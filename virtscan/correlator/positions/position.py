"""Position of a server, seen from the device that an interface is attached to."""

import msgspec

from virtscan.model import Closed, DeviceName, Mac, Reach, SourceMode
from virtscan.model.reasons import Because, Missing, NeedsDeviceRole, NeedsMode, NicFills


class Where(Closed):
    """The way of a server's frames to the interface's device."""

    SAME_BRIDGE = "same-bridge"
    SAME_OTHER = "same-other"
    SAME_UNKNOWN = "same-unknown"
    RECEIVED = "received"
    NEVER_MET = "never-met"
    THROUGH_NICS = "through-nics"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"


class LocalServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server on this hypervisor: in a domain, or on the host itself (domain None).

    `macvlan` is the one by which its frames leave a device, if any. `virtual_function` is True for an interface on an
    unknown one of its device.
    """

    server: str
    domain: str | None
    virtual_function: bool = False
    is_host_process: bool = False
    macvlan: DeviceName | None = None


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

    @property
    def needs_mode(self) -> bool:
        """Return True if the server is on the interface's device, or not, by the mode or kind of a device."""
        return any(isinstance(fact, NeedsMode | NeedsDeviceRole) for fact in self.missing)

    def may_arrive(self, mode: SourceMode | None) -> bool:
        """Return True if frames reach an interface in this mode without a NIC, or may by the mode of a device."""
        match self.where:
            case Where.SAME_BRIDGE | Where.SAME_UNKNOWN:
                return mode in {SourceMode.BRIDGE, SourceMode.UNKNOWN}
            case Where.RECEIVED:
                return True
            case _:
                return self.needs_mode
