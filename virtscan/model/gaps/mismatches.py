"""Causes of warnings: declarations without a match, waivers, and defects of a capture; see `causes`."""

from datetime import date
from enum import Enum

from virtscan.model.gaps.causes import GapCause
from virtscan.model.states import Machine


class WaiverExpired(GapCause, frozen=True):
    """A waiver ended on this day."""

    until: date


class WaiverUnused(GapCause, frozen=True):
    """A waiver matches no finding; `unread` counts the hypervisors that may have further domains."""

    unread: int


class WaiverOfNamesakes(GapCause, frozen=True):
    """A waiver names a hypervisor or server of which a merge found several; it accepts none of their findings."""

    names: tuple[str, ...]


class KernelContradicted(GapCause, frozen=True):
    """The observed kernel differs from the declared one."""

    declared: str
    observed: str
    source: str


class PhysicalContradicted(GapCause, frozen=True):
    """A host that is declared to be physical is observed to be a virtual machine, or a hypervisor to be a container."""

    machine: Machine


class ReadTwice(GapCause, frozen=True):
    """A hypervisor is the same as this one, which has another address."""

    hypervisor: str


class PlaceContradicted(GapCause, frozen=True):
    """A server that is declared to be physical (`runs_on` None) or to run elsewhere has its MAC on this hypervisor."""

    runs_on: str | None
    hypervisor: str


class ExclusionOverruled(GapCause, frozen=True):
    """A declaration or record excludes a server whose NIC is on the interface's own device or carried by it."""


class ForeignServer(GapCause, frozen=True):
    """A provisioning system has a server on record that is not configured."""

    source: str


class SegmentUnmatched(GapCause, frozen=True):
    """Only servers, or only hypervisors, name a segment; `near` is the most similar name on the other side."""

    by_server: bool
    near: str | None = None


class NoSuchDevice(GapCause, frozen=True):
    """No hypervisor that declares this device, under a key of the configuration, has it."""

    key: str
    device: str
    near: str | None = None


class NoSuchHypervisor(GapCause, frozen=True):
    """No hypervisor has the name that a server is declared to run on."""

    runs_on: str
    near: str | None = None


class OffUntilReboot(GapCause, frozen=True):
    """Offload is off only until the next reboot: `at_risk` interfaces are at risk then, None if none is judged."""

    at_risk: int | None


class ForeignFrames(GapCause, frozen=True):
    """Frames of a capture are not Ethernet."""

    frames: int
    link: int
    link_name: str | None


class Encapsulation(Enum):
    """Encapsulations in a capture whose content is not read."""

    MPLS = "MPLS"
    PPPOE = "PPPoE"
    PBB = "802.1ah"
    MACSEC = "MACsec"
    VN_TAG = "VN-Tag"
    E_TAG = "802.1BR"
    TRILL = "TRILL"
    NSH = "NSH"
    IP = "IP in IP"
    ETHERNET = "Ethernet in IP"
    GRE = "GRE without Ethernet"
    GRE_IN_UDP = "GRE in UDP"
    GENEVE = "GENEVE without Ethernet"
    VXLAN_GPE = "VXLAN-GPE without Ethernet"
    NESTED = "overlay in two others"
    GUE = "GUE"
    L2TP = "L2TP"
    LISP = "LISP"
    STT = "STT"
    TZSP = "TZSP"
    ESP = "ESP"
    AH = "AH"
    ROUTING = "IPv6 routing header"


class EncapsulatedFrames(GapCause, frozen=True):
    """Frames of a capture are inside an encapsulation that is not read."""

    frames: int
    encapsulation: Encapsulation


class BadMessage(Enum):
    """Reasons why a message on a port of DHCP or TFTP can't be used."""

    CUT = "cut off by the capture"
    MALFORMED = "malformed"
    NAMELESS = "of a client without a MAC"


class UnreadMessages(GapCause, frozen=True):
    """DHCP or TFTP messages of a capture can't be used."""

    messages: int
    defect: BadMessage


class TooManyBoots(GapCause, frozen=True):
    """Requests of a capture were not followed, because there are more boots than this."""

    requests: int
    limit: int


class DroppedFrames(GapCause, frozen=True):
    """A capture lacks frames that were dropped while it was written."""

    frames: int
