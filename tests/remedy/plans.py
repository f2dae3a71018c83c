"""Fleets with servers that need a change."""

from typing import Any

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from virtscan.correlator import correlate
from virtscan.model import Domain, Hypervisor, Inventory, Mac, Server
from virtscan.remedy import plan
from virtscan.remedy.plan import Change, Remedy

WEB01, WEB02 = "52:54:00:00:01:01", "52:54:00:00:01:02"


def host(*beside: Domain, **more: Any) -> Hypervisor:
    """An unfixed hypervisor with two VMs on one bond, and others beside them."""
    fields: dict[str, Any] = {"kernel": UNFIXED_KERNEL} | more
    return hypervisor(
        "hv1", domain("web01", macvtap(mac=WEB01)), domain("web02", macvtap(mac=WEB02)), *beside, **fields
    )


def remedy(*servers: Server, hosts: tuple[Hypervisor, ...] = (), **more: Any) -> Remedy:
    """The remedy for these servers, on one unfixed hypervisor unless others are given."""
    return plan(correlate(fleet(*servers, hosts=hosts, **more)))


def fleet(*servers: Server, hosts: tuple[Hypervisor, ...] = (), **more: Any) -> Inventory:
    """These servers with one unfixed hypervisor, unless others are given; there is who has a server's MAC."""
    guests = [domain(server.name, macvtap(mac=mac)) for server in servers for mac in server.macs]
    return inventory(*(hosts or (host(*guests),)), servers=servers, **more)


def change(**more: Any) -> Change:
    """The change of one server; `more` is about the server."""
    (made,) = remedy(server(**more)).changes
    return made


def mac(text: str) -> tuple[Mac, ...]:
    """The MACs of a server that has one."""
    return (Mac(text),)
