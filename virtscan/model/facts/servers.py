"""Facts observed on provisioning servers."""

from collections.abc import Mapping

import msgspec

from virtscan.model.facts.hypervisors import Device, DeviceName, Moment, Observed
from virtscan.model.facts.persistence import Persistence
from virtscan.model.gaps import AnyCause
from virtscan.model.identity.mac import Mac
from virtscan.model.identity.short_names import without_address
from virtscan.model.states import Machine, State


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One offload feature: the active state, whether it can be changed, and the requested state if that differs."""

    state: State
    fixed: bool = False
    requested: State | None = None


class Offload(msgspec.Struct, frozen=True, kw_only=True):
    """TX checksum offload of one device, for UDP over IPv4; `reason` is that of an UNKNOWN state, else None."""

    tx_checksum: State = State.UNKNOWN
    reason: AnyCause | None = None
    features: Mapping[str, Feature] = {}
    persistence: Persistence | None = None


class ServerDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a server, with its offload state; frames may pass it on their way out."""

    device: Device
    offload: Offload = Offload()


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning server, with the device that is named as its sending one.

    `tx_checksum` is the state of TX checksum offload of that device for UDP over IPv4; `reason` is that of an
    UNKNOWN state, else None. `macs` and `addresses` belong to the server; `declared_macs` are those of `macs` that the
    configuration names. `devices` are all devices that the source lists; if `lists_all_devices`, the server has no
    others. `machine` is observed, `physical` (not a virtual machine) is declared, as is the hypervisor `runs_on`.
    `segments` and `subnets` are those that it serves; if both are empty, it serves every segment.
    """

    name: str
    source: str
    interface: str | None = None
    tx_checksum: State = State.UNKNOWN
    reason: AnyCause | None = None
    features: Mapping[str, Feature] = {}
    persistence: Persistence | None = None
    macs: tuple[Mac, ...] = ()
    declared_macs: tuple[Mac, ...] = ()
    addresses: tuple[str, ...] = ()
    kernel: Observed[str] | None = None
    segments: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    physical: bool = False
    runs_on: str | None = None
    machine: Machine = Machine.UNKNOWN
    system_uuid: str | None = None
    devices: tuple[ServerDevice, ...] = ()
    lists_all_devices: bool = False
    observed_at: Moment | None = None

    @property
    def own_name(self) -> str:
        """Return the name without the source, which a merge adds to make equal names unique."""
        return without_address(self.name, self.source)

    @property
    def devices_by_name(self) -> dict[DeviceName, ServerDevice]:
        """The devices that the source lists, by name."""
        return {server_device.device.name: server_device for server_device in self.devices}

    @property
    def assumed_tx(self) -> tuple[str, ...]:
        """The devices whose offload is not observed but assumed, "" for a server of which no device is known."""
        return ()

    @property
    def assumed_place(self) -> bool:
        """Return True if `runs_on` is assumed, not declared."""
        return False

    @property
    def is_wholly_assumed(self) -> bool:
        """Return True if the offload of all of its devices is assumed."""
        names = {self.interface or "", *self.devices_by_name}
        return bool(self.assumed_tx) and names - {""} <= set(self.assumed_tx)


class SupposedServer(Server, frozen=True, kw_only=True):
    """A server under assumptions, which is never saved."""

    assumed_tx: tuple[str, ...] = ()
    assumed_place: bool = False
