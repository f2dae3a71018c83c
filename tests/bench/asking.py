"""What a scan asks of many hosts, without reading the replies, by a thread for each host."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import libvirt

from tests.bench.host import BONDS, CARDS

THREADS = 128
LISTS = (
    libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED,
    libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT,
)
"""Facts of domains that are lists of their own."""

Question: TypeAlias = Callable[[], Sequence["Question"]]
"""Makes one call; gives the questions that its reply leads to."""


class _Host:
    """A connection, and the number of its domains once they are listed."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.domains = 0

    def open(self) -> Sequence[Question]:
        self._connection = libvirt.openReadOnly(self._uri)
        return [
            partial(_only, self._connection.getInfo),
            self._memory,
            *(partial(_only, partial(self._connection.listAllDomains, flag)) for flag in LISTS),
            self._networks,
            self._interfaces,
            self._cards,
            self._domains,
        ]

    def close(self) -> None:
        self._connection.close()

    def _memory(self) -> Sequence[Question]:
        with suppress(libvirt.libvirtError):  # the test driver has none
            self._connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
        return ()

    def _networks(self) -> Sequence[Question]:
        return _documents(self._connection.listAllNetworks())

    def _interfaces(self) -> Sequence[Question]:
        return _documents(one for one in self._connection.listAllInterfaces() if one.name() in BONDS)

    def _cards(self) -> Sequence[Question]:
        names = tuple(f"net_{card}_" for card in CARDS)
        listed = self._connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)
        return _documents(one for one in listed if one.name().startswith(names))

    def _domains(self) -> Sequence[Question]:
        listed = self._connection.listAllDomains()
        self.domains = len(listed)
        return _documents(listed)


def _documents(objects: Iterable[Any]) -> Sequence[Question]:  # Any: networks, interfaces, devices, domains
    return [partial(_only, one.XMLDesc) for one in objects]


def _only(call: Callable[[], object]) -> Sequence[Question]:
    call()
    return ()


def a_thread_each(uris: Sequence[str]) -> list[int]:
    """The number of domains of each host; one thread at a time asks all of a host's questions."""
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(_ask_all, uris))


def _ask_all(uri: str) -> int:
    host = _Host(uri)
    questions: deque[Question] = deque([host.open])
    while questions:
        questions.extend(questions.popleft()())
    host.close()
    return host.domains
