"""One device as `ip` shows it, whatever the form of the output, and what all of them together say."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from virtscan.hostnet.natures import CARD, NATURES, NOBODY_KNOWS, ON_TOP, Nature
from virtscan.model import Device, DeviceName, Mac

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_NO_MAC = "00:00:00:00:00:00"
_WIDE = frozenset({"global", "site"})


class Link(msgspec.Struct, kw_only=True):
    """A device's entry while it is read.

    `link` is what stands behind the `@`, `port_of` the kind of its master. `has_parent` says that it hangs on a bus
    or has an address burnt in, which only a driver of hardware gives.
    """

    name: str
    kind: str | None = None
    link: str | None = None
    master: str | None = None
    port_of: str | None = None
    mac: Mac | None = None
    vlan_id: int | None = None
    has_parent: bool = False
    addresses: dict[str, None] = {}

    def add_address(self, text: str, scope: str | None) -> None:
        """Keep an address, unless it reaches no other segment (loopback, link) or is none."""
        try:
            address = str(ipaddress.ip_interface(text))
        except ValueError:
            return
        if scope in _WIDE:
            self.addresses[address] = None


def devices(links: Sequence[Link], source: str) -> tuple[Device, ...]:
    """Give the devices in their order, ports and members with their masters.

    A master that is not shown itself gets no entry: who shows one device may have left out its other members.
    """
    ports: dict[str, list[DeviceName]] = defaultdict(list)
    roles: dict[str, str] = {}
    for link in links:
        if link.master is not None:
            ports[link.master].append(DeviceName(link.name))
            if link.port_of is not None:
                roles[link.master] = link.port_of
    return tuple(_device(link, ports[link.name], roles.get(link.name), source) for link in links)


def _device(link: Link, ports: Iterable[DeviceName], role: str | None, source: str) -> Device:
    nature = _nature(link, role)
    below = (DeviceName(link.link),) if link.link is not None and link.kind in ON_TOP else ()
    return Device(
        name=DeviceName(link.name),
        kind=nature.kind,
        lower=tuple(dict.fromkeys((*below, *ports))),
        backing=nature.backing,
        mac=link.mac,
        vlan_id=link.vlan_id,
        addresses=tuple(link.addresses),
        sources=(source,),
    )


def _nature(link: Link, role: str | None) -> Nature:
    """What kind it is; what has no kind and hangs on a bus is a card. Kernels before 3.0 don't name bridges."""
    kind = link.kind or role
    if kind is not None:
        return NATURES.get(kind, NOBODY_KNOWS)
    return CARD if link.has_parent else NOBODY_KNOWS


def mac(text: str) -> Mac | None:
    """Give a MAC in lower case; None for what is none and for the one that is nobody's."""
    lower = text.strip().lower()
    return Mac(lower) if _MAC.fullmatch(lower) and lower != _NO_MAC else None
