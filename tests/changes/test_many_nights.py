"""The news of many nights against a model: each risk is reported once, and its end once."""

from itertools import pairwise
from random import Random

import pytest
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.changes.nights import NIGHT
from virtscan.changes import FindingKind, compare, is_newly_at_risk, news, remembering
from virtscan.correlator.judging import judge
from virtscan.model import Domain, HostStatus, Hypervisor, Inventory, State

NAMES = ("hv1", "hv2", "hv3")
VMS = range(1, 6)
SERVERS = (server("satellite", State.ON),)
"""A server of unknown place, which puts every macvtap at risk."""


def guest(number: int, *, at_risk: bool) -> Domain:
    """A domain that stays on its host; every second one has no uuid."""
    interfaces = (macvtap(mac=f"52:54:00:10:00:{number:02x}"),) if at_risk else ()
    uuid = f"00000000-0000-1000-8000-{number:012}" if number % 2 else None
    return domain(f"vm{number}", *interfaces, uuid=uuid)


def changed(random: Random, world: dict[int, bool]) -> dict[int, bool]:
    """Let some VMs appear, disappear, and get or lose the interface that puts them at risk."""
    present = {number for number in VMS if (random.random() < 0.85) is (number in world)}
    return {number: world.get(number, False) is (random.random() < 0.8) for number in present}


def host(random: Random, name: str, status: HostStatus, world: dict[int, bool]) -> Hypervisor:
    """A hypervisor as a scan finds it: with all of its VMs, some or none."""
    domains = [guest(number, at_risk=world[number]) for number in world if NAMES[number % len(NAMES)] == name]
    match status:
        case HostStatus.COMPLETE:
            return hypervisor(name, *domains, kernel=UNFIXED_KERNEL)
        case HostStatus.PARTIAL:
            some = [each for each in domains if random.random() < 0.5]
            return hypervisor(name, *some, kernel=UNFIXED_KERNEL, status=status, lists_all_domains=False)
        case HostStatus.FAILED:
            return Hypervisor(name=name, uri=f"qemu+ssh://{name}/system", status=status)


def scans(random: Random) -> list[tuple[Inventory, dict[int, bool]]]:
    """Return the scans of some nights, each with what was there; all hypervisors are read in the first and the last."""
    world = {number: random.random() < 0.5 for number in VMS if random.random() < 0.8}
    found: list[tuple[Inventory, dict[int, bool]]] = []
    for night in range(8):
        world = changed(random, world) if night else world
        weights = [1, 0, 0] if night in {0, 7} else [6, 2, 2]
        hosts = [host(random, name, random.choices(list(HostStatus), weights)[0], world) for name in NAMES]
        scan = inventory(*hosts, servers=SERVERS)
        scan = replace(scan, taken_at=scan.taken_at + night * NIGHT)
        found.append((remembering(scan, found[-1][0]) if found else scan, world))
    return found


def seen(scan: Inventory) -> dict[str, bool]:
    """Return the VMs that a scan read, and whether each is at risk."""
    return {each.name: bool(each.interfaces) for host in scan.hypervisors for each in host.domains}


@pytest.mark.long
@pytest.mark.parametrize("seeds", [range(start, 120, 4) for start in range(4)])
def test_each_risk_is_reported_once_and_resolved_once(seeds: range) -> None:
    for seed in seeds:
        nights = scans(Random(seed))
        told = {name for name, at_risk in seen(nights[0][0]).items() if at_risk}
        unseen: set[str] = set()
        for (before, _), (tonight, world) in pairwise(nights):
            for change in news(compare(before, tonight, judge), before, tonight).findings:
                name = change.finding.domain
                if is_newly_at_risk(change):
                    assert name not in told or name in unseen, (seed, name)
                    told.add(name)
                    unseen.discard(name)
                elif change.kind is FindingKind.NOT_SEEN:
                    assert name in told - unseen, (seed, name)
                    unseen.add(name)
                else:
                    assert change.kind is FindingKind.RESOLVED
                    assert name in told, (seed, name)
                    assert not world.get(int(name[2:]), False) or name not in seen(tonight), (seed, name)
                    told.discard(name)
                    unseen.discard(name)
            for name, at_risk in seen(tonight).items():
                assert (name in told - unseen) is at_risk, (seed, name)
        assert told == {f"vm{number}" for number, at_risk in nights[-1][1].items() if at_risk}, seed
        assert not unseen, seed


def moves(random: Random) -> list[Inventory]:
    """Return the scans of a VM with a uuid that moves, disappears, and is at risk or not; the last one is complete."""
    place, at_risk, found = None, False, list[Inventory]()
    for night in range(8):
        place = random.choice([*NAMES, None]) if random.random() < 0.5 else place
        at_risk = at_risk is (random.random() < 0.65)
        hosts = [
            hypervisor(name, *[guest(1, at_risk=at_risk)] * (name == place), kernel=UNFIXED_KERNEL)
            if night in {0, 7} or random.random() < 0.6
            else host(random, name, HostStatus.FAILED, {})
            for name in NAMES
        ]
        scan = inventory(*hosts, servers=SERVERS)
        scan = replace(scan, taken_at=scan.taken_at + night * NIGHT)
        found.append(remembering(scan, found[-1]) if found else scan)
    return found


@pytest.mark.long
@pytest.mark.parametrize("seeds", [range(start, 400, 4) for start in range(4)])
def test_a_risk_that_is_seen_was_reported_last_and_each_end_is_reported_wherever_a_vm_moves(seeds: range) -> None:
    """It may be reported again, because a copy of the VM may be on a hypervisor that was not read."""
    for seed in seeds:
        nights = moves(Random(seed))
        told = set(seen(nights[0]).values()) == {True}
        for before, tonight in pairwise(nights):
            for change in news(compare(before, tonight, judge), before, tonight).findings:
                told = is_newly_at_risk(change)
            assert told or True not in seen(tonight).values(), seed
        assert told is (True in seen(nights[-1]).values()), seed
