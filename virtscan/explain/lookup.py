"""Search for interfaces by a domain's name or uuid, or by a MAC."""

import difflib
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from virtscan.model import Domain, Interface, Inventory, parse_mac
from virtscan.model.identity.short_names import in_full

_LONGEST = 200
_NEAR = 3


class InterfacePosition(NamedTuple):
    """Position of an interface in an inventory, by indexes, which stay valid under pseudonyms."""

    hypervisor: int
    domain: int
    interface: int


def find(inventory: Inventory, query: str) -> tuple[InterfacePosition, ...]:
    """Find the interfaces with this MAC, or of all domains of this name or uuid; else of those that match it as a glob.

    Exact names come first, so that a domain with the name `web[1]` can be requested. Names without their domain follow
    if only one matches. A domain that was migrated, or read twice, is in several places: all are returned. A domain
    without interfaces adds none.
    """
    mac = parse_mac(query)
    folded = query.casefold()
    full_names = in_full(query, (domain.name for host in inventory.hypervisors for domain in host.domains))
    criteria: tuple[Callable[[Domain, Interface], bool], ...] = (
        lambda domain, _: domain.name == query,
        lambda domain, _: domain.uuid is not None and domain.uuid.casefold() == folded,
        lambda _, interface: mac is not None and interface.mac == mac,
        lambda domain, _: len(full_names) == 1 and domain.name == full_names[0],
        lambda domain, _: fnmatchcase(domain.name, query),
    )
    matches = (tuple(_positions(inventory, criterion)) for criterion in criteria)
    return next(filter(None, matches), ())


def has_no_interface(inventory: Inventory, query: str) -> bool:
    """Return True if a domain has that name or uuid; one that `find` does not find has no interface."""
    domains = (domain for host in inventory.hypervisors for domain in host.domains)
    return any(query in {domain.name, domain.uuid} for domain in domains)


def near(inventory: Inventory, query: str) -> tuple[str, ...]:
    """Return up to three similar names or MACs, the nearest first."""
    query = query[:_LONGEST]
    domains = [domain for host in inventory.hypervisors for domain in host.domains]
    mac = parse_mac(query)
    if mac is not None:
        macs = {interface.mac for domain in domains for interface in domain.interfaces if interface.mac}
        return tuple(difflib.get_close_matches(mac, sorted(macs), n=_NEAR, cutoff=0.7))
    names: dict[str, str] = {}
    for domain in sorted(domains, key=lambda domain: domain.name):
        names.setdefault(domain.name.casefold()[:_LONGEST], domain.name)
    folded = query.casefold()
    close = difflib.get_close_matches(folded, names, n=_NEAR)
    within = [name for name in names if folded in name or (name and name in folded)]
    return tuple(names[name] for name in dict.fromkeys((*close, *within)))[:_NEAR]


def _positions(inventory: Inventory, criterion: Callable[[Domain, Interface], bool]) -> Iterator[InterfacePosition]:
    for h, hypervisor in enumerate(inventory.hypervisors):
        for d, domain in enumerate(hypervisor.domains):
            for i, interface in enumerate(domain.interfaces):
                if criterion(domain, interface):
                    yield InterfacePosition(h, d, i)
