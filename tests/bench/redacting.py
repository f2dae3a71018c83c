"""`--redact`: a report under pseudonyms against the same report without."""

import tempfile
from functools import partial
from pathlib import Path

import msgspec

from tests.bench.judging import fleet_of
from tests.bench.measuring import Row, in_turns
from virtscan.cli.main import run
from virtscan.model import Gap, GapAbout, Inventory
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import GuestDomain
from virtscan.redaction import Map, redact
from virtscan.storage import dumps

DOMAINS, MANY = 10_000, 40_000
GAPS = 1000


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [_as_a_whole(Path(folder)), _linear()]


def _as_a_whole(folder: Path) -> Row:
    file = folder / "fleet.json"
    file.write_bytes(dumps(_fleet(DOMAINS)))
    plain = ["report", str(file), "--format", "csv", "-q", "-o", str(folder / "shown")]
    ways = {"without": plain, "redacted": [*plain, "--redact", str(folder / "map.json")]}
    took = in_turns({name: partial(_run, command) for name, command in ways.items()}, rounds=1)
    return Row(
        benchmark=f"--redact, {DOMAINS:,} domains, {GAPS:,} gaps: the same report without",
        measured=took["redacted"] / took["without"],
        limit=2,
        detail=", ".join(f"{name}: {seconds:.2f} s" for name, seconds in took.items()),
    )


def _linear() -> Row:
    fleets = {str(size): _fleet(size) for size in (DOMAINS, MANY)}
    took = in_turns({size: partial(_redact, fleet) for size, fleet in fleets.items()}, rounds=1)
    return Row(
        benchmark=f"--redact, one of {MANY:,} domains: one of {DOMAINS:,}",
        measured=took[str(MANY)] / took[str(DOMAINS)] * DOMAINS / MANY,
        limit=1.5,
        detail=", ".join(f"{size}: {seconds:.2f} s" for size, seconds in took.items()),
    )


def _run(command: list[str]) -> None:
    run(command)


def _redact(fleet: Inventory) -> None:
    redact(fleet, Map(key="secret"))


def _fleet(domains: int) -> Inventory:
    fleet = fleet_of(domains)
    hosts = fleet.hypervisors
    gaps = tuple(
        Gap(
            item=GuestDomain(uri=hosts[number % len(hosts)].uri, domain=f"lost{number}"),
            cause=Failure(detail=f"no domain with matching name 'lost{number}'"),
            about=GapAbout.DOMAIN,
            hypervisor=hosts[number % len(hosts)].name,
        )
        for number in range(GAPS)
    )
    return msgspec.structs.replace(fleet, gaps=gaps)
