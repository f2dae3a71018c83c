"""The inventory file, which `scan --save` writes and `report FILE` reads; bytes in, bytes out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

import msgspec

from virtscan.errors import InventoryError
from virtscan.model import Domain, Hypervisor, Inventory, ScanFacts, UnreadHost
from virtscan.storage.hypervisor_v3 import SavedDomain, SavedHypervisor, SavedMergedHypervisor
from virtscan.storage.inventory_v3 import (
    SavedGap,
    SavedInventory,
    SavedLostDomain,
    SavedNetboot,
    SavedPolicy,
    SavedRememberedPlace,
    SavedScan,
    SavedServer,
    SavedSubnet,
    SavedUnreadHost,
)
from virtscan.storage.upgrades import SCHEMA, STEPS, upgraded

Saved: TypeAlias = SavedInventory
"""The file's structs of the present version."""

_NAME, _, _NUMBER = SCHEMA.partition("/")
VERSION = int(_NUMBER)
_ANY_SCHEMA = re.compile(r"(virtscan\.[a-z]+)/([1-9][0-9]{0,8})")
_WANTED = "use a file written by virtscan scan --save"

_PLACE = (msgspec.Raw(b"\0"),)
"""A placeholder for the items of a list, which JSON can't contain."""

_BULK = ("domains", "networks", "devices")
"""The fields of a hypervisor that a merged inventory and one of its scans share: they are saved once."""


_EDGE_OF_CALENDAR = re.compile(rb'"(?:0001-01-01|9999-12-31)')
"""The start of a time that may have no equivalent in UTC."""


class _InventoryHeader(msgspec.Struct, frozen=True):
    schema: str


def dumps(inventory: Inventory) -> bytes:
    """Write an inventory as one line of JSON; mappings keep their order, and so does a report from it."""
    return b"".join(parts(inventory))


def parts(inventory: Inventory) -> Iterator[bytes]:
    """Yield the bytes of `dumps` hypervisor by hypervisor: as a whole they may need more memory than the inventory."""
    encode = msgspec.json.Encoder().encode
    lists: dict[str, Iterator[msgspec.Struct]] = {}
    if inventory.hypervisors:
        lists["hypervisors"] = map(host_to_saved, inventory.hypervisors)
    if inventory.merged:
        lists["merged"] = _scans_to_saved(inventory)
    bare = to_saved(msgspec.structs.replace(inventory, hypervisors=(), merged=()))
    *before, end = encode(msgspec.structs.replace(bare, **dict.fromkeys(lists, _PLACE))).split(_PLACE[0])
    for start, items in zip(before, lists.values(), strict=True):
        for number, item in enumerate(items):
            yield (b"," if number else start) + encode(item)
    yield end + b"\n"


def to_saved(inventory: Inventory) -> SavedInventory:
    """Make the structs of the file from an inventory."""
    return SavedInventory(
        schema=SCHEMA,
        version=inventory.version,
        taken_at=inventory.taken_at,
        scope=inventory.scope,
        policy=msgspec.convert(inventory.policy, SavedPolicy, from_attributes=True),
        hypervisors=tuple(map(host_to_saved, inventory.hypervisors)),
        servers=msgspec.convert(inventory.servers, tuple[SavedServer, ...], from_attributes=True),
        netboots=msgspec.convert(inventory.netboots, tuple[SavedNetboot, ...], from_attributes=True),
        subnets=msgspec.convert(inventory.subnets, tuple[SavedSubnet, ...], from_attributes=True),
        gaps=msgspec.convert(inventory.gaps, tuple[SavedGap, ...], from_attributes=True),
        unread=msgspec.convert(inventory.unread, tuple[SavedUnreadHost, ...], from_attributes=True),
        lost=msgspec.convert(inventory.lost, tuple[SavedLostDomain, ...], from_attributes=True),
        places=msgspec.convert(inventory.places, tuple[SavedRememberedPlace, ...], from_attributes=True),
        redaction=inventory.redaction,
        merged=tuple(_scans_to_saved(inventory)),
    )


def _scans_to_saved(inventory: Inventory) -> Iterator[SavedScan]:
    """Yield the scans of a merged inventory, without the bulk that a hypervisor of the inventory has as well."""
    hosts_by_uri: defaultdict[object, list[Hypervisor]] = defaultdict(list)
    for host in inventory.hypervisors:
        hosts_by_uri[host.uri].append(host)
    for scan in inventory.merged:
        bare = msgspec.structs.replace(scan, hypervisors=())
        hosts = (_merged_to_saved(host, hosts_by_uri[host.uri]) for host in scan.hypervisors)
        saved = msgspec.convert(bare, SavedScan, from_attributes=True)
        yield msgspec.structs.replace(saved, hypervisors=tuple(hosts))


def _merged_to_saved(host: Hypervisor, candidates: Iterable[Hypervisor]) -> SavedMergedHypervisor:
    same_as = next((candidate.name for candidate in candidates if _bulk(candidate) == _bulk(host)), None)
    bare = host if same_as is None else msgspec.structs.replace(host, **dict.fromkeys(_BULK, ()))
    saved = msgspec.convert(bare, SavedMergedHypervisor, from_attributes=True)
    return msgspec.structs.replace(saved, same_as=same_as)


def _bulk(host: Hypervisor) -> dict[str, object]:
    return {field: getattr(host, field) for field in _BULK}


def host_to_saved(host: Hypervisor) -> SavedHypervisor:
    """Make the struct of the file from one hypervisor."""
    return msgspec.convert(host, SavedHypervisor, from_attributes=True)


