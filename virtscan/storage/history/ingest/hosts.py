"""Hosts of a history: which of them a host of the inventory is."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from virtscan.storage.history.content.pieces import HostPieces
from virtscan.storage.history.content.rows import sql_key, sql_text
from virtscan.storage.history.tables import HOST, HOST_KEY, new_id


def host_ids(connection: sa.Connection, scope_id: int, hosts: Sequence[HostPieces]) -> list[int]:
    """Return the id of each host, a new one for those that were never seen; their keys are kept."""
    rows = connection.execute(sa.select(HOST_KEY.c.key, HOST_KEY.c.host_id).where(HOST_KEY.c.scope_id == scope_id))
    known = {str(key): int(host_id) for key, host_id in rows}
    ids = []
    new_keys = []
    for host, found in zip(hosts, assigned([tuple(map(sql_key, host.keys)) for host in hosts], known), strict=True):
        row = {"scope_id": scope_id, "name": sql_text(host.name)}
        host_id = found if found is not None else new_id(connection, HOST, row)
        ids.append(host_id)
        for key in map(sql_key, host.keys):
            if key not in known:
                known[key] = host_id
                new_keys.append({"scope_id": scope_id, "key": key, "host_id": host_id})
    if new_keys:
        connection.execute(HOST_KEY.insert(), new_keys)
    return ids


def assigned(hosts: Sequence[Sequence[str]], known: Mapping[str, int]) -> list[int | None]:
    """Return each host, by its keys, one that is known by any of them, to each another one; None if there is none.

    Those that share most keys come first: clones may share a system's uuid, and then addresses distinguish them.
    """
    found: list[int | None] = [None] * len(hosts)
    pairs = []
    for place, keys in enumerate(hosts):
        ids = [known[key] for key in keys if key in known]
        pairs += [(-ids.count(host_id), ids.index(host_id), place, host_id) for host_id in set(ids)]
    taken: set[int] = set()
    for _, _, place, host_id in sorted(pairs):
        if found[place] is None and host_id not in taken:
            found[place] = host_id
            taken.add(host_id)
    return found
