"""Everything that was collected, and the policy to judge it by. A scan saves it, a report reads it."""

from datetime import date, timedelta
from enum import Enum
from typing import Annotated

import msgspec

from virtscan.model.facts.hypervisors import Hypervisor, Moment
from virtscan.model.facts.memory import LostDomain, RememberedPlace, UnreadHost
from virtscan.model.facts.provisioning import Netboot, Subnet
from virtscan.model.facts.servers import Server
from virtscan.model.gaps import Gap
from virtscan.model.identity.mac import Mac
from virtscan.model.states import LowerDevice

_NOTICE = timedelta(days=14)


class WaiverState(Enum):
    """Validity of a waiver; ENDING for one that holds for at most 14 days more."""

    VALID = "valid"
    ENDING = "ending"
    EXPIRED = "expired"


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted finding: shown as waived, not counted.

    Patterns are globs; one that is not given matches everything. `until` is its last day.
    """

    reason: str
    hypervisor: str = "*"
    domain: str = "*"
    mac: str = "*"
    server: str = "*"
    until: date | None = None

    def state_on(self, day: date) -> WaiverState:
        """Return its state on a day; it holds until the end of the last one."""
        if self.until is None or self.until - day > _NOTICE:
            return WaiverState.VALID
        return WaiverState.ENDING if day <= self.until else WaiverState.EXPIRED

    def holds_on(self, day: date) -> bool:
        """Return True until the end of the last day."""
        return self.state_on(day) is not WaiverState.EXPIRED


WAIVER_PATTERNS = ("hypervisor", "domain", "mac", "server")
"""The fields of a waiver that are globs."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for judging and accepting; part of the inventory, so that a report agrees with its scan.

    `max_age` is how old a fact may have been at the scan to count, in seconds; None: any age.
    """

    lower_device: LowerDevice = LowerDevice.ANY
    max_age: Annotated[float, msgspec.Meta(gt=0)] | None = None
    waivers: tuple[Waiver, ...] = ()


class ScanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was observed in one scan, with every gap.

    `scope` identifies the configuration that was scanned; two inventories of one scope are of the same fleet. `unread`,
    `lost` and `places` are the memory of earlier scans: they are not observations of this one.
    """

    taken_at: Moment
    scope: str | None = None
    hypervisors: tuple[Hypervisor, ...] = ()
    servers: tuple[Server, ...] = ()
    netboots: tuple[Netboot, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unread: tuple[UnreadHost, ...] = ()
    lost: tuple[LostDomain, ...] = ()
    places: tuple[RememberedPlace, ...] = ()


class Inventory(ScanFacts, frozen=True):
    """The facts of a scan, or of several merged, and the policy to judge them by.

    `redaction` identifies the map of its pseudonyms; None if its names are real. `merged` are the scans of a merged
    inventory: merging it with others merges all of these at once.
    """

    version: str
    policy: Policy = Policy()
    redaction: str | None = None
    merged: tuple[ScanFacts, ...] = ()

    @property
    def pending_macs(self) -> frozenset[Mac]:
        """Return the MACs that a provisioning system has set to boot from the network."""
        return frozenset(netboot.mac for netboot in self.netboots if netboot.pending)

    @property
    def has_domains(self) -> bool:
        """Return True if any hypervisor has a domain."""
        return any(hypervisor.domains for hypervisor in self.hypervisors)
