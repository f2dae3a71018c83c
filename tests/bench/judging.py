"""The decision table over a large fleet: time for each interface, and memory for each domain."""

import tracemalloc
from collections.abc import Sequence
from functools import partial

import msgspec

from tests.analyzer.reading import read_domain
from tests.bench.host import BONDS, NETWORKS, NICS, domain
from tests.bench.measuring import Row, in_turns
from tests.build import bond, hypervisor, inventory, nic, server
from virtscan.analyzer import resolve
from virtscan.correlator.judging import judge
from virtscan.model import (
    Attachment,
    DeviceName,
    Domain,
    DomainState,
    Inventory,
    Network,
    Packed,
    Server,
    SourceMode,
)

SIZES = (25_000, 50_000, 100_000)
MANY = 1_000
"""Servers of the largest fleet."""

INTERFACES = 3
DOMAINS_A_HOST = 100
WEIGHED = 2000
"""Domains of which the memory is measured."""

_NETWORKS = {
    name: Network(name=name, attachments=(Attachment(DeviceName(BONDS[number % 3]), SourceMode.BRIDGE),))
    for number, name in enumerate(NETWORKS)
}
_DEVICES = (
    *(bond(name, *NICS[2 * number : 2 * number + 2]) for number, name in enumerate(BONDS)),
    *(nic(name) for name in NICS),
)


def rows() -> list[Row]:
    domains = _domains(SIZES[-1] // INTERFACES + 1)
    fleets = {f"{size}": _fleet(domains[: size // INTERFACES + 1]) for size in SIZES}
    took = in_turns({size: partial(_judge, fleet) for size, fleet in fleets.items()}, rounds=3)
    many = in_turns({"1,000 servers": partial(_judge, _fleet(domains, MANY))}, rounds=1)["1,000 servers"]
    each = {size: seconds / int(size) * 1e6 for size, seconds in took.items()}
    detail = ", ".join(f"{int(size) // 1000}k: {microseconds:.1f} µs" for size, microseconds in each.items())
    return [
        Row(
            benchmark="judging 100,000 interfaces against 10 servers: each",
            measured=each["100000"],
            limit=10,
            unit="µs",
            detail=detail,
        ),
        Row(
            benchmark="one of 100,000 interfaces: one of 25,000",
            measured=each["100000"] / each["25000"],
            limit=1.25,
            detail=detail,
        ),
        Row(
            benchmark="judging 100,000 interfaces against 1,000 servers: each",
            measured=many / SIZES[-1] * 1e6,
            limit=30,
            unit="µs",
            detail=f"{many:.1f} s",
        ),
        _weight(),
    ]


def _weight() -> Row:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        fleet = _fleet(_domains(WEIGHED))
        between, _ = tracemalloc.get_traced_memory()
        report = judge(fleet)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(report.findings) == 2 * WEIGHED
    return Row(
        benchmark=f"a domain of {INTERFACES} interfaces, judged",
        measured=(after - before) / WEIGHED,
        limit=2048,
        unit="bytes",
        detail=f"{(between - before) / WEIGHED:.0f} read, {(after - between) / WEIGHED:.0f} its findings",
    )


def fleet_of(domains: int) -> Inventory:
    """Return a fleet of this many domains."""
    return _fleet(_domains(domains))


def _judge(fleet: Inventory) -> None:
    judge(fleet)


def _domains(count: int) -> list[Domain]:
    """The domains as they are judged, without what planners count: `planning` weighs that."""
    read = (resolve(read_domain(domain(number), origin="qemu+ssh://hv/system"), _NETWORKS) for number in range(count))
    return [msgspec.structs.replace(domain, state=DomainState.ACTIVE, packed=Packed()) for domain in read]


def _fleet(domains: Sequence[Domain], servers: int = 10) -> Inventory:
    """A fleet of unknown kernels with half of the servers among the domains: no early rule decides."""
    hosts = [
        hypervisor(f"hv{start}", *domains[start : start + DOMAINS_A_HOST], devices=_DEVICES)
        for start in range(0, len(domains), DOMAINS_A_HOST)
    ]
    return inventory(*hosts, servers=(*_servers_elsewhere(servers // 2), *_servers_inside(domains, servers // 2)))


def _servers_elsewhere(count: int) -> list[Server]:
    return [server(f"elsewhere{number}") for number in range(count)]


def _servers_inside(domains: Sequence[Domain], count: int) -> list[Server]:
    macs = [domains[number * len(domains) // count].interfaces[0].mac for number in range(count)]
    return [server(f"inside{number}", macs=(mac,)) for number, mac in enumerate(macs)]