def loads(data: bytes, *, origin: str) -> Inventory:
    """Read an inventory that `dumps` wrote, of this version or an earlier one.

    Unknown keys are ignored: a later version may add some.

    Args:
        data: The whole file.
        origin: Its name, for messages.

    Raises:
        InventoryError: It is not an inventory, has a later schema, or is not complete.
    """
    try:
        saved = _decoded(data)
        if _EDGE_OF_CALENDAR.search(data):
            _check_times(saved)
        return from_saved(saved)
    except InventoryError as error:
        raise InventoryError(f"{origin}: {error}") from error
    except msgspec.ValidationError as error:
        reason = " ".join(str(error).split())  # it may quote the file
        raise InventoryError(f"{origin}: not a saved inventory ({reason}); {_WANTED}") from error
    except msgspec.DecodeError as error:
        raise InventoryError(f"{origin}: {_damage(data, str(error))}") from error
    except UnicodeDecodeError as error:
        raise InventoryError(f"{origin}: not UTF-8 text; {_WANTED}") from error
    except RecursionError as error:
        raise InventoryError(f"{origin}: nested too deeply for an inventory; {_WANTED}") from error


def _decoded(data: bytes) -> SavedInventory:
    version = _version(msgspec.json.decode(data, type=_InventoryHeader).schema)
    if version == VERSION:
        return msgspec.json.decode(data, type=SavedInventory)
    old = msgspec.json.decode(data, type=dict[str, object])  # of any shape; the upgraded one is checked
    return msgspec.convert(upgraded(old, version), SavedInventory)


def _check_times(value: object) -> None:
    """Refuse a time, anywhere in a value, that can't be converted to UTC, as all times are before they are shown."""
    match value:
        case datetime(tzinfo=tzinfo()):
            try:
                value.astimezone(UTC)
            except OverflowError as error:
                raise InventoryError(f"{value} is beyond the calendar in UTC; {_WANTED}") from error
        case msgspec.Struct():
            for field in value.__struct_fields__:
                _check_times(getattr(value, field))
        case tuple():
            for item in value:
                _check_times(item)


def from_saved(saved: SavedInventory) -> Inventory:
    """Make an inventory from the file's structs; keys that follow from a host's facts are not saved separately.

    Raises:
        InventoryError: A merged scan needs a hypervisor that is not there.
    """
    inventory = msgspec.convert(msgspec.structs.replace(saved, merged=()), Inventory, from_attributes=True)
    hosts = tuple(map(_with_former_keys, inventory.hypervisors, saved.hypervisors))
    by_name = {host.name: host for host in hosts}
    return msgspec.structs.replace(
        inventory,
        hypervisors=hosts,
        unread=tuple(map(_with_last, inventory.unread, saved.unread)),
        merged=tuple(_scan_from_saved(scan, by_name) for scan in saved.merged),
    )


def _scan_from_saved(saved: SavedScan, hosts_by_name: Mapping[str, Hypervisor]) -> ScanFacts:
    scan = msgspec.convert(saved, ScanFacts, from_attributes=True)
    hosts = (
        _with_bulk(_with_former_keys(host, saved_host), saved_host, hosts_by_name)
        for host, saved_host in zip(scan.hypervisors, saved.hypervisors, strict=True)
    )
    return msgspec.structs.replace(
        scan, hypervisors=tuple(hosts), unread=tuple(map(_with_last, scan.unread, saved.unread))
    )


def _with_bulk(host: Hypervisor, saved: SavedMergedHypervisor, hosts_by_name: Mapping[str, Hypervisor]) -> Hypervisor:
    if saved.same_as is None:
        return host
    if saved.same_as not in hosts_by_name:
        raise InventoryError(f"merged: no hypervisor is named {saved.same_as[:60]!r}; merge the files again")
    return msgspec.structs.replace(host, **_bulk(hosts_by_name[saved.same_as]))


def _with_last(unread: UnreadHost, saved: SavedUnreadHost) -> UnreadHost:
    if unread.last is None or saved.last is None:
        return unread
    return msgspec.structs.replace(unread, last=_with_former_keys(unread.last, saved.last))


def domain_from_saved(saved: SavedDomain) -> Domain:
    """Make a domain from the file's structs."""
    return msgspec.convert(saved, Domain, from_attributes=True)


def host_from_saved(saved: SavedHypervisor) -> Hypervisor:
    """Make a hypervisor from the file's structs."""
    return _with_former_keys(msgspec.convert(saved, Hypervisor, from_attributes=True), saved)


def _with_former_keys(host: Hypervisor, saved: SavedHypervisor) -> Hypervisor:
    return msgspec.structs.replace(host, former_keys=tuple(key for key in saved.keys if key not in host.keys))


def _version(schema: str) -> int:
    """Return the version of an inventory's schema.

    Raises:
        InventoryError: It is not a schema that this version reads.
    """
    match = _ANY_SCHEMA.fullmatch(schema)
    if match is None:
        raise InventoryError(f"unknown schema {schema[:60]!r}; {_WANTED}")
    if match[1] != _NAME:
        raise InventoryError(f"{schema} is a report, not a saved inventory; {_WANTED}")
    version = int(match[2])
    if version != VERSION and version not in STEPS:
        raise InventoryError(f"{schema} was written by a later virtscan; use that version, or scan again")
    return version


def _damage(data: bytes, message: str) -> str:
    if not data.strip():
        return f"the file is empty; {_WANTED}"
    if message == "Input data was truncated" and data.lstrip().startswith(b"{"):
        return f"the file was cut short: it ends within the document, after {len(data)} bytes; scan again"
    return f"not JSON: {message.removeprefix('JSON is malformed: ')}; {_WANTED}"
