"""The inventory file, version 3: the structs that `virtscan schema inventory` publishes.

They are separate from the model, which may change at any time. An incompatible change here needs a new version, with a
step in `upgrades`. Defaults are omitted, so a default must never change. Each field has the meaning of the same field
in the model.

Interfaces and disks are the bulk of a file, and converting them would double the time of reading and writing. So the
model's structs are used for them, and for the items and causes of gaps. `fixtures/golden/inventory.schema.json` fixes
their present form. Before changing one of these in the model, copy its present form into this module; new items and
causes don't need that.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from virtscan.model import GapAbout, LowerDevice, Mac, Machine, State, mac_or_text, parse_mac
from virtscan.model.facts.persistence import AnyBasis
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.storage.hypervisor_v3 import (
    SavedDevice,
    SavedDomain,
    SavedHypervisor,
    SavedMergedHypervisor,
    SavedStruct,
    SavedTime,
    SavedValue,
)

InventorySchema: TypeAlias = Literal["virtscan.inventory/3"]


class SavedGap(SavedStruct, frozen=True):
    """Something that could not be read."""

    item: AnyItem
    cause: AnyCause
    about: GapAbout
    hypervisor: str | None = None


class SavedFeature(SavedStruct, frozen=True):
    """An offload feature."""

    state: State
    fixed: bool = False
    requested: State | None = None


class SavedPersistence(SavedStruct, frozen=True):
    """The state after the next reboot."""

    setting: AnyBasis
    tx_checksum: State = State.UNKNOWN


class SavedOffload(SavedStruct, frozen=True):
    """TX checksum offload of one device."""

    tx_checksum: State = State.UNKNOWN
    reason: AnyCause | None = None
    features: Mapping[str, SavedFeature] = {}
    persistence: SavedPersistence | None = None


class SavedServerDevice(SavedStruct, frozen=True):
    """A device of a server."""

    device: SavedDevice
    offload: SavedOffload = SavedOffload()


class SavedServer(SavedStruct, frozen=True):
    """A provisioning server."""

    name: str
    source: str
    interface: str | None = None
    tx_checksum: State = State.UNKNOWN
    reason: AnyCause | None = None
    features: Mapping[str, SavedFeature] = {}
    persistence: SavedPersistence | None = None
    macs: tuple[str, ...] = ()
    declared_macs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    kernel: SavedValue[str] | None = None
    segments: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    physical: bool = False
    runs_on: str | None = None
    machine: Machine = Machine.UNKNOWN
    system_uuid: str | None = None
    devices: tuple[SavedServerDevice, ...] = ()
    lists_all_devices: bool = False
    observed_at: SavedTime | None = None

    def __post_init__(self) -> None:
        """Read MACs in any notation; one that can't be read would equal no MAC of a VM.

        Raises:
            ValueError: One of them is not a MAC.
        """
        force_setattr(self, "macs", tuple(map(_mac, self.macs)))
        force_setattr(self, "declared_macs", tuple(map(_mac, self.declared_macs)))


def _mac(text: str) -> Mac:
    mac = parse_mac(text)
    if mac is None:
        raise ValueError(f"invalid MAC address {text[:60]!r}; write it like 52:54:00:aa:bb:cc")
    return mac


class SavedNetboot(SavedStruct, frozen=True):
    """A provisioning system's record of a MAC."""

    mac: str
    system: str
    pending: bool
    source: str
    server: str | None = None
    is_exclusive: bool = True
    observed_at: datetime | None = None

    def __post_init__(self) -> None:
        """Read a MAC in any notation."""
        force_setattr(self, "mac", _mac(self.mac))


class SavedSubnet(SavedStruct, frozen=True):
    """A network that a provisioning system knows."""

    name: str
    network: str
    source: str
    vlan_id: int | None = None
    servers: tuple[str, ...] = ()
    observed_at: datetime | None = None


class SavedWaiver(SavedStruct, frozen=True):
    """An accepted finding."""

    reason: str
    hypervisor: str = "*"
    domain: str = "*"
    mac: str = "*"
    server: str = "*"
    until: date | None = None


class SavedPolicy(SavedStruct, frozen=True):
    """Rules for judging and accepting."""

    lower_device: LowerDevice = LowerDevice.ANY
    max_age: Annotated[float, msgspec.Meta(gt=0)] | None = None
    waivers: tuple[SavedWaiver, ...] = ()


class SavedUnreadHost(SavedStruct, frozen=True):
    """A hypervisor that was not read completely, with its last observation."""

    hypervisor: str
    since: SavedTime
    last: SavedHypervisor | None = None


class SavedLostDomain(SavedStruct, frozen=True):
    """A domain that its hypervisor no longer has, but one that was not read may have."""

    hypervisor: str
    domain: SavedDomain


class SavedRememberedPlace(SavedStruct, frozen=True):
    """Place of a server at the time when its hypervisor was last read completely."""

    server: str
    interface: str | None
    hypervisor: str
    observed_at: SavedTime
    domain: str | None = None
    uuid: str | None = None
    macs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Read MACs in any notation."""
        force_setattr(self, "macs", tuple(mac for text in self.macs if (mac := mac_or_text(text))))


class SavedScan(SavedStruct, frozen=True):
    """One of the scans of a merged inventory."""

    taken_at: SavedTime
    scope: str | None = None
    hypervisors: tuple[SavedMergedHypervisor, ...] = ()
    servers: tuple[SavedServer, ...] = ()
    netboots: tuple[SavedNetboot, ...] = ()
    subnets: tuple[SavedSubnet, ...] = ()
    gaps: tuple[SavedGap, ...] = ()
    unread: tuple[SavedUnreadHost, ...] = ()
    lost: tuple[SavedLostDomain, ...] = ()
    places: tuple[SavedRememberedPlace, ...] = ()


class SavedInventory(SavedStruct, frozen=True):
    """The whole file."""

    schema: InventorySchema
    version: str
    taken_at: SavedTime
    scope: str | None = None
    policy: SavedPolicy = SavedPolicy()
    hypervisors: tuple[SavedHypervisor, ...] = ()
    servers: tuple[SavedServer, ...] = ()
    netboots: tuple[SavedNetboot, ...] = ()
    subnets: tuple[SavedSubnet, ...] = ()
    gaps: tuple[SavedGap, ...] = ()
    unread: tuple[SavedUnreadHost, ...] = ()
    lost: tuple[SavedLostDomain, ...] = ()
    places: tuple[SavedRememberedPlace, ...] = ()
    redaction: str | None = None
    merged: tuple[SavedScan, ...] = ()
