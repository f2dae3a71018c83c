"""Recognition of hosts: the id that each host of an inventory has in a history, and its present state."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from virtscan.model import HostStatus, Hypervisor
from virtscan.model.identity.matching import match_keys
from virtscan.storage.history.content.rows import maybe_text, sql_key, sql_text
from virtscan.storage.history.reading import chunks
from virtscan.storage.history.tables import DOMAIN_VERSION, HOST, HOST_KEY, HOST_SCAN, new_id


def host_ids(connection: sa.Connection, scope_id: int, hosts: Sequence[Hypervisor]) -> list[int]:
    """Return the id of each host, a new one for those that were never seen; their keys are kept.

    A key stays with the host that had it first.
    """
    rows = connection.execute(sa.select(HOST_KEY.c.key, HOST_KEY.c.host_id).where(HOST_KEY.c.scope_id == scope_id))
    owner = {str(key): int(host_id) for key, host_id in rows}
    keys_of_host: defaultdict[int, list[str]] = defaultdict(list)
    for key, host_id in owner.items():
        keys_of_host[host_id].append(key)
    present = [tuple(map(sql_key, host.keys)) for host in hosts]
    former = tuple(keys_of_host)
    matched = {place: former[before] for before, place in match_keys(list(keys_of_host.values()), present).items()}
    ids = []
    new_keys = []
    for place, host in enumerate(hosts):
        row = {"scope_id": scope_id, "name": sql_text(host.name)}
        host_id = matched[place] if place in matched else new_id(connection, HOST, row)
        ids.append(host_id)
        for key in present[place]:
            if key not in owner:
                owner[key] = host_id
                new_keys.append({"scope_id": scope_id, "key": key, "host_id": host_id})
    if new_keys:
        connection.execute(HOST_KEY.insert(), new_keys)
    return ids


def note_hosts(connection: sa.Connection, scan_id: int, hosts: Mapping[int, Hypervisor]) -> None:
    """Update a host's present name and site, and its first and last complete scan."""
    of_scan = sa.and_(HOST_SCAN.c.host_id == HOST.c.id, HOST_SCAN.c.scan_id == scan_id)
    query = sa.select(HOST.c.id, HOST.c.name, HOST.c.site).join_from(HOST, HOST_SCAN, of_scan)
    before = {number: (name, site) for number, name, site in connection.execute(query)}
    after = {number: (sql_text(host.name), maybe_text(host.site)) for number, host in hosts.items()}
    if changed := [
        {"changed": number, "name": name, "site": site}
        for number, (name, site) in after.items()
        if before[number] != (name, site)
    ]:
        connection.execute(HOST.update().where(HOST.c.id == sa.bindparam("changed")), changed)
    read = sa.select(HOST_SCAN.c.host_id).where(
        HOST_SCAN.c.scan_id == scan_id, HOST_SCAN.c.status == HostStatus.COMPLETE.value
    )
    first = sa.func.coalesce(HOST.c.first_complete, scan_id)
    connection.execute(HOST.update().where(HOST.c.id.in_(read)).values(first_complete=first, last_complete=scan_id))


def note_removed(connection: sa.Connection, scan_id: int, scope_id: int) -> None:
    """Record the first scan without a host in its configuration, and clear it for a host that is configured again."""
    here = sa.select(HOST_SCAN.c.host_id).where(HOST_SCAN.c.scan_id == scan_id)
    of_scope, removed = HOST.c.scope_id == scope_id, HOST.c.removed_scan
    connection.execute(
        HOST.update().where(of_scope, removed.is_(None), HOST.c.id.not_in(here)).values(removed_scan=scan_id)
    )
    connection.execute(
        HOST.update().where(of_scope, removed.is_not(None), HOST.c.id.in_(here)).values(removed_scan=None)
    )


def hosts_with_lost_domains(connection: sa.Connection, ids: Sequence[int]) -> set[int]:
    """Return those of the hosts that had a domain which no host of their scope has now.

    A domain with a uuid may be on any of them, another one on its own host only.
    """
    lost, now = DOMAIN_VERSION.alias(), DOMAIN_VERSION.alias()
    its_host, other = HOST.alias(), HOST.alias()
    is_open = now.c.end_scan.is_(None)
    elsewhere = (
        sa.select(now.c.id)
        .join_from(now, other, other.c.id == now.c.host_id)
        .where(is_open, now.c.uuid == lost.c.uuid, other.c.scope_id == its_host.c.scope_id)
    )
    here = sa.select(now.c.id).where(is_open, now.c.host_id == lost.c.host_id, now.c.name == lost.c.name)
    query = (
        sa.select(lost.c.host_id)
        .join_from(lost, its_host, its_host.c.id == lost.c.host_id)
        .where(lost.c.end_scan.is_not(None), ~elsewhere.exists(), sa.or_(lost.c.uuid.is_not(None), ~here.exists()))
        .distinct()
    )
    return {
        host_id for portion in chunks(ids) for host_id in connection.scalars(query.where(lost.c.host_id.in_(portion)))
    }
