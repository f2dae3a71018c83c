"""Memory of a saved inventory: observations of earlier scans that this one could not repeat."""

import msgspec

from virtscan.model.facts.hypervisors import Domain, Hypervisor, Moment
from virtscan.model.identity.mac import Mac


class UnreadHost(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor that was not read completely, with its last observation.

    `hypervisor` is its name in this inventory. `since` is the time of the first scan that did not read it. `last` is
    the hypervisor as it was last read completely, or in part if no scan read all of it; None if that is not known. Its
    domains include those that later scans read in part.
    """

    hypervisor: str
    since: Moment
    last: Hypervisor | None = None


class LostDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain as it was last read, which its hypervisor no longer has, but one that was not read may have."""

    hypervisor: str
    domain: Domain


class RememberedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Place of a server at the time when its hypervisor was last read completely, at `observed_at`.

    `hypervisor` is a name of this inventory, and one that was not read completely. `domain` and `uuid` are None for a
    server that is the hypervisor itself. `macs` are those of the server and of its domain.
    """

    server: str
    interface: str | None
    hypervisor: str
    observed_at: Moment
    domain: str | None = None
    uuid: str | None = None
    macs: tuple[Mac, ...] = ()
