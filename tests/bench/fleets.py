"""Many hosts, some way off: a scan against threads that only fetch, beside hosts that hang, and beside a large one."""

import gc
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

import libvirt
import msgspec

from tests.bench import asking
from tests.bench.host import documents
from tests.bench.measuring import Row, own_peak_kibibytes
from tests.bench.reading_hosts import delayed
from tests.faults.liars import liars, silent
from tests.harness.libvirtd import Libvirtd, running_libvirtd
from tests.harness.sshd import running_sshd
from virtscan.cli.process.start import YOUNG_OBJECTS
from virtscan.connectors.libvirt.session import MOST_FAR
from virtscan.model import HostStatus, Plan, Target, TargetKind
from virtscan.scanning import collect

DOMAINS, ROUND_TRIP = 10, 0.020
HOSTS, MANY = 500, 2000
SICK = HOSTS // 20
"""Hosts that hang, and as many that refuse."""

HOST_SECONDS = 10
"""The limit of a host where some hang; elsewhere it is the default."""

SMALL, LARGE_DOMAINS = 200, 5000
OVER_SSH = 50

MEMORY_MIB = 120


class _Scan(msgspec.Struct, frozen=True):
    """A scan, or a fetch: its seconds, those of its process on a CPU, its complete hosts, and its memory in MiB."""

    seconds: float
    cpu: float
    complete: int
    memory: float


def rows() -> list[Row]:
    with running_libvirtd() as daemon, delayed(daemon.port, ROUND_TRIP) as port:
        small = daemon.tcp(daemon.definitions("small", *documents(DOMAINS)), port=port)
        hosts = [f"{small}?n={number}" for number in range(HOSTS)]
        fetched, healthy = _in_child("fetch", hosts), _in_child("scan", hosts)
        return [
            *_healthy(fetched, healthy),
            *_with_sick(hosts, healthy),
            *_many(small, healthy),
            *_large(daemon, small, port),
            *_over_ssh(daemon),
        ]


def _healthy(fetched: _Scan, healthy: _Scan) -> list[Row]:
    what = f"{HOSTS} hosts of {DOMAINS} domains at {ROUND_TRIP * 1000:.0f} ms"
    return [
        *_against_fetching(what, healthy, fetched, HOSTS),
        Row(benchmark=f"{what}: memory", measured=healthy.memory, limit=MEMORY_MIB, unit="MiB"),
    ]


