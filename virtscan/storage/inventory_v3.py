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
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

import msgspec

from virtscan.model import (
    Attachment,
    Backing,
    DeviceKind,
    DomainState,
    Firmware,
    GapAbout,
    HostStatus,
    Interface,
    LowerDevice,
    Machine,
    Packed,
    Processor,
    Resources,
    SourceMode,
    State,
    WhyLeftOut,
    pack,
)
from virtscan.model.facts.packing import NO_RESOURCES
from virtscan.model.facts.persistence import AnyBasis
from virtscan.model.gaps import AnyCause, AnyItem

InventorySchema: TypeAlias = Literal["virtscan.inventory/3"]
SavedTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

T = TypeVar("T")


class _SavedStruct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record of the file."""


class SavedValue(_SavedStruct, Generic[T], frozen=True):
    """An observed value."""

    value: T
    source: str
    observed_at: SavedTime | None = None


class SavedGap(_SavedStruct, frozen=True):
    """Something that could not be read."""

    item: AnyItem
    cause: AnyCause
    about: GapAbout
    hypervisor: str | None = None


class SavedNetwork(_SavedStruct, frozen=True):
    """A libvirt network."""

    name: str
    forward_mode: str | None = None
    attachments: tuple[Attachment, ...] = ()


class SavedDevice(_SavedStruct, frozen=True):
    """A network device of a hypervisor or a server."""

    name: str
    kind: DeviceKind = DeviceKind.UNKNOWN
    lower: tuple[str, ...] = ()
    lower_complete: bool = False
    mode: SourceMode | None = None
    backing: Backing = Backing.UNKNOWN
    driver: str | None = None
    mac: str | None = None
    permanent_mac: str | None = None
    vlan_id: int | None = None
    addresses: tuple[str, ...] = ()
    tx: State = State.UNKNOWN
    sources: tuple[str, ...] = ()
    observed_at: datetime | None = None


class SavedLeftOut(_SavedStruct, frozen=True):
    """A file in a folder of definitions that contains none."""

    path: str
    why: WhyLeftOut


class SavedDomain(_SavedStruct, frozen=True, gc=False):
    """A domain."""

    origin: str
    name: str
    uuid: str | None = None
    state: DomainState = DomainState.UNKNOWN
    type: str | None = None
    next_start: bool = False
    firmware: Firmware | None = None
    direct_kernel: bool = False
    vcpus: int | None = None
    memory_mib: int | None = None
    boot_devices: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    resources: Resources = NO_RESOURCES

    @property
    def packed(self) -> Packed:
        """Return the resources as the model keeps them."""
        return pack(self.resources)


class SavedHypervisor(_SavedStruct, frozen=True):
    """A hypervisor. `keys` are all keys that ever identified it, the best first."""

    name: str
    uri: str
    status: HostStatus
    keys: tuple[str, ...] = ()
    own_name: str | None = None
    is_name_declared: bool = False
    site: str | None = None
    kernel: SavedValue[str] | None = None
    kernel_build: str | None = None
    declared_kernel: str | None = None
    daemon: SavedValue[int] | None = None
    machine: Machine = Machine.UNKNOWN
    physical: bool = False
    system_uuid: str | None = None
    local: bool = False
    lists_all_domains: bool = False
    lists_all_devices: bool = False
    cpus: int | None = None
    memory_mib: int | None = None
    memory_free_mib: int | None = None
    processor: Processor = Processor()
    domains: tuple[SavedDomain, ...] = ()
    networks: tuple[SavedNetwork, ...] = ()
    devices: tuple[SavedDevice, ...] = ()
    segments: Mapping[str, str] = {}
    reflective: tuple[str, ...] = ()
    observed_at: SavedTime | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None
    left_out: tuple[SavedLeftOut, ...] = ()


class SavedFeature(_SavedStruct, frozen=True):
    """An offload feature."""

    state: State
    fixed: bool = False
    requested: State | None = None


class SavedPersistence(_SavedStruct, frozen=True):
    """The state after the next reboot."""

    setting: AnyBasis
    tx_checksum: State = State.UNKNOWN


class SavedOffload(_SavedStruct, frozen=True):
    """TX checksum offload of one device."""

    tx_checksum: State = State.UNKNOWN
    reason: AnyCause | None = None
    features: Mapping[str, SavedFeature] = {}
    persistence: SavedPersistence | None = None


class SavedServerDevice(_SavedStruct, frozen=True):
    """A device of a server."""

    device: SavedDevice
    offload: SavedOffload = SavedOffload()


class SavedServer(_SavedStruct, frozen=True):
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


class SavedNetboot(_SavedStruct, frozen=True):
    """A provisioning system's record of a MAC."""

    mac: str
    system: str
    pending: bool
    source: str
    server: str | None = None
    is_exclusive: bool = True
    observed_at: datetime | None = None


class SavedSubnet(_SavedStruct, frozen=True):
    """A network that a provisioning system knows."""

    name: str
    network: str
    source: str
    vlan_id: int | None = None
    servers: tuple[str, ...] = ()
    observed_at: datetime | None = None


class SavedWaiver(_SavedStruct, frozen=True):
    """An accepted finding."""

    reason: str
    hypervisor: str = "*"
    domain: str = "*"
    mac: str = "*"
    server: str = "*"
    until: date | None = None


class SavedPolicy(_SavedStruct, frozen=True):
    """Rules for judging and accepting."""

    lower_device: LowerDevice = LowerDevice.ANY
    max_age: Annotated[float, msgspec.Meta(gt=0)] | None = None
    waivers: tuple[SavedWaiver, ...] = ()


class SavedUnreadHost(_SavedStruct, frozen=True):
    """A hypervisor that was not read completely, with its last complete observation."""

    hypervisor: str
    since: SavedTime
    last: SavedHypervisor | None = None


class SavedRememberedPlace(_SavedStruct, frozen=True):
    """Place of a server at the time when its hypervisor was last read completely."""

    server: str
    interface: str | None
    hypervisor: str
    observed_at: SavedTime
    domain: str | None = None
    uuid: str | None = None
    macs: tuple[str, ...] = ()


class SavedInventory(_SavedStruct, frozen=True):
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
    places: tuple[SavedRememberedPlace, ...] = ()
    redaction: str | None = None
