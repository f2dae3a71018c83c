"""What a scan asks of many hosts, without reading the replies, by a thread for each host."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import libvirt

from tests.bench.host import BONDS, CARDS

THREADS = 128
LISTS = (
    libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED,
    libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT,
)
"""Facts of domains that are lists of their own."""


def a_thread_each(uris: Sequence[str]) -> list[int]:
    """The number of domains of each host; one thread asks all of a host's questions, one after the other."""
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(_ask_all, uris))


def _ask_all(uri: str) -> int:
    connection = libvirt.openReadOnly(uri)
    connection.getInfo()
    with suppress(libvirt.libvirtError):  # the test driver has none
        connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    for flag in LISTS:
        connection.listAllDomains(flag)
    cards = tuple(f"net_{card}_" for card in CARDS)
    devices = connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)
    domains = connection.listAllDomains()
    for described in (
        *connection.listAllNetworks(),
        *(one for one in connection.listAllInterfaces() if one.name() in BONDS),
        *(one for one in devices if one.name().startswith(cards)),
        *domains,
    ):
        described.XMLDesc()
    connection.close()
    return len(domains)