def _with_sick(hosts: Sequence[str], healthy: _Scan) -> list[Row]:
    """Replace hosts by such as hang or refuse."""
    with liars({"silent": silent}) as ports, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nothing listens
        hung = [f"test+tcp://127.0.0.1:{ports['silent']}/n{number}" for number in range(HOSTS // 2)]
        refusing = [f"test+tcp://127.0.0.1:{closed.getsockname()[1]}/n{number}" for number in range(SICK)]
        some = [*hosts[: -2 * SICK], *hung[:SICK], *refusing]
        half = [*hung, *hosts[: HOSTS // 2]]
        return [
            *_beside_sick(f"5 % of {HOSTS} hosts hung, 5 % refusing", some, HOSTS - 2 * SICK, healthy),
            *_beside_sick(f"half of {HOSTS} hosts hung", half, HOSTS // 2, healthy),
        ]


def _beside_sick(what: str, hosts: Sequence[str], well: int, healthy: _Scan) -> list[Row]:
    """Scan a mixture; the limit is that of one host, and a fifth more than the healthy ones take."""
    found = _in_child("scan briefly", [*hosts[::2], *hosts[1::2]])
    limit = HOST_SECONDS + 1.2 * healthy.seconds * well / HOSTS
    return [
        _complete(what, found, well),
        Row(
            benchmark=f"{what}: deadline + 1.2 x healthy",
            measured=found.seconds / limit,
            limit=1,
            detail=f"{_shown(found)}; limit {limit:.1f} s",
        ),
    ]


def _many(small: str, healthy: _Scan) -> list[Row]:
    found = _in_child("scan", [f"{small}?n={number}" for number in range(MANY)])
    return [
        _complete(f"{MANY} hosts of {DOMAINS} domains", found, MANY),
        Row(
            benchmark=f"one of {MANY} hosts: one of {HOSTS}",
            measured=found.seconds / MANY * HOSTS / healthy.seconds,
            limit=1.2,
            detail=f"{_shown(found)}",
        ),
    ]


def _large(daemon: Libvirtd, small: str, port: int) -> list[Row]:
    large = daemon.tcp(daemon.definitions("large", *documents(LARGE_DOMAINS)), port=port)
    mixed = [large, *(f"{small}?n={number}" for number in range(SMALL))]
    asked_alone, asked_among = _in_child("ask the first", [large]), _in_child("ask the first", mixed)
    alone, among = _in_child("scan", [large]), _in_child("scan", mixed)
    what = f"a host of {LARGE_DOMAINS} domains among {SMALL} small ones"
    return [
        _complete(what, among, SMALL + 1),
        Row(
            benchmark=f"{what}, only asked by threads: alone",
            measured=asked_among.seconds / asked_alone.seconds,
            detail=f"{_shown(asked_among)}; {_shown(asked_alone)}",
        ),
        Row(
            benchmark=f"{what}: alone",
            measured=among.seconds / alone.seconds,
            limit=1.2,
            detail=f"{_shown(among)}; {_shown(alone)}",
        ),
    ]


def _over_ssh(daemon: Libvirtd) -> list[Row]:
    """Read hosts through one sshd, which admits all at once."""
    with tempfile.TemporaryDirectory() as folder, running_sshd(Path(folder), f"MaxStartups {OVER_SSH}") as sshd:
        uri = daemon.ssh(daemon.definitions("ssh", *documents(DOMAINS)), sshd, netcat=Path(folder) / "netcat")
        hosts = [f"{uri}&n={number}" for number in range(OVER_SSH)]
        fetched, found = _in_child("fetch", hosts), _in_child("scan", hosts)
    return _against_fetching(f"{OVER_SSH} hosts of {DOMAINS} domains over ssh", found, fetched, OVER_SSH)


def _against_fetching(what: str, found: _Scan, fetched: _Scan, count: int) -> list[Row]:
    assert fetched.complete == count
    return [
        _complete(what, found, count),
        Row(
            benchmark=f"{what}: threads that only ask the same",
            measured=found.seconds / fetched.seconds,
            limit=1.6,
            detail=f"{_shown(found)}; {_shown(fetched)} with {asking.THREADS} threads",
        ),
    ]


def _complete(what: str, found: _Scan, count: int) -> Row:
    return Row(benchmark=f"{what}: complete", measured=found.complete, limit=count, at_most=False, unit="")


def _shown(found: _Scan) -> str:
    return f"{found.seconds:.1f} s, {found.cpu:.1f} s CPU, {found.memory:.0f} MiB"


def _in_child(way: str, uris: Sequence[str]) -> _Scan:
    """Scan or fetch in a process of its own, whose memory and time on a CPU are then its own."""
    command = [sys.executable, "-m", __spec__.name, way]
    done = subprocess.run(command, input=msgspec.json.encode(uris), stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=_Scan)


def _scan(uris: Sequence[str], host_timeout: float = Plan().host_timeout) -> int:
    targets = tuple(Target(kind=TargetKind.LIBVIRT, address=uri) for uri in uris)
    inventory = collect(Plan(targets=targets, host_timeout=host_timeout, allow_unsafe_uri=True))  # ssh's `command`
    return sum(host.status is HostStatus.COMPLETE for host in inventory.hypervisors)


def _fetch(uris: Sequence[str]) -> int:
    """Open each host and send the requests of a scan; nothing is read in the replies."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    return sum(count == DOMAINS for count in asking.a_thread_each(uris))


def _ask_the_first(uris: Sequence[str]) -> int:
    """Do as `_fetch`, with as many threads for the first host as a scan has for a far one."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    return len(asking.beside_a_large_one(uris[0], uris[1:], threads=MOST_FAR))


_WAYS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "scan": _scan,
    "scan briefly": partial(_scan, host_timeout=HOST_SECONDS),
    "fetch": _fetch,
    "ask the first": _ask_the_first,
}


def _measured(way: str) -> _Scan:
    uris = msgspec.json.decode(sys.stdin.buffer.read(), type=list[str])
    began = perf_counter()
    complete = _WAYS[way](uris)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return _Scan(perf_counter() - began, used.ru_utime + used.ru_stime, complete, own_peak_kibibytes() / 1024)


if __name__ == "__main__":
    gc.set_threshold(YOUNG_OBJECTS)
    sys.stdout.buffer.write(msgspec.json.encode(_measured(sys.argv[1])))
    sys.stdout.flush()
    os._exit(0)  # threads may still wait for hosts that hang
