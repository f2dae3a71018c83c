"""A simulated year in the history: 500 hosts of 20 domains with 3 interfaces, 1 % changed a day, 2 hosts down a day."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.measuring import Row, in_turns
from tests.build import TAKEN_AT, domain, hypervisor, inventory, macvtap, server
from virtscan.changes import Kind, compare
from virtscan.changes.trend import Every, RiskBy, capacity_trend, risk_trend
from virtscan.correlator.judging import judge
from virtscan.model import Domain, DomainState, HostStatus, Hypervisor, Inventory, Report
from virtscan.storage.history import History, open_history
from virtscan.views.tables import trends

DAYS = 365
HOSTS, DOMAINS, INTERFACES = 500, 20, 3
CHANGES = HOSTS * DOMAINS // 100
DOWN = 2
COMPARED = range(10, DAYS, 30)
"""Days on which the whole fleet is compared with the day before: a removal that is none would be seen."""


class Fleet:
    """The real place of each domain; a scan lacks the hosts that are down."""

    def __init__(self) -> None:
        self.chance = random.Random(20261126)
        self.hosts: list[dict[int, Domain]] = [{} for _ in range(HOSTS)]
        self.made = 0
        self.down: list[int] = []
        for host in self.hosts:
            for _ in range(DOMAINS):
                self._add(host)
        self._seen = [_host(number, host.values()) for number, host in enumerate(self.hosts)]

    def pass_a_day(self) -> None:
        """Change domains: most in size or state, some come, go and move, also to and from hosts that are down."""
        self.down = self.chance.sample(range(HOSTS), DOWN)
        touched: set[int] = set()
        for _ in range(CHANGES):
            place = self.chance.randrange(HOSTS)
            host = self.hosts[place]
            touched.add(place)
            number = self.chance.choice(list(host)) if host else self._add(host)
            kind = self.chance.random()
            if kind < 0.8:
                host[number] = _changed(host[number], self.chance)
            elif kind < 0.87:
                self._add(host)
            elif kind < 0.93:
                del host[number]
            else:
                other = self.chance.randrange(HOSTS)
                touched.add(other)
                self.hosts[other][number] = _on(host.pop(number), other)
        for place in touched:
            self._seen[place] = _host(place, self.hosts[place].values())

    def uuids(self) -> set[str | None]:
        """The domains that there are, wherever they run."""
        return {domain.uuid for host in self.hosts for domain in host.values()}

    def scan(self, day: int) -> Inventory:
        """Return the inventory that a scan of this day saves."""
        moment = TAKEN_AT + timedelta(days=day)
        hosts = [
            msgspec.structs.replace(
                host,
                observed_at=moment + timedelta(seconds=number / 50, microseconds=self.chance.randrange(1000)),
                open_seconds=self.chance.random(),
                read_seconds=self.chance.random(),
            )
            for number, host in enumerate(self._seen)
        ]
        for number in self.down:
            hosts[number] = _host(number, (), status=HostStatus.FAILED, cpus=None, memory_mib=None, devices=())
        scan = inventory(*hosts, servers=(server(),), scope="fleet")
        return msgspec.structs.replace(scan, taken_at=moment, version="0.2.0")

    def _add(self, host: dict[int, Domain]) -> int:
        number = self.made
        self.made += 1
        place = next(place for place, other in enumerate(self.hosts) if other is host)
        host[number] = _on(_domain(number), place)
        return number


def _domain(number: int) -> Domain:
    interfaces = (
        macvtap(
            index=index,
            mac=f"52:54:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}:{index:02x}",
            source=None,
            network="provisioning",
            type="network",
            target=f"macvtap{3 * number + index}",
        )
        for index in range(INTERFACES)
    )
    uuid = f"{number:08x}-5c1e-4000-8000-{number * 7919 % (1 << 48):012x}"
    return domain(f"prod-app{number:05}", *interfaces, uuid=uuid, type="kvm", boot_devices=("network", "hd"))


def _on(guest: Domain, host: int) -> Domain:
    return msgspec.structs.replace(guest, origin=f"qemu+ssh://root@{_name(host)}/system")


def _changed(guest: Domain, chance: random.Random) -> Domain:
    if chance.random() < 0.5:
        return msgspec.structs.replace(guest, memory_mib=(guest.memory_mib or 0) + 1024)
    running = guest.state is DomainState.ACTIVE
    return msgspec.structs.replace(guest, state=DomainState.INACTIVE if running else DomainState.ACTIVE)


def _name(host: int) -> str:
    return f"site{host % 5}-kvm{host:03}.example.com"


def _host(number: int, domains: Any, **more: Any) -> Hypervisor:  # values of a dict
    ordered = sorted(domains, key=lambda guest: guest.name)
    return hypervisor(_name(number), *ordered, site=f"site{number % 5}", **more)


def rows() -> list[Row]:
    fleet = Fleet()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        with open_history(f"sqlite:///{path}", create=True) as history:
            seconds: list[float] = []
            false_removals = 0
            report: Report | None = None
            for day in range(DAYS):
                if day:
                    fleet.pass_a_day()
                scan = fleet.scan(day)
                if report is None or day in (DAYS - 2, DAYS - 1):
                    report = judge(scan)  # once would do: judging has a benchmark of its own
                began = time.process_time()
                number = history.save(scan, report)
                seconds.append(time.process_time() - began)
                if day in COMPARED:
                    false_removals += _false_removals(history, number, fleet.uuids())
            first, *nightly = seconds
            return [
                Row(
                    benchmark="365 scans of 10,000 domains, 1 % changed a day: size",
                    measured=path.stat().st_size / 1e6,
                    limit=90,
                    unit="MB",
                    detail=_sizes(path),
                ),
                Row(
                    benchmark="ingest of one of them, CPU",
                    measured=sorted(nightly)[len(nightly) // 2],
                    limit=0.3,
                    unit="s",
                    detail=f"first {first:.2f}, longest {max(nightly):.2f}",
                ),
                *_reading(history, path),
                Row(
                    benchmark=f"removals reported that are none, on {len(COMPARED)} days",
                    measured=false_removals,
                    limit=0,
                    unit="domains",
                ),
            ]


def _reading(history: History, path: Path) -> Iterator[Row]:
    took = in_turns(
        {
            "diff": lambda: _changes(path),
            "capacity": lambda: _capacity(history),
            "risks": lambda: _risks(history),
            "scan": lambda: _whole(history),
        },
        rounds=5,
    )
    yield Row(
        benchmark="diff of the last two scans (the view change)",
        measured=took["diff"] * 1000,
        limit=50,
        unit="ms",
        detail=f"a whole scan read back: {took['scan'] * 1000:.0f} ms",
    )
    for view in ("capacity", "risks"):
        yield Row(benchmark=f"trend of {view} over the year", measured=took[view] * 1000, limit=100, unit="ms")


def _changes(path: Path) -> None:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM change WHERE scan = (SELECT max(id) FROM scan)").fetchall()
    connection.close()
    assert len(rows) > CHANGES / 2


def _capacity(history: History) -> None:
    assert trends.capacity(capacity_trend(history.capacity_counts(), Every.WEEK)).main.rows


def _risks(history: History) -> None:
    assert trends.risks(risk_trend(history.finding_counts(), RiskBy.SITE, Every.WEEK)).main.rows


def _whole(history: History) -> None:
    assert len(history.load(DAYS).hypervisors) == HOSTS


def _false_removals(history: History, number: int, present: set[str | None]) -> int:
    """Count the domains that a comparison with the day before calls removed, though they still are somewhere."""
    changes = compare(history.recall(number - 1), history.recall(number), judge).domains
    reported = {change.domain.uuid for change in changes if change.kind is Kind.REMOVED}
    return len(reported & present)


def _sizes(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 4"
        ).fetchall()
    except sqlite3.OperationalError:  # built without it
        return ""
    finally:
        connection.close()
    return ", ".join(f"{name} {size / 1e6:.0f}" for name, size in rows)
