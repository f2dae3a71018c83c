"""An inventory as a file: what `scan --save` keeps and `report FILE` reads; bytes in, bytes out."""

import re

import msgspec

from virtscan.errors import InventoryError
from virtscan.model import CONFIGURATION, Hypervisor, Inventory

_NAME, _VERSION = "inventory", 1
_SCHEMA = re.compile(r"virtscan\.([a-z]+)/([1-9][0-9]{0,8})")
_WANTED = "an inventory is what `virtscan scan --save FILE` writes"


class _Header(msgspec.Struct, frozen=True):
    schema: str


def dumps(inventory: Inventory) -> bytes:
    """Write an inventory as one line of JSON; mappings keep their order, and with them what is reported again."""
    return msgspec.json.encode(inventory) + b"\n"


def loads(data: bytes, *, origin: str) -> Inventory:
    """Read an inventory that `dumps` wrote, of this version or an earlier one.

    Unknown keys are passed over: a later version may add some.

    Args:
        data: The whole file.
        origin: Its name, for messages.

    Raises:
        InventoryError: It is not an inventory, has a later schema, or is not complete.
    """
    try:
        _check(msgspec.json.decode(data, type=_Header).schema)
        inventory = msgspec.json.decode(data, type=Inventory)
        return msgspec.structs.replace(inventory, hypervisors=tuple(map(_upgraded, inventory.hypervisors)))
    except InventoryError as error:
        raise InventoryError(f"{origin}: {error}") from error
    except msgspec.ValidationError as error:
        raise InventoryError(f"{origin}: this is no inventory: {error}; {_WANTED}") from error
    except msgspec.DecodeError as error:
        raise InventoryError(f"{origin}: {_damage(data, str(error))}") from error
    except UnicodeDecodeError as error:
        raise InventoryError(f"{origin}: not UTF-8 text; {_WANTED}") from error
    except RecursionError as error:
        raise InventoryError(f"{origin}: nested too deeply for an inventory; {_WANTED}") from error


def _upgraded(host: Hypervisor) -> Hypervisor:
    """Move a declared kernel, which versions up to 0.1 kept in the place of the observed one, to its own."""
    if host.kernel is None or host.kernel.source != CONFIGURATION:
        return host
    declared = host.declared_kernel or host.kernel.value
    return msgspec.structs.replace(host, kernel=None, kernel_build=None, declared_kernel=declared)


def _check(schema: str) -> None:
    """Tell an inventory from virtscan's other documents, and from those of its later versions.

    Raises:
        InventoryError: It is not the schema that this version reads.
    """
    match = _SCHEMA.fullmatch(schema)
    if match is None:
        raise InventoryError(f"its schema is {schema[:60]!r}, which is none of virtscan's; {_WANTED}")
    if match[1] != _NAME:
        raise InventoryError(f"this is a {schema}, which is printed for others to read; {_WANTED}")
    if int(match[2]) != _VERSION:
        raise InventoryError(f"this is a {schema}, written by a later virtscan: use that one, or scan again")


def _damage(data: bytes, message: str) -> str:
    if not data.strip():
        return f"the file is empty; {_WANTED}"
    if message == "Input data was truncated" and data.lstrip().startswith(b"{"):
        return f"the file was cut short: it ends within the document, after {len(data)} bytes; scan again"
    return f"{message.removeprefix('JSON is malformed: ')}, so this is not JSON; {_WANTED}"
