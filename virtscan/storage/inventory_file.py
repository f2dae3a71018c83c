"""The inventory file, which `scan --save` writes and `report FILE` reads; bytes in, bytes out."""

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from virtscan.errors import InventoryError
from virtscan.model import Domain, Hypervisor, Inventory
from virtscan.storage.inventory_v3 import (
    SavedDomain,
    SavedGap,
    SavedHypervisor,
    SavedInventory,
    SavedNetboot,
    SavedPolicy,
    SavedRememberedPlace,
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
"""A placeholder for the hypervisors that JSON can't contain."""


class _InventoryHeader(msgspec.Struct, frozen=True):
    schema: str


def dumps(inventory: Inventory) -> bytes:
    """Write an inventory as one line of JSON; mappings keep their order, and so does a report from it."""
    return b"".join(parts(inventory))


def parts(inventory: Inventory) -> Iterator[bytes]:
    """Yield the bytes of `dumps` hypervisor by hypervisor: as a whole they may need more memory than the inventory."""
    encode = msgspec.json.Encoder().encode
    if not inventory.hypervisors:
        yield encode(to_saved(inventory)) + b"\n"
        return
    others = to_saved(msgspec.structs.replace(inventory, hypervisors=()))
    head, tail = encode(msgspec.structs.replace(others, hypervisors=_PLACE)).split(_PLACE[0])
    for number, host in enumerate(inventory.hypervisors):
        yield (b"," if number else head) + encode(host_to_saved(host))
    yield tail + b"\n"


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
        places=msgspec.convert(inventory.places, tuple[SavedRememberedPlace, ...], from_attributes=True),
        redaction=inventory.redaction,
    )


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
        return from_saved(_decoded(data))
    except InventoryError as error:
        raise InventoryError(f"{origin}: {error}") from error
    except msgspec.ValidationError as error:
        raise InventoryError(f"{origin}: not a saved inventory ({error}); {_WANTED}") from error
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


def from_saved(saved: SavedInventory) -> Inventory:
    """Make an inventory from the file's structs; keys that follow from a host's facts are not saved separately."""
    inventory = msgspec.convert(saved, Inventory, from_attributes=True)
    hosts = map(_with_former_keys, inventory.hypervisors, saved.hypervisors)
    unread = (
        one
        if one.last is None or kept.last is None
        else msgspec.structs.replace(one, last=_with_former_keys(one.last, kept.last))
        for one, kept in zip(inventory.unread, saved.unread, strict=True)
    )
    return msgspec.structs.replace(inventory, hypervisors=tuple(hosts), unread=tuple(unread))


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
