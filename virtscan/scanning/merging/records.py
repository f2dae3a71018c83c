"""Merging of boot records; the server's name in a record refers to a server of the record's own site; pure."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import msgspec

from virtscan.correlator.servers.assignments import is_called, is_full_name
from virtscan.model import Netboot, ScanFacts, Server


def merge_records(scans: Sequence[ScanFacts]) -> Iterator[Netboot]:
    """Yield the records of all scans; some lose the name of their server.

    A short name or an address identifies a server at one site only. If only scans without the record have such a
    server, it is another server with the same name. Then the record would exclude the servers of its own site.
    """
    servers_of = [_under_own_names(scan.servers) for scan in scans]
    every = tuple(server for servers in servers_of for server in servers)
    is_known = cache(lambda name: _is_among(every, name))
    own = set()
    for scan, servers in zip(scans, servers_of, strict=True):
        names = {name for name in {record.server for record in scan.netboots} if _is_among(servers, name)}
        own |= {_identity(record) for record in scan.netboots if record.server in names}
    for scan in scans:
        for record in scan.netboots:
            is_namesake = (
                _identity(record) not in own and is_known(record.server) and not is_full_name(record.server or "")
            )
            yield msgspec.structs.replace(record, server=None) if is_namesake else record


def _under_own_names(servers: Iterable[Server]) -> tuple[Server, ...]:
    return tuple(msgspec.structs.replace(server, name=server.own_name) for server in servers)


def _identity(record: Netboot) -> tuple[object, ...]:
    return record.mac, record.system, record.source, record.server


def _is_among(servers: Iterable[Server], name: str | None) -> bool:
    return name is not None and any(is_called(server, name) for server in servers)
