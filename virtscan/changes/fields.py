"""Fields in which two observations of one thing differ; never a time, a duration or a version of virtscan."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

import msgspec

from virtscan.changes.values import FieldChange, FieldValue
from virtscan.model import Domain, DomainState, Hypervisor, Interface, Server, State

FieldValues: TypeAlias = Mapping[str, FieldValue]

_DOMAIN = ("type", "vcpus", "memory_mib", "firmware", "direct_kernel", "boot_devices")
_INTERFACE = ("type", "network", "portgroup", "model", "boot_order", "link", "rom", "vlan", "host_csum", "guest_csum")
_SOURCE = ("source", "mode")

TX = "tx_checksum"
"""Field of the offload of a server, or of one of its devices."""


def differences(old: FieldValues, new: FieldValues) -> tuple[FieldChange, ...]:
    """List the fields whose values differ, in the order of the first; a field that one lacks is unknown there."""
    return tuple(
        FieldChange(field=field, old=value, new=new[field])
        for field, value in old.items()
        if field in new and new[field] != value
    )


def of_domain(domain: Domain) -> FieldValues:
    """Return the facts of a domain; its state only where it is known."""
    known = {} if domain.state is DomainState.UNKNOWN else {"state": domain.state.value}
    return known | _facts(domain, _DOMAIN)


def of_interface(interface: Interface) -> FieldValues:
    """Return the facts of an interface.

    The source device of an interface on a network is left out: the network chooses it at each start.
    """
    return _facts(interface, _INTERFACE if interface.network is not None else (*_INTERFACE, *_SOURCE))


def of_host(host: Hypervisor) -> FieldValues:
    """Return the facts of a hypervisor; those that were not observed are unknown, not absent."""
    observed: dict[str, FieldValue] = {
        "kernel": None if host.kernel is None else host.kernel.value,
        "daemon": None if host.daemon is None else host.daemon.value,
        "cpus": host.cpus,
        "memory_mib": host.memory_mib,
        "system_uuid": host.system_uuid,
    }
    known = {field: value for field, value in observed.items() if value is not None}
    return known | {
        "site": host.site,
        "declared_kernel": host.declared_kernel,
        "physical": host.physical,
        "segments": tuple(f"{device}={segment}" for device, segment in sorted(host.segments.items())),
        "reflective": tuple(sorted(host.reflective)),
    }


def of_server(server: Server) -> FieldValues:
    """Return the facts of a server: its offload where it was read, and its declarations."""
    lasting = server.persistence
    states = {
        TX: server.tx_checksum,
        "after_reboot": State.UNKNOWN if lasting is None else lasting.tx_checksum,
    }
    known: dict[str, FieldValue] = {field: state.value for field, state in states.items() if state is not State.UNKNOWN}
    return known | {
        "physical": server.physical,
        "runs_on": server.runs_on,
        "segments": tuple(sorted(server.segments)),
        "subnets": tuple(sorted(server.subnets)),
    }


def differences_of_devices(old: Server, new: Server) -> tuple[FieldChange, ...]:
    """List the devices of a server whose offload has changed; an unknown state is not a change."""
    after = {server_device.device.name: server_device.offload.tx_checksum for server_device in new.devices}
    return tuple(
        FieldChange(
            field=TX, device=server_device.device.name, old=server_device.offload.tx_checksum.value, new=state.value
        )
        for server_device in old.devices
        if (state := after.get(server_device.device.name, State.UNKNOWN)) is not server_device.offload.tx_checksum
        and State.UNKNOWN not in {state, server_device.offload.tx_checksum}
    )


def _facts(item: msgspec.Struct, names: tuple[str, ...]) -> dict[str, FieldValue]:
    return {name: _plain(getattr(item, name)) for name in names}


def _plain(value: FieldValue | Enum | tuple[int, ...]) -> FieldValue:
    match value:
        case Enum():
            return str(value.value)
        case tuple():
            return tuple(map(str, value))
        case _:
            return value
