"""Boot records of provisioning systems (Cobbler, Foreman)."""

from datetime import datetime

import msgspec

from virtscan.model.identity.mac import Mac


class Netboot(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a provisioning system for one MAC.

    `pending` is True if it will hand this MAC an installer at its next network boot. `server` is the name or address of
    the host that answers then (next server, TFTP proxy), as the system writes it; None if unknown. Other hosts may
    answer, too, unless the record `is_exclusive`: a system that does not manage DHCP does not choose the host.
    """

    mac: Mac
    system: str
    pending: bool
    source: str
    server: str | None = None
    is_exclusive: bool = True
    observed_at: datetime | None = None


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """A layer-2 network as a provisioning system knows it.

    `network` is in CIDR form. `servers` are the names or addresses of the hosts that answer there; empty if the
    system names none, which proves nothing.
    """

    name: str
    network: str
    source: str
    vlan_id: int | None = None
    servers: tuple[str, ...] = ()
    observed_at: datetime | None = None
