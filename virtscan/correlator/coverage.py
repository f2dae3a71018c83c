"""Which source devices a server can reach, as far as anybody said."""

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from virtscan.model import Server

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a server serves: of what is declared, every part must allow it; nothing declared is every segment.

    `subnets` is empty, too, when one of the declared ones can't be read: then it is not known where they end.
    """

    segments: frozenset[str]
    subnets: tuple[IpNetwork, ...]
    families: frozenset[int]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Where a source device is: its segment, None when nobody named it, and its addresses."""

    segment: str | None
    addresses: tuple[IpAddress, ...]


def coverage(server: Server) -> Coverage:
    """Read what a server declares."""
    try:
        subnets = tuple(ipaddress.ip_network(subnet, strict=False) for subnet in server.subnets)
    except ValueError:
        subnets = ()
    families = frozenset(subnet.version for subnet in subnets)
    return Coverage(segments=frozenset(server.segments), subnets=subnets, families=families)


def reach(segment: str | None, addresses: Iterable[str]) -> Reach:
    """Read where a source device is.

    Both are the device's own: a VLAN and the device under it are different networks. Link-local addresses say
    nothing about the network, every device has one.
    """
    known = []
    for text in addresses:
        try:
            address = ipaddress.ip_interface(text).ip
        except ValueError:
            continue
        if not (address.is_link_local or address.is_loopback or address.is_unspecified):
            known.append(address)
    return Reach(segment=segment, addresses=tuple(known))


def may_serve(server: Coverage, device: Reach) -> bool:
    """Whether the server may answer on the device's network: only known facts rule it out.

    A segment that nobody named may be any, and a device whose addresses are not known, or only those of another
    family than the server's subnets, may be in any subnet.
    """
    if server.segments and device.segment is not None and device.segment not in server.segments:
        return False
    if not server.subnets or server.families - {address.version for address in device.addresses}:
        return True
    return any(address in subnet for address in device.addresses for subnet in server.subnets)


def describe(server: Server) -> str:
    """Name a server with what it serves."""
    limits: Sequence[str] = (*server.segments, *server.subnets)
    return f"{server.name} ({', '.join(limits)})" if limits else server.name
