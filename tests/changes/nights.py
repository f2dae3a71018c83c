"""Fleets as the next night may find them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from tests.correlator.fleets import inventories
from virtscan.model import Domain, HostStatus, Hypervisor, Inventory

NIGHT = timedelta(days=1)
Change: TypeAlias = Callable[[Inventory], Inventory]


def of_host(number: int, change: Callable[[Hypervisor], Hypervisor]) -> Change:
    """Change one host."""
    return lambda inventory: replace(
        inventory,
        hypervisors=tuple(
            change(host) if place == number else host for place, host in enumerate(inventory.hypervisors)
        ),
    )


def unread(host: Hypervisor) -> Hypervisor:
    """Return a host that did not answer."""
    return Hypervisor(name=host.name, uri=host.uri, status=HostStatus.FAILED, former_keys=host.former_keys)


def renamed(host: Hypervisor) -> Hypervisor:
    """Return a host with another name in the configuration, at the same address."""
    return replace(host, name=f"{host.name}-renamed")


def without_domain(place: int) -> Callable[[Hypervisor], Hypervisor]:
    """Remove a domain."""
    return lambda host: replace(
        host, domains=tuple(guest for number, guest in enumerate(host.domains) if number != place)
    )


def moved(source: int, place: int, target: int) -> Change:
    """Move a domain with a uuid to another host."""

    def change(inventory: Inventory) -> Inventory:
        domain = inventory.hypervisors[source].domains[place]
        left = of_host(source, without_domain(place))(inventory)
        return of_host(target, lambda host: replace(host, domains=(*host.domains, domain)))(left)

    return change


def with_other_name(place: int) -> Callable[[Hypervisor], Hypervisor]:
    """Rename a domain."""

    def rename(number: int, guest: Domain) -> Domain:
        return replace(guest, name=f"{guest.name}-renamed") if number == place else guest

    return lambda host: replace(host, domains=tuple(rename(*each) for each in enumerate(host.domains)))


@st.composite
def harmless(draw: DrawFn, inventory: Inventory) -> Change:
    """Rename or move a domain that has a uuid, or rename a host or leave it unread."""
    host = draw(st.integers(0, len(inventory.hypervisors) - 1))
    domains = [place for place, guest in enumerate(inventory.hypervisors[host].domains) if _is_unique(inventory, guest)]
    others = [number for number in range(len(inventory.hypervisors)) if number != host]
    choices: list[SearchStrategy[Change]] = [st.sampled_from([of_host(host, unread), of_host(host, renamed)])]
    if domains:
        choices.append(st.sampled_from(domains).map(lambda place: of_host(host, with_other_name(place))))
    if domains and others:
        choices.append(st.builds(moved, st.just(host), st.sampled_from(domains), st.sampled_from(others)))
    return draw(st.one_of(choices))


def _is_unique(inventory: Inventory, domain: Domain) -> bool:
    uuids = [guest.uuid for host in inventory.hypervisors for guest in host.domains]
    return domain.uuid is not None and uuids.count(domain.uuid) == 1


@st.composite
def pairs_of_nights(draw: DrawFn) -> tuple[Inventory, Inventory]:
    """Return a fleet, and another one that may have nothing in common with it but the names of its hosts."""
    old = draw(inventories())
    new = draw(st.one_of(inventories(), harmless(old).map(lambda change: change(old))))
    return old, replace(new, taken_at=old.taken_at + NIGHT)


def older(item: Any, by: timedelta) -> Any:  # a value of any type of the model
    """Return the same facts with other times, durations and version of virtscan."""
    if not isinstance(item, msgspec.Struct):
        return tuple(older(value, by) for value in item) if isinstance(item, tuple) else item
    changes: dict[str, Any] = {}
    for field in item.__struct_fields__:
        value = getattr(item, field)
        if field in {"taken_at", "observed_at", "since"}:
            changes[field] = None if value is None else value - by
        elif field in {"open_seconds", "read_seconds"}:
            changes[field] = 1.0 if value is None else value * 2
        elif field == "version":
            changes[field] = f"{value}.1"
        else:
            changes[field] = older(value, by)
    return replace(item, **changes)
