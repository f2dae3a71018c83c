"""The requests of a scan to many hosts, without reading the replies: a thread for each host, many for a large one."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import libvirt

from tests.bench.host import BONDS, NICS

THREADS = 128
LISTS = (
    libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED,
    libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT,
)
"""Facts of domains that are lists of their own."""


def a_thread_each(uris: Sequence[str]) -> list[int]:
    """Return the number of domains of each host; one thread sends all requests to a host, one after the other."""
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(_ask_all, uris))


def beside_a_large_one(large: str, uris: Sequence[str], *, threads: int) -> list[int]:
    """Return the numbers of domains of the large host, whose documents so many threads request, and of each other."""
    with ThreadPoolExecutor(1) as beside, ThreadPoolExecutor(threads) as executor:
        found = beside.submit(_ask_all, large, executor.map)
        others = a_thread_each(uris)
        return [found.result(), *others]


def _ask_all(uri: str, spread: Callable[..., Iterable[str]] = map) -> int:
    connection = libvirt.openReadOnly(uri)
    connection.getInfo()
    with suppress(libvirt.libvirtError):  # the test driver has none
        connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    for flag in LISTS:
        connection.listAllDomains(flag)
    prefixes = tuple(f"net_{nic}_" for nic in NICS)
    devices = connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)
    domains = connection.listAllDomains()
    described = (
        *connection.listAllNetworks(),
        *(interface for interface in connection.listAllInterfaces() if interface.name() in BONDS),
        *(device for device in devices if device.name().startswith(prefixes)),
        *domains,
    )
    list(spread(_describe, described))
    connection.close()
    return len(domains)


def _describe(one: libvirt.virDomain | libvirt.virNetwork | libvirt.virInterface | libvirt.virNodeDevice) -> str:
    document: str = one.XMLDesc()
    return document
