"""The chain of upgrades: each step makes the JSON of one version of the inventory file into that of the next."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from virtscan.model import CONFIGURATION

Json: TypeAlias = object
"""Whatever a JSON document can hold: a step changes what it knows, and leaves the rest for decoding to refuse."""


def _from_1(inventory: dict[str, Json]) -> dict[str, Json]:
    """Move a declared kernel, which version 1 had in the place of the observed one, to its own."""
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


STEPS: Mapping[int, Callable[[dict[str, Json]], dict[str, Json]]] = {1: _from_1}
"""By the version that a step starts from; the last one leads to the present version."""


def upgraded(inventory: dict[str, Json], version: int, name: str) -> dict[str, Json]:
    """Bring an inventory file of an earlier version to the present one."""
    for start in range(version, max(STEPS) + 1):
        inventory = STEPS[start](inventory) | {"schema": f"{name}/{start + 1}"}
    return inventory
