"""Merging of boot records; the server's name in a record refers to a server of the record's own site; pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import TypeAlias

import msgspec

from virtscan.correlator.servers.assignments import is_called, is_called_in_full
from virtscan.model import Netboot, ScanFacts

_Identity: TypeAlias = tuple[str, str, str, str | None]


def merge_records(scans: Sequence[ScanFacts], names: Mapping[tuple[int, str], str]) -> Iterator[Netboot]:
    """Yield the records of all scans; some get another name for their server, or lose it.

    Args:
        scans: The scans.
        names: The names of servers in the result, by scan and name there.
    """
    own = _own_servers(scans, names)
    servers = [(names[number, server.name], server) for number, scan in enumerate(scans) for server in scan.servers]
    of_name = cache(lambda name: {unique for unique, server in servers if is_called(server, name)})
    in_full = cache(lambda name: {unique for unique, server in servers if is_called_in_full(server, name)})
    for scan in scans:
        for record in scan.netboots:
            name = record.server
            if name is not None:
                name = _server(name, own[_identity(record)] or in_full(name), of_name(name))
            yield msgspec.structs.replace(record, server=name)


def _server(name: str, candidates: Collection[str], all_of_name: Collection[str]) -> str | None:
    """Return the name that a record's server has in the result: one of the record's own site, else by its full name.

    If only other sites have a server of that name, it is another one: it would exclude the servers of the record's
    site.
    """
    if not candidates:
        return None if all_of_name else name
    return next(iter(candidates)) if len(candidates) == 1 and len(all_of_name) > 1 else name


def _own_servers(scans: Sequence[ScanFacts], names: Mapping[tuple[int, str], str]) -> Mapping[_Identity, set[str]]:
    """Return the servers of the scans that have a record, if they have the name in it."""
    own: defaultdict[_Identity, set[str]] = defaultdict(set)
    for number, scan in enumerate(scans):
        of_name: dict[str | None, set[str]] = {
            name: {names[number, server.name] for server in scan.servers if is_called(server, name)}
            for name in {record.server for record in scan.netboots}
            if name is not None
        }
        for record in scan.netboots:
            own[_identity(record)] |= of_name.get(record.server, set())
    return own


def _identity(record: Netboot) -> _Identity:
    return record.mac, record.system, record.source, record.server
