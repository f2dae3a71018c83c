"""One hypervisor, near and far: a scan against what only fetches, what fetches one by one, and virsh."""

import math
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

import libvirt
from lxml import etree

from tests.bench.host import define, documents, domain_name
from tests.bench.measuring import Row, in_turns
from tests.harness.libvirtd import Libvirtd, running_libvirtd
from tests.harness.rpc_proxy import proxy_to
from virtscan.connectors.libvirt.session import MOST_FAR
from virtscan.model import HostStatus, Plan, Target, TargetKind
from virtscan.scanning import collect

NEAR, FAR = 1000, 100
ROUND_TRIP = 0.040


def rows() -> list[Row]:
    with running_libvirtd() as daemon:
        return [*_near(daemon), *_far(daemon)]


def _near(daemon: Libvirtd) -> list[Row]:
    uri = daemon.unix(Path("/default"))
    threads = (2, 4, 8, 16)
    host = libvirt.open(uri)  # kept open: as in a daemon's daily life, its objects exist before the first request
    try:
        define(host, NEAR)
        took = in_turns(
            {
                "scan": partial(_scan, uri, NEAR),
                "loop": partial(_loop, uri),
                "virsh": partial(_virsh, uri),
                **{f"fetch {count}": partial(_fetch, uri, count, _ignore) for count in threads},
                **{f"parse {count}": partial(_fetch, uri, count, etree.fromstring) for count in threads},
            },
            rounds=15,
        )
    finally:
        host.close()
    best = min(threads, key=lambda count: took[f"fetch {count}"])
    fetch = took[f"fetch {best}"]
    parse = min(took[f"parse {count}"] for count in threads)
    virsh = took["virsh"] * NEAR
    what = f"{NEAR} domains, unix socket"
    scan = f"{took['scan']:.3f} s"
    return [
        Row(
            benchmark=f"{what}, fetched and parsed, nothing read: only fetching",
            measured=parse / fetch,
            detail=f"{parse:.3f} s; {fetch:.3f} s",
        ),
        Row(
            benchmark=f"{what}: only fetching",
            measured=took["scan"] / fetch,
            limit=1.7,
            detail=f"{scan}; {fetch:.3f} s with {best} threads",
        ),
        Row(
            benchmark=f"{what}: times as fast as a serial fetch + lxml loop",
            measured=took["loop"] / took["scan"],
            limit=2.5,
            at_most=False,
            detail=f"{scan}; {took['loop']:.3f} s",
        ),
        Row(
            benchmark=f"{what}: times as fast as `virsh dumpxml` a domain",
            measured=virsh / took["scan"],
            limit=50,
            at_most=False,
            detail=f"{scan}; {virsh:.1f} s, {NEAR} times one",
        ),
    ]


def _far(daemon: Libvirtd) -> list[Row]:
    host = daemon.definitions("far", *documents(FAR))
    others = _other_calls(daemon, host)
    with delayed(daemon.port) as port:
        uri = daemon.tcp(host, port=port)
        took = in_turns({"scan": partial(_scan, uri, FAR), "loop": partial(_loop, uri)}, rounds=3)
    ideal = (1 + math.ceil((FAR + others) / MOST_FAR)) * ROUND_TRIP
    what = f"{FAR} domains, {ROUND_TRIP * 1000:.0f} ms round trip"
    return [
        Row(
            benchmark=f"{what}: (1 + ceil(({FAR}+{others})/{MOST_FAR})) round trips",
            measured=took["scan"] / ideal,
            limit=1.1,
            detail=f"{took['scan']:.3f} s; {ideal:.3f} s",
        ),
        Row(
            benchmark=f"{what}: times as fast as a serial fetch + lxml loop",
            measured=took["loop"] / took["scan"],
            limit=8,
            at_most=False,
            detail=f"{took['scan']:.3f} s; {took['loop']:.3f} s",
        ),
    ]


def _other_calls(daemon: Libvirtd, host: Path) -> int:
    """Count the calls of a scan beside those for domains' documents, and beside opening and closing."""
    with proxy_to(daemon.socket) as proxy:
        uri = daemon.unix(host, socket=proxy.socket)
        with _opened(uri):
            pass
        bare = proxy.calls.total()
        _scan(uri, FAR)
        return proxy.calls.total() - 2 * bare - FAR


def _scan(uri: str, domains: int) -> float:
    """Ours, once the connection is open, as for the others."""
    began = perf_counter()
    target = Target(kind=TargetKind.LIBVIRT, address=uri)
    inventory = collect(Plan(targets=(target,)))
    took = perf_counter() - began
    (host,) = inventory.hypervisors
    assert (len(host.domains), host.status, inventory.gaps) == (domains, HostStatus.COMPLETE, ())
    assert host.open_seconds is not None
    return took - host.open_seconds


@contextmanager
def _opened(uri: str) -> Iterator[libvirt.virConnect]:
    connection = libvirt.openReadOnly(uri)
    try:
        yield connection
    finally:
        connection.close()


def _fetch(uri: str, threads: int, use: Callable[[str], object]) -> float:
    """List and get every document, with one slice a thread."""
    with _opened(uri) as connection, ThreadPoolExecutor(threads) as executor:
        began = perf_counter()
        domains = connection.listAllDomains()
        list(executor.map(partial(_describe, use), [domains[number::threads] for number in range(threads)]))
        return perf_counter() - began


def _describe(use: Callable[[str], object], domains: list[libvirt.virDomain]) -> None:
    for listed in domains:
        use(listed.XMLDesc())


def _ignore(_document: str) -> None:
    """Do nothing with it."""


def _loop(uri: str) -> float:
    """The naive reader: one domain after the other, five fields of each interface."""
    fields = ("mac", "source", "model", "target", "boot")
    with _opened(uri) as connection:
        began = perf_counter()
        for domain in connection.listAllDomains():
            root = etree.fromstring(domain.XMLDesc().encode())
            for interface in root.findall("devices/interface"):
                [dict(element.attrib) for field in fields if (element := interface.find(field)) is not None]
        return perf_counter() - began


def _virsh(uri: str) -> None:
    subprocess.run(["virsh", "-r", "-c", uri, "dumpxml", domain_name(0)], stdout=subprocess.DEVNULL, check=True)


@contextmanager
def delayed(port: int, round_trip: float = ROUND_TRIP) -> Iterator[int]:
    """A port that leads to another one, half a round trip away: a process of its own, so as not to slow us."""
    script = Path(__file__).with_name("delay.py")
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        command = [sys.executable, str(script), str(server.fileno()), str(port), str(round_trip / 2)]
        with subprocess.Popen(command, pass_fds=[server.fileno()]) as process:
            try:
                yield int(server.getsockname()[1])
            finally:
                process.kill()
