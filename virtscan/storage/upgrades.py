"""Upgrades of the inventory file: each step converts the JSON of one version to that of the next."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, get_args

from virtscan.model import CONFIGURATION
from virtscan.storage.inventory_v3 import InventorySchema

(SCHEMA,) = get_args(InventorySchema)

Json: TypeAlias = object
"""Any JSON value: a step changes the keys that it knows, and leaves the rest for decoding to refuse."""


def _from_1(inventory: dict[str, Json]) -> dict[str, Json]:
    """Move a declared kernel, which version 1 stored as the observed one, to its own field."""
    hosts = inventory.get("hypervisors", [])
    if not isinstance(hosts, list):
        return inventory
    return inventory | {"hypervisors": [_with_declared_kernel(host) for host in hosts]}


def _with_declared_kernel(host: Json) -> Json:
    kernel = host.get("kernel") if isinstance(host, dict) else None
    if not isinstance(host, dict) or not isinstance(kernel, dict) or kernel.get("source") != CONFIGURATION:
        return host
    declared = host.get("declared_kernel") or kernel.get("value")
    return host | {"kernel": None, "kernel_build": None, "declared_kernel": declared}


def _from_2(inventory: dict[str, Json]) -> dict[str, Json]:
    """Keep the sentences of version 2's gaps, reasons and settings as text: now they are codes with facts."""
    changes: dict[str, Json] = {}
    if isinstance(gaps := inventory.get("gaps"), list):
        changes["gaps"] = [_with_words(gap) for gap in gaps]
    if isinstance(servers := inventory.get("servers"), list):
        changes["servers"] = [_with_causes(server) for server in servers]
    return inventory | changes


def _with_words(gap: Json) -> Json:
    if not isinstance(gap, dict):
        return gap
    item = {"kind": "other-item", "text": gap.get("subject")}
    return gap | {"item": item, "cause": _failure(gap.get("reason"))}


def _with_causes(server: Json) -> Json:
    if not isinstance(server, dict):
        return server
    changes: dict[str, Json] = {"reason": _failure(server.get("reason"))} | _with_setting(server)
    if isinstance(devices := server.get("devices"), list):
        changes["devices"] = [_with_cause(device) for device in devices]
    return server | changes


def _with_cause(device: Json) -> Json:
    offload = device.get("offload") if isinstance(device, dict) else None
    if not isinstance(device, dict) or not isinstance(offload, dict):
        return device
    return device | {"offload": offload | {"reason": _failure(offload.get("reason"))} | _with_setting(offload)}


def _with_setting(holder: dict[str, Json]) -> dict[str, Json]:
    persistence = holder.get("persistence")
    setting = persistence.get("setting") if isinstance(persistence, dict) else None
    if not isinstance(persistence, dict) or not isinstance(setting, str):
        return {}
    return {"persistence": persistence | {"setting": {"code": "setting-in-words", "text": setting}}}


def _failure(words: Json) -> Json:
    return None if words is None else {"code": "failure", "detail": words}


STEPS: Mapping[int, Callable[[dict[str, Json]], dict[str, Json]]] = {1: _from_1, 2: _from_2}
"""Steps by the version that they start from; the last one leads to the present version."""


def upgraded(inventory: dict[str, Json], version: int) -> dict[str, Json]:
    """Upgrade the JSON of an earlier version's inventory to the current version."""
    for start in range(version, max(STEPS) + 1):
        inventory = STEPS[start](inventory)
    return inventory | {"schema": SCHEMA}
