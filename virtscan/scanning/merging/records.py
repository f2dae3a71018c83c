"""Merging of boot records; the server's name in a record refers to a server of the record's own site; pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from virtscan.correlator.servers.assignments import is_called, is_full_name
from virtscan.model import Netboot, ScanFacts, Server


def merge_records(inventories: Sequence[ScanFacts]) -> Iterator[Netboot]:
    """Yield the records of all inventories; some lose the name of their server.

    A short name or an address identifies a server at one site only. If only inventories without the record have such a
    server, it is another server with the same name. Then the record would exclude the servers of its own site.
    """
    servers_of = [_under_own_names(inventory.servers) for inventory in inventories]
    own = {
        _identity(record)
        for inventory, servers in zip(inventories, servers_of, strict=True)
        for record in inventory.netboots
        if _is_among(servers, record)
    }
    every = tuple(server for servers in servers_of for server in servers)
    for inventory in inventories:
        for record in inventory.netboots:
            is_namesake = (
                _identity(record) not in own and _is_among(every, record) and not is_full_name(record.server or "")
            )
            yield msgspec.structs.replace(record, server=None) if is_namesake else record


def _under_own_names(servers: Iterable[Server]) -> tuple[Server, ...]:
    return tuple(msgspec.structs.replace(server, name=server.own_name) for server in servers)


def _identity(record: Netboot) -> tuple[object, ...]:
    return record.mac, record.system, record.source, record.server


def _is_among(servers: Iterable[Server], record: Netboot) -> bool:
    return record.server is not None and any(is_called(server, record.server) for server in servers)
