"""Servers that may answer an interface: declarations on both sides exclude, everything else only includes.

The hypervisor's own addresses and VLAN numbers exclude no server: several subnets share a wire, and VLAN numbers repeat
at every site.
"""

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from virtscan.model import Server

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Networks that a server is declared to serve; without a declaration every segment.

    `subnets` is also empty if one of the declared ones is invalid: then their extent is not known.
    """

    segments: frozenset[str]
    subnets: tuple[IpNetwork, ...]


class Locality(msgspec.Struct, frozen=True, kw_only=True):
    """Position of a source device in the network: its declared segment (None if there is none), and its addresses."""

    segment: str | None
    addresses: tuple[IpAddress, ...]


def coverage(server: Server) -> Coverage:
    """Read the declarations of a server."""
    subnets = tuple(network(subnet) for subnet in server.subnets)
    known = tuple(subnet for subnet in subnets if subnet is not None)
    return Coverage(segments=frozenset(server.segments), subnets=known if len(known) == len(subnets) else ())


def locality(segment: str | None, addresses: Iterable[str]) -> Locality:
    """Read where a source device is.

    Segment and addresses are the device's own: a VLAN and the device under it are different networks. Link-local
    addresses prove nothing about the network, because every device has one.
    """
    known = []
    for text in addresses:
        try:
            address = ipaddress.ip_interface(text).ip
        except ValueError:
            continue
        if not (address.is_link_local or address.is_loopback or address.is_unspecified):
            known.append(address)
    return Locality(segment=segment, addresses=tuple(known))


def may_serve(server: Coverage, device: Locality) -> bool:
    """Return True unless segments, or a segment and subnets, are declared on both sides and have nothing in common.

    A segment that is written as a subnet (`bond2 = "10.1.0.0/16"`) is compared with the server's subnets of the same
    version of IP. Those of the other version may be on the same wire. An address of the hypervisor on the device
    includes a server regardless of the segments.
    """
    if device.segment is None or device.segment in server.segments or includes(server, device):
        return True
    declared = network(device.segment)
    if declared is None or not server.subnets:
        return not server.segments
    comparable = [subnet for subnet in server.subnets if subnet.version == declared.version]
    if not comparable and not server.segments:
        return True
    return any(declared.overlaps(subnet) for subnet in comparable)


def includes(server: Coverage, device: Locality) -> bool:
    """Return True if the hypervisor's own address on the device is in one of the server's subnets."""
    return any(address in subnet for address in device.addresses for subnet in server.subnets)


def network(text: str) -> IpNetwork | None:
    """Read a network in CIDR form, or an interface address; None for anything else."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def describe(server: Server) -> str:
    """Name a server with the networks that it serves."""
    limits: Sequence[str] = (*server.segments, *server.subnets)
    return f"{server.name} ({', '.join(limits)})" if limits else server.name
