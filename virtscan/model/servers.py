"""What was observed on provisioning servers."""

from collections.abc import Mapping

import msgspec

from virtscan.model.facts import Mac, Moment, Observed
from virtscan.model.states import State


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One offload feature: what is active now, whether it can be changed, and what was asked for if that differs."""

    state: State
    fixed: bool = False
    requested: State | None = None


class Persistence(msgspec.Struct, frozen=True, kw_only=True):
    """What TX checksum offload will be after the next reboot, and which setting says so.

    UNKNOWN when the source can't tell; `setting` then says why.
    """

    tx_checksum: State = State.UNKNOWN
    setting: str


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning server's sending device.

    `tx_checksum` is the state of TX checksum offload for UDP over IPv4; `reason` says why it is UNKNOWN and is None
    otherwise. `macs` and `addresses` belong to the device that sends; those of `macs` that the configuration names are
    `declared_macs`. `segments` and `subnets` say whom it serves; both empty: every segment. `physical` is the
    administrator's word that the server is no virtual machine.
    """

    name: str
    source: str
    interface: str | None = None
    tx_checksum: State = State.UNKNOWN
    reason: str | None = None
    features: Mapping[str, Feature] = {}
    persistence: Persistence | None = None
    macs: tuple[Mac, ...] = ()
    declared_macs: tuple[Mac, ...] = ()
    addresses: tuple[str, ...] = ()
    kernel: Observed[str] | None = None
    segments: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    physical: bool = False
    observed_at: Moment | None = None
