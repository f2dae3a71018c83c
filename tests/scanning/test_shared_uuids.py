"""Merged hypervisors that share a system uuid, as boards with a vendor's default do."""

from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, domain, hypervisor, inventory
from virtscan.model import HostStatus, Hypervisor
from virtscan.scanning.merging import merge

UUID = "4c4c4544-0000-1000-8000-000000000001"
FLEETS = 100


def test_hosts_of_several_files_are_merged_if_a_chain_of_common_domains_connects_them() -> None:
    for seed in range(FLEETS):
        random = Random(seed)
        hosts = [read(random, number) for number in range(random.randint(2, 12))]

        hosts_found = merge([inventory(host) for host in hosts]).hypervisors

        assert {addresses(host) for host in hosts_found} == {
            frozenset(host.uri for host in machine) for machine in machines(hosts)
        }, seed


def test_hosts_of_one_file_are_never_merged() -> None:
    """Every node of a cluster may define the same domains."""
    for seed in range(FLEETS):
        random = Random(seed)
        hosts = [read(random, number) for number in range(random.randint(2, 12))]
        later = [replace(host, observed_at=TAKEN_AT + timedelta(days=1)) for host in hosts]
        nights = [inventory(*hosts), replace(inventory(*later), taken_at=TAKEN_AT + timedelta(days=1))]

        merged = merge(nights)

        assert sorted(merged.hypervisors, key=lambda host: host.uri) == sorted(
            (replace(host, own_name=host.name) for host in later), key=lambda host: host.uri
        ), seed
        assert merge([merged, *nights]) == merged, seed


def test_host_with_domains_of_two_others_joins_the_newer_of_them() -> None:
    """The order of a set of names differs from run to run, so there are many of them."""
    for number in range(20):
        newest, newer, oldest = (
            replace(
                hypervisor(name, *(domain(f"vm{number}{vm}") for vm in domains)),
                system_uuid=UUID,
                observed_at=TAKEN_AT + timedelta(days=day),
            )
            for name, domains, day in (("hv1", "a", 2), ("hv2", "b", 1), ("hv3", "ab", 0))
        )

        merged = merge([inventory(newest, newer), inventory(oldest)]).hypervisors

        assert {addresses(host) for host in merged} == {frozenset({newest.uri, oldest.uri}), frozenset({newer.uri})}


@pytest.mark.parametrize("names", ["a", "ab"])
def test_host_of_unknown_domains_joins_the_only_one_with_its_uuid(names: str) -> None:
    hosts = [replace(hypervisor(f"hv{name}", domain(name)), system_uuid=UUID) for name in names]
    unread = replace(hypervisor("unread", status=HostStatus.FAILED), system_uuid=UUID)

    merged = merge([*map(inventory, hosts), inventory(unread)]).hypervisors

    assert len(merged) == (1 if len(hosts) == 1 else 3)


def read(random: Random, number: int) -> Hypervisor:
    """A hypervisor that was read at a time of its own, with up to three of some domains."""
    names = random.sample([f"vm{place}" for place in range(12)], random.randint(0, 3))
    at = TAKEN_AT + timedelta(minutes=number)
    return replace(hypervisor(f"hv{number}", *map(domain, names), observed_at=at), system_uuid=UUID)


def machines(hosts: list[Hypervisor]) -> list[list[Hypervisor]]:
    """Put hosts together by comparing each with each."""
    groups: list[list[Hypervisor]] = []
    for host in hosts:
        same = [group for group in groups if any(have_one_in_common(host, other) for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([host, *(other for group in same for other in group)])
    return groups


def have_one_in_common(host: Hypervisor, other: Hypervisor) -> bool:
    """Return True if a domain is on both."""
    return bool({vm.name for vm in host.domains} & {vm.name for vm in other.domains})


def addresses(host: Hypervisor) -> frozenset[str]:
    """Return every address that the host was read under."""
    return frozenset(key.removeprefix("uri:") for key in host.keys if key.startswith("uri:"))
