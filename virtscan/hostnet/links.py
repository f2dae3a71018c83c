"""Devices as `ip` shows them, independent of the output format."""

import ipaddress
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from virtscan.hostnet.link_kinds import LINK_KINDS, NIC, TUNNEL, UNKNOWN_KIND, LinkKind
from virtscan.model import Device, DeviceKind, DeviceName, Mac, SourceMode, parse_mac

_NO_MAC = "00:00:00:00:00:00"
_OWN = frozenset({"host", "nowhere"})
"""Scopes of addresses from which no other machine gets an answer. An address may be given any other scope."""
_MODES = {mode.value: mode for mode in SourceMode} | {"passthru": SourceMode.PASSTHROUGH, "source": SourceMode.UNKNOWN}


class LinkEntry(msgspec.Struct, kw_only=True):
    """A device's entry while it is read.

    `link` is the name after the `@`, `port_of` the kind of the master, `mode` that of a macvlan. `has_parent` is True
    if the device is on a bus, or has a permanent MAC, which only hardware drivers report. `is_tunnel` is True if it
    carries no link layer, so that it can't have members or ports.
    """

    name: str
    kind: str | None = None
    link: str | None = None
    master: str | None = None
    port_of: str | None = None
    mac: Mac | None = None
    permanent_mac: Mac | None = None
    mode: str | None = None
    vlan_id: int | None = None
    has_parent: bool = False
    is_tunnel: bool = False
    addresses: dict[str, None] = {}

    def add_address(self, text: str, scope: str | None) -> None:
        """Keep an address unless it is malformed, reachable only from the machine itself, or link-local (fe80::1)."""
        try:
            address = ipaddress.ip_interface(text)
        except ValueError:
            return
        if scope not in _OWN and not (scope == "link" and address.is_link_local):
            self.addresses[str(address)] = None


def devices(links: Sequence[LinkEntry], source: str, *, complete: bool) -> tuple[Device, ...]:
    """Return the devices in their order; masters list their members and ports.

    A master without its own entry is left out, because the list may lack other members of it. `complete` is True if the
    list has all devices, so that each master has all its ports.
    """
    ports: dict[str, list[DeviceName]] = defaultdict(list)
    roles: dict[str, str] = {}
    for link in links:
        if link.master is not None:
            ports[link.master].append(DeviceName(link.name))
            if link.port_of is not None:
                roles[link.master] = link.port_of
    return tuple(_device(link, ports[link.name], roles.get(link.name), source, complete) for link in links)


def _device(link: LinkEntry, ports: Sequence[DeviceName], role: str | None, source: str, complete: bool) -> Device:
    kind = _link_kind(link, role)
    parent = (DeviceName(link.link),) if link.link not in {None, link.name} and kind.has_parent else ()
    return Device(
        name=DeviceName(link.name),
        kind=kind.kind,
        lower=tuple(dict.fromkeys((*parent, *ports))),
        lower_complete=_has_all(kind, bool(parent), bool(ports), complete),
        backing=kind.backing,
        mode=_MODES.get(link.mode or "") if kind.kind is DeviceKind.MACVLAN else None,
        mac=link.mac,
        permanent_mac=link.permanent_mac,
        vlan_id=link.vlan_id,
        addresses=tuple(link.addresses),
        sources=(source,),
    )


def _has_all(kind: LinkKind, has_parent: bool, has_ports: bool, complete: bool) -> bool:
    """Return True if every lower device is known.

    A kernel that shows a kind for bridges and bonds also shows the master of each port. A VLAN or macvlan has one
    parent.
    """
    if kind.has_parent:
        return has_parent and (complete or not has_ports)
    if kind.kind in {DeviceKind.BOND, DeviceKind.BRIDGE} or (kind == UNKNOWN_KIND and has_ports):
        return complete
    return not kind.has_lower and (complete or not has_ports)


def _link_kind(link: LinkEntry, role: str | None) -> LinkKind:
    """Return the kind; a device without one is a NIC if it is on a bus. Before Linux 3.0, bridges show no kind."""
    kind = link.kind or role
    if kind is not None:
        return LINK_KINDS.get(kind, TUNNEL if link.is_tunnel else UNKNOWN_KIND)
    if link.is_tunnel:
        return TUNNEL
    return NIC if link.has_parent else UNKNOWN_KIND


def mac(text: str) -> Mac | None:
    """Return a MAC in lower case; None for any other text and for all zeros."""
    read = parse_mac(text)
    return None if read == _NO_MAC else read
