"""Hypervisors by the kind of items that were not read: any such item may be the server, or run it."""

from collections.abc import Iterator

import msgspec

from virtscan.correlator.staleness.age import Clock
from virtscan.model import Gap, GapAbout, HostStatus, Inventory
from virtscan.model.gaps.causes import DeviceNotListed
from virtscan.model.gaps.items import FactName, HostFact, OtherItem, WholeHost

_WITHOUT_DEVICES = frozenset(
    {FactName.KERNEL, FactName.CPUS, FactName.MEMORY, FactName.NAME_CPUS_MEMORY, FactName.DISK_SIZES}
)
"""Facts of a hypervisor that hide no device of it."""


class UnreadFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Names of hypervisors by the kind of items that were not read, including hypervisors of which nothing was read."""

    outdated: frozenset[str]
    """Hypervisors whose facts are too old to count."""
    hosts: frozenset[str]
    """Hypervisors that were not read completely; the outdated ones are among them."""
    domains: frozenset[str]
    """Hypervisors with an unread domain, or with a domain of which a MAC is missing."""
    devices: frozenset[str]
    """Hypervisors with an unread device, which may have any MAC."""
    lacking: frozenset[str]
    """Hypervisors that are known to lack domains: `hosts` and `domains`."""
    incomplete: frozenset[str]
    """Hypervisors that may lack domains: `lacking`, and those whose list of domains may be incomplete."""


def unread_of(inventory: Inventory) -> UnreadFacts:
    """Sort the hypervisors of an inventory, and those that its gaps name, by what is missing."""
    clock = Clock(inventory.taken_at, inventory.policy.max_age)
    outdated = frozenset(host.name for host in inventory.hypervisors if clock.is_too_old(host.observed_at))
    hosts = outdated.union(_not_complete(inventory))
    domains = frozenset(_with_unread_domains(inventory))
    lacking = hosts | domains
    return UnreadFacts(
        outdated=outdated,
        hosts=hosts,
        domains=domains,
        devices=frozenset(_with_unread_devices(inventory)),
        lacking=lacking,
        incomplete=lacking.union(host.name for host in inventory.hypervisors if not host.lists_all_domains),
    )


def _not_complete(inventory: Inventory) -> Iterator[str]:
    yield from (_named(gap) for gap in inventory.gaps if gap.about is GapAbout.HYPERVISOR)
    yield from (host.name for host in inventory.hypervisors if host.status is not HostStatus.COMPLETE)


def _named(gap: Gap) -> str:
    """Name the hypervisor of a gap; one without a name is still one that was not read."""
    match gap:
        case Gap(hypervisor=str(name)) | Gap(item=WholeHost(uri=name)) | Gap(item=OtherItem(text=name)):
            return name
        case _:
            return ""


def _with_unread_domains(inventory: Inventory) -> Iterator[str]:
    for gap in inventory.gaps:
        if gap.hypervisor is not None and gap.about in {GapAbout.HYPERVISOR, GapAbout.DOMAIN}:
            yield gap.hypervisor
    for host in inventory.hypervisors:
        if any(interface.mac is None for domain in host.domains for interface in domain.interfaces):
            yield host.name


def _with_unread_devices(inventory: Inventory) -> Iterator[str]:
    for gap in inventory.gaps:
        if gap.hypervisor is not None and gap.about is GapAbout.DEVICE and _hides_devices(gap):
            yield gap.hypervisor


def _hides_devices(gap: Gap) -> bool:
    if isinstance(gap.item, HostFact) and gap.item.fact in _WITHOUT_DEVICES:
        return False
    return not isinstance(gap.cause, DeviceNotListed)
