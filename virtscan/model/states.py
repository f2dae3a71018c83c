"""The closed sets: every state that a fact or a judgement can have.

Values are the words of the columns, the JSON documents and the command line.
"""

from enum import Enum


class State(Enum):
    """A switch as it was observed; what nobody observed is UNKNOWN, never OFF."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class SourceMode(Enum):
    """Mode of a macvtap device; UNKNOWN when the network that would say it could not be read."""

    BRIDGE = "bridge"
    VEPA = "vepa"
    PRIVATE = "private"
    PASSTHROUGH = "passthrough"
    UNKNOWN = "unknown"


class DeviceKind(Enum):
    """What a host's network device is; ETHERNET includes virtual ones such as veth (see `Backing`)."""

    BOND = "bond"
    VLAN = "vlan"
    BRIDGE = "bridge"
    ETHERNET = "ethernet"
    UNKNOWN = "unknown"


class Backing(Enum):
    """Is there a card behind a device? Only a card fills in the checksums that a sender left open."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


class DomainState(Enum):
    """Is the domain running? UNKNOWN for a definition found in a file that does not say."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


class LinkState(Enum):
    """The virtual cable, `<link state>`."""

    UP = "up"
    DOWN = "down"


class HostStatus(Enum):
    """How much of a hypervisor was read: all of it, something of it, nothing."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class LowerDevice(Enum):
    """Which macvtap interfaces are judged: those that stand on a bond, or all."""

    BOND = "bond"
    ANY = "any"


class Verdict(Enum):
    """What will happen to a network boot, worst first."""

    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    MITIGATED = "mitigated"
    NOT_AFFECTED = "not-affected"


class Confidence(Enum):
    """How firmly the observed facts carry the verdict."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Exposure(Enum):
    """Would the interface boot from the network, most pressing first."""

    PENDING = "pending"
    BOOTS = "boots"
    LATENT = "latent"


class GapAbout(Enum):
    """What could not be looked at; HYPERVISOR and DOMAIN may hide interfaces, the others hide facts.

    AGE is what was looked at too long ago to count.
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
