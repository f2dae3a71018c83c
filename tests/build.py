"""Short ways to make the values that tests start from; every default is an observed, unremarkable fact."""

from datetime import UTC, datetime
from typing import Any

from virtscan.model import (
    Attachment,
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    Observed,
    Policy,
    Server,
    SourceMode,
    State,
)

TAKEN_AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
UNFIXED_KERNEL = "2.6.32-279.el6.x86_64"
FIXED_KERNEL = "6.1.0-18-amd64"
ONLY_BONDS = Policy(lower_device=LowerDevice.BOND)


def macvtap(
    device: str = "bond2", mode: SourceMode = SourceMode.BRIDGE, mac: str = "52:54:00:93:76:af", **more: Any
) -> Interface:
    """A direct interface; `more` overrides any field (`Any`: they differ in type)."""
    fields: dict[str, Any] = {
        "index": 0,
        "type": "direct",
        "mac": Mac(mac),
        "source": device,
        "mode": mode,
        "model": "virtio",
        "attachments": (Attachment(DeviceName(device), mode),),
    }
    return Interface(**(fields | more))


def bridged(bridge: str = "br0", mac: str = "52:54:00:aa:bb:cc", **more: Any) -> Interface:
    """An interface on a host bridge."""
    fields: dict[str, Any] = {
        "index": 0,
        "type": "bridge",
        "mac": Mac(mac),
        "source": bridge,
        "model": "virtio",
        "attachments": (Attachment(DeviceName(bridge), None),),
    }
    return Interface(**(fields | more))


def domain(name: str = "web01", *interfaces: Interface, **more: Any) -> Domain:
    """A running domain that boots from disk."""
    fields: dict[str, Any] = {
        "origin": "qemu:///system",
        "name": name,
        "uuid": None,
        "state": DomainState.ACTIVE,
        "vcpus": 2,
        "memory_mib": 2048,
        "boot_devices": ("hd",),
        "interfaces": interfaces,
    }
    return Domain(**(fields | more))


def bond(name: str = "bond2", *members: str) -> Device:
    """A bond; its members, if named, are to be added with `card`."""
    lower = tuple(DeviceName(member) for member in members or ("eth4", "eth5"))
    return Device(name=DeviceName(name), kind=DeviceKind.BOND, lower=lower, sources=("libvirt",))


def card(name: str) -> Device:
    """A physical network card."""
    return Device(name=DeviceName(name), kind=DeviceKind.ETHERNET, backing=Backing.PHYSICAL, sources=("libvirt",))


def hypervisor(name: str = "hv1", *domains: Domain, kernel: str | None = None, **more: Any) -> Hypervisor:
    """A completely read hypervisor with bond2 on two cards; its kernel is unknown unless given."""
    fields: dict[str, Any] = {
        "name": name,
        "uri": f"qemu+ssh://{name}/system",
        "status": HostStatus.COMPLETE,
        "kernel": None if kernel is None else Observed(value=kernel, source="ssh", observed_at=TAKEN_AT),
        "cpus": 16,
        "memory_mib": 65536,
        "domains": domains,
        "devices": (bond(), card("eth4"), card("eth5")),
        "observed_at": TAKEN_AT,
        "open_seconds": 0.1,
        "read_seconds": 0.3,
    }
    return Hypervisor(**(fields | more))


def server(name: str = "satellite", tx_checksum: State = State.ON, **more: Any) -> Server:
    """A server whose offload state was read; where it runs is not known."""
    fields: dict[str, Any] = {
        "name": name,
        "source": "ssh://satellite.example.com",
        "interface": "eth0",
        "tx_checksum": tx_checksum,
        "reason": "ssh: connection refused" if tx_checksum is State.UNKNOWN else None,
        "observed_at": TAKEN_AT,
    }
    return Server(**(fields | more))


def inventory(*hypervisors: Hypervisor, servers: tuple[Server, ...] = (), **more: Any) -> Inventory:
    """An inventory without gaps."""
    return Inventory(version="0.1.0", taken_at=TAKEN_AT, hypervisors=hypervisors, servers=servers, **more)
