"""The closed sets: every state that a fact or a judgement can have.

Values are the words of the columns, the JSON documents and the command line.
"""

from enum import Enum


class Closed(Enum):
    """A closed set whose members are hashed by identity; Enum would hash their names, in slow Python code."""

    __hash__ = object.__hash__


class Ranked(Closed):
    """A closed set in an order; `rank` counts its members from 0."""

    rank: int

    def __init__(self, _: str) -> None:
        self.rank = len(type(self).__members__)


class State(Closed):
    """State of a switch; an unobserved one is UNKNOWN, never OFF."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class SourceMode(Closed):
    """Mode of a macvtap device; UNKNOWN when its network could not be read."""

    BRIDGE = "bridge"
    VEPA = "vepa"
    PRIVATE = "private"
    PASSTHROUGH = "passthrough"
    UNKNOWN = "unknown"


class DeviceKind(Closed):
    """Kind of a network device; MACVLAN includes macvtap, ETHERNET taps (see `Backing`). A DUMMY sends nothing."""

    BOND = "bond"
    VLAN = "vlan"
    BRIDGE = "bridge"
    MACVLAN = "macvlan"
    VETH = "veth"
    ETHERNET = "ethernet"
    DUMMY = "dummy"
    UNKNOWN = "unknown"


STACKED = frozenset({DeviceKind.BOND, DeviceKind.BRIDGE, DeviceKind.VLAN, DeviceKind.MACVLAN})
"""Kinds of devices that send through others."""


class Machine(Closed):
    """Kind of machine that a system runs on; UNKNOWN when no source observed it."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    CONTAINER = "container"
    UNKNOWN = "unknown"


class Firmware(Closed):
    """Firmware of a domain, as its XML names it."""

    BIOS = "bios"
    EFI = "efi"


class Fix(Closed):
    """State of the fix in a kernel; UNKNOWN when it was not read, or its name does not imply it."""

    FIXED = "fixed"
    UNFIXED = "unfixed"
    UNKNOWN = "unknown"


class KernelBasis(Closed):
    """Basis of a kernel's `Fix`; each basis leads to one `Fix`."""

    RHEL6_SINCE = "rhel6-since-504.30.3"
    RHEL6_BEFORE = "rhel6-before"
    RHEL6_UNCLEAR = "rhel6-unclear"
    RHEL7_SINCE = "rhel7-since-514"
    RHEL7_BEFORE = "rhel7-before"
    MAINLINE_SINCE = "mainline-since-3.15"
    MAINLINE_CANDIDATE = "mainline-candidate"
    MAINLINE_BEFORE = "mainline-before"
    STABLE_3_14_SINCE = "stable-since-3.14.5"
    STABLE_3_12_SINCE = "stable-since-3.12.24"
    STABLE_BEFORE = "stable-before"
    STABLE_UNCLEAR = "stable-unclear"
    BUILT_BEFORE_FIX = "built-before-fix"
    VENDOR_UNKNOWN = "vendor-unknown"
    UNREADABLE = "unreadable"
    NOT_READ = "not-read"
    INFERRED_FROM_DAEMON = "inferred-from-daemon"
    DAEMON_TOO_OLD = "daemon-too-old"


class Reach(Closed):
    """Reachability of a server from an interface, checksums aside."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Backing(Closed):
    """Attachment of a device to a bus: a PHYSICAL one is a NIC, real or emulated (see `Device.driver`)."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


class DomainState(Ranked):
    """State of a domain; UNKNOWN for a definition in a file without a state."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


class LinkState(Closed):
    """The virtual cable, `<link state>`."""

    UP = "up"
    DOWN = "down"


class ProvisioningKind(Closed):
    """Kind of a provisioning system."""

    COBBLER = "cobbler"
    FOREMAN = "foreman"


class HostStatus(Ranked):
    """Completeness of a hypervisor: all of it was read, some of it, or nothing."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class LowerDevice(Closed):
    """Macvtap interfaces that are judged: those on top of a bond, or all."""

    BOND = "bond"
    ANY = "any"


class Verdict(Ranked):
    """Expected result of a network boot, worst first."""

    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    MITIGATED = "mitigated"
    NOT_AFFECTED = "not-affected"


OPEN = frozenset({Verdict.AT_RISK, Verdict.UNKNOWN})
"""Verdicts that a fact may still change for the better."""


class Confidence(Ranked):
    """Certainty of the verdict, the highest first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FailOn(Closed):
    """The exposure from which on a finding at risk counts for the exit code."""

    PENDING = "pending"
    BOOTS = "boots"
    LATENT = "latent"
    NEVER = "never"


class Exposure(Ranked):
    """Likelihood that the interface boots from the network, the most urgent first."""

    PENDING = "pending"
    BOOTS = "boots"
    LATENT = "latent"


class WhyLeftOut(Closed):
    """Reason why a file of a folder was not read as a definition, without being a gap."""

    NOT_XML = "not-xml"
    OTHER_KIND = "other-kind"
    NOT_REGULAR = "not-regular"
    HIDDEN = "hidden"
    HALF_WRITTEN = "half-written"


class GapAbout(Closed):
    """Subject of a gap; HYPERVISOR and DOMAIN may hide interfaces, the others hide facts.

    AGE is a fact that is too old to count. CONFIGURATION is about names that don't match, and about
    files that are left out.
    """

    HYPERVISOR = "hypervisor"
    DOMAIN = "domain"
    NETWORK = "network"
    DEVICE = "device"
    SERVER = "server"
    PROVISIONING = "provisioning"
    WAIVER = "waiver"
    CAPTURE = "capture"
    AGE = "age"
    CONFIGURATION = "configuration"
