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
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    Observed,
    Offload,
    Persistence,
    Policy,
    Server,
    ServerDevice,
    SourceMode,
    State,
    pack,
)
from virtscan.model.facts.packing import NO_RESOURCES
from virtscan.model.facts.persistence import SettingInWords
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import OtherItem
from virtscan.views.wording.gaps.causes import cause_words

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
    packed = pack(more.pop("resources", NO_RESOURCES))
    return Domain(**(fields | more), packed=packed)


def bond(name: str = "bond2", *members: str, **more: Any) -> Device:
    """A bond with all of its members, which are to be added with `nic`."""
    return device(name, DeviceKind.BOND, *(members or ("eth4", "eth5")), **({"sources": ("libvirt",)} | more))


def nic(name: str, **more: Any) -> Device:
    """A NIC of which only the driver is known: it fills in checksums."""
    fields = {"backing": Backing.PHYSICAL, "driver": "ixgbe", "sources": ("libvirt",)}
    return device(name, DeviceKind.ETHERNET, **(fields | more))


def device(name: str, kind: DeviceKind, *lower: str, **more: Any) -> Device:
    """A device with everything that it stands on."""
    fields: dict[str, Any] = {
        "name": DeviceName(name),
        "kind": kind,
        "lower": tuple(DeviceName(below) for below in lower),
        "lower_complete": True,
    }
    return Device(**(fields | more))


def vlan(name: str, parent: str, **more: Any) -> Device:
    """A VLAN over a device, with the number that its name ends with."""
    return device(name, DeviceKind.VLAN, parent, **({"vlan_id": int(name.rpartition(".")[2])} | more))


def bridge(name: str, *ports: str, **more: Any) -> Device:
    """A bridge with all of its ports."""
    return device(name, DeviceKind.BRIDGE, *ports, **more)


def tap(name: str, **more: Any) -> Device:
    """A tap, or any other virtual device that stands on nothing."""
    return device(name, DeviceKind.ETHERNET, **({"backing": Backing.VIRTUAL} | more))


def veth(name: str, **more: Any) -> Device:
    """The end of a veth pair."""
    return device(name, DeviceKind.VETH, **({"backing": Backing.VIRTUAL} | more))


def macvlan(name: str, parent: str, mode: SourceMode | None = SourceMode.BRIDGE, **more: Any) -> Device:
    """A macvlan, or a macvtap of an unknown domain."""
    return device(name, DeviceKind.MACVLAN, parent, **({"mode": mode, "backing": Backing.VIRTUAL} | more))


def own_nics(host: str) -> tuple[Device, Device]:
    """Two NICs whose MACs no other hypervisor has."""
    number = sum(map(ord, host)) % 256
    macs = (Mac(f"b4:96:91:00:{number:02x}:{place:02x}") for place in (4, 5))
    first, second = (nic(name, mac=mac) for name, mac in zip(("eth4", "eth5"), macs, strict=True))
    return first, second


def hypervisor(name: str = "hv1", *domains: Domain, kernel: str | None = None, **more: Any) -> Hypervisor:
    """A completely read hypervisor with bond2 on two NICs; its kernel is unknown unless given."""
    fields: dict[str, Any] = {
        "name": name,
        "uri": f"qemu+ssh://{name}/system",
        "status": HostStatus.COMPLETE,
        "kernel": None if kernel is None else Observed(value=kernel, source="ssh", observed_at=TAKEN_AT),
        "cpus": 16,
        "memory_mib": 65536,
        "domains": domains,
        "devices": (bond(), *own_nics(name)),
        "lists_all_domains": True,
        "lists_all_devices": True,
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
        "reason": failure("ssh: connection refused") if tx_checksum is State.UNKNOWN else None,
        "observed_at": TAKEN_AT,
    }
    return Server(**(fields | more))


def sends(one: Device, tx: State = State.ON, after_reboot: State | None = None, **more: Any) -> ServerDevice:
    """A device of a server with its offload state, now and after a reboot."""
    lasting = (
        None if after_reboot is None else Persistence(tx_checksum=after_reboot, setting=SettingInWords(text="ifcfg"))
    )
    return ServerDevice(device=one, offload=Offload(tx_checksum=tx, persistence=lasting, **more))


def read_server(*devices: ServerDevice, **more: Any) -> Server:
    """A server whose sending stack was read; it sends through the first device by default."""
    fields: dict[str, Any] = {
        "interface": str(devices[0].device.name),
        "tx_checksum": devices[0].offload.tx_checksum,
        "persistence": devices[0].offload.persistence,
        "macs": tuple(device.device.mac for device in devices[:1] if device.device.mac is not None),
        "devices": devices,
        "lists_all_devices": True,
    }
    return server(**(fields | more))


def inventory(*hypervisors: Hypervisor, servers: tuple[Server, ...] = (), **more: Any) -> Inventory:
    """An inventory without gaps."""
    return Inventory(version="0.1.0", taken_at=TAKEN_AT, hypervisors=hypervisors, servers=servers, **more)


def gap_in_words(subject: str, reason: str, about: GapAbout, hypervisor: str | None = None) -> Gap:
    """A gap as an earlier version wrote it: no more than words."""
    return Gap(item=OtherItem(text=subject), cause=failure(reason), about=about, hypervisor=hypervisor)


def failure(detail: str) -> Failure:
    """A failure in the words of what failed."""
    return Failure(detail=detail)


def words(cause: AnyCause | None) -> str | None:
    """The sentence for a cause, if there is one."""
    return None if cause is None else cause_words(cause, TAKEN_AT)
