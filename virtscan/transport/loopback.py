"""Hosts that are this machine by their name or address; pure."""

import ipaddress
import re
import socket

_SHORT = re.compile(r"[0-9.]+")
"""An IPv4 address that may have fewer than four parts, as in `127.1`; the resolver reads it as inet_aton(3) does."""

_NAME = re.compile(r"localhost[46]?(?:\..+)?|.+\.localhost|ip6-(?:localhost|loopback)", re.DOTALL)
"""Names of the loopback in the hosts files of distributions, and by RFC 6761."""


def is_loopback(host: str) -> bool:
    """Return True for a host that is certainly this machine, by its address or as `localhost`."""
    address = _address(host)
    return host.casefold() == "localhost" if address is None else address.is_loopback


def is_seen_here_only(host: str) -> bool:
    """Return True for loopback names and addresses, where often a tunnel listens, and for link-local addresses."""
    name = host.casefold().rstrip(".")
    address = _address(name)
    if address is None:
        return _NAME.fullmatch(name) is not None
    return address.is_loopback or address.is_unspecified or address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(socket.inet_aton(host) if _SHORT.fullmatch(host) else host)
    except (OSError, ValueError):
        return None
    return getattr(address, "ipv4_mapped", None) or address
