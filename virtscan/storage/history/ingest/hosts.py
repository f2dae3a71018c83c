"""Hosts of a history: which of them a host of the inventory is."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from virtscan.model import Hypervisor, match_keys
from virtscan.storage.history.content.rows import sql_key, sql_text
from virtscan.storage.history.tables import HOST, HOST_KEY, new_id


def host_ids(connection: sa.Connection, scope_id: int, hosts: Sequence[Hypervisor]) -> list[int]:
    """Return the id of each host, a new one for those that were never seen; their keys are kept.

    A key stays with the host that had it first.
    """
    rows = connection.execute(sa.select(HOST_KEY.c.key, HOST_KEY.c.host_id).where(HOST_KEY.c.scope_id == scope_id))
    owner = {str(key): int(host_id) for key, host_id in rows}
    known: defaultdict[int, list[str]] = defaultdict(list)
    for key, host_id in owner.items():
        known[host_id].append(key)
    present = [tuple(map(sql_key, host.keys)) for host in hosts]
    former = tuple(known)
    found = {place: former[before] for before, place in match_keys(list(known.values()), present).items()}
    ids = []
    new_keys = []
    for place, host in enumerate(hosts):
        row = {"scope_id": scope_id, "name": sql_text(host.name)}
        host_id = found[place] if place in found else new_id(connection, HOST, row)
        ids.append(host_id)
        for key in present[place]:
            if key not in owner:
                owner[key] = host_id
                new_keys.append({"scope_id": scope_id, "key": key, "host_id": host_id})
    if new_keys:
        connection.execute(HOST_KEY.insert(), new_keys)
    return ids
