"""Construction of a `Server` from the answer of its source."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import (
    Backing,
    Device,
    DeviceKind,
    Feature,
    Mac,
    Observed,
    Offload,
    Persistence,
    Server,
    ServerDevice,
    ServerTarget,
    State,
)
from virtscan.model.facts.persistence import CaptureOnly, DevicesDiffer, SettingsNotShown
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import DeviceState, Failure, NoAddress, NoFeaturesRead, StatesDiffer
from virtscan.model.sources import shown
from virtscan.model.states import STACKED
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.ethtool import FeatureTable, parse_features, tx_checksum, unknown_because
from virtscan.offload.persistence import forecast
from virtscan.offload.sender import named_sender


class ServerReader(Protocol):
    """A reader of a server within `timeout` seconds; raises OffloadError with the reason of a failure."""

    def __call__(self, target: ServerTarget, *, timeout: float) -> Server: ...  # noqa: D102  the class describes it


def described(target: ServerTarget, tx_checksum: State, reason: AnyCause | None = None) -> Server:
    """Return a server with its declared facts and this state; `reason` is why the state is UNKNOWN."""
    return Server(
        name=target.name,
        source=shown(target),
        interface=target.interface,
        tx_checksum=tx_checksum,
        reason=reason,
        macs=target.macs,
        declared_macs=target.macs,
        segments=target.segments,
        subnets=target.subnets,
        physical=target.physical,
        runs_on=target.runs_on,
    )


def unreadable(target: ServerTarget, reason: AnyCause) -> Server:
    """Return the server as unread, with the reason."""
    return described(target, State.UNKNOWN, reason)


def captured(target: ServerTarget, capture: FeatureTable, *, at: datetime | None) -> Server:
    """Return a server known by one saved output of `ethtool -k`, without its sending stack."""
    return msgspec.structs.replace(
        described(target, tx_checksum(capture.features), unknown_because(capture)),
        interface=target.interface or capture.device,
        features=_tx_features(capture),
        persistence=Persistence(setting=CaptureOnly()),
        observed_at=at,
    )


def observed(target: ServerTarget, answer: ServerAnswer, *, at: datetime | None) -> Server:
    """Return the server as its source described it at that time.

    Raises:
        OffloadError: The server has no device of the configured name.
    """
    devices = tuple(
        ServerDevice(device=device, offload=_offload(device, answer))
        for device in answer.devices
        if device.name != "lo" or target.interface == "lo"
    )
    interface = named_sender(target, answer)
    senders = [
        sender
        for sender in devices
        if (bool(sender.device.addresses) if interface is None else sender.device.name == interface)
    ]
    offload = _summary(senders)
    macs = (sender.device.mac for sender in senders if sender.device.mac is not None)
    kernel = answer.kernel
    return msgspec.structs.replace(
        described(target, offload.tx_checksum, offload.reason),
        interface=interface,
        features=offload.features,
        persistence=offload.persistence,
        macs=tuple(dict.fromkeys((*macs, *target.macs))),
        addresses=tuple(dict.fromkeys(address for sender in senders for address in sender.device.addresses)),
        kernel=None if kernel is None else Observed(value=kernel, source=shown(target), observed_at=at),
        machine=answer.machine,
        system_uuid=answer.system_uuid,
        devices=devices,
        lists_all_devices=answer.lists_all_devices,
        observed_at=at,
    )


def _offload(device: Device, answer: ServerAnswer) -> Offload:
    state = State.UNKNOWN
    reason: AnyCause | None = NoFeaturesRead(why=answer.no_features)
    features: dict[str, Feature] = {}
    text = answer.features.get(device.name)
    if text is not None:
        try:
            capture = parse_features(text, device.name)
        except OffloadError as error:
            reason = Failure(detail=str(error))
        else:
            state, reason, features = tx_checksum(capture.features), unknown_because(capture), _tx_features(capture)
    lasting = (
        Persistence(setting=SettingsNotShown())
        if answer.evidence is None
        else forecast(
            answer.evidence,
            device=device.name,
            macs=_macs_at_boot(device, answer.devices),
            features=features,
            now=state,
            is_made=bool(device.lower) or device.kind in STACKED,
            is_lower=not device.addresses and any(device.name in other.lower for other in answer.devices),
            is_nic=device.kind is DeviceKind.ETHERNET and device.backing is Backing.PHYSICAL,
            kind=device.kind,
        )
    )
    return Offload(tx_checksum=state, reason=reason, features=features, persistence=lasting)


def _macs_at_boot(device: Device, devices: Sequence[Device]) -> tuple[Mac, ...]:
    """Return the MAC that a device has when files are matched with it at boot; empty if unknown.

    A bond or team takes the MAC of a port, and gives it to the others. So does a bridge or VLAN take one from below.
    """
    if device.permanent_mac is not None:
        return (device.permanent_mac,)
    lending = (other.mac for other in devices if device.name in other.lower and other.kind in _LENDING)
    return () if device.mac is None or device.lower or device.mac in lending else (device.mac,)


def _summary(senders: Sequence[ServerDevice]) -> Offload:
    """Return the common state of all devices that may send; UNKNOWN if they differ."""
    if not senders:
        return Offload(reason=NoAddress())
    first = senders[0].offload
    if len(senders) == 1:
        return first
    if any(sender.offload.tx_checksum is not first.tx_checksum for sender in senders):
        states = tuple(DeviceState(device=sender.device.name, state=sender.offload.tx_checksum) for sender in senders)
        return Offload(reason=StatesDiffer(devices=states), persistence=_DEPENDS)
    lasting = {sender.offload.persistence and sender.offload.persistence.tx_checksum for sender in senders}
    return Offload(
        tx_checksum=first.tx_checksum,
        reason=first.reason,
        persistence=first.persistence if len(lasting) == 1 else _DEPENDS,
    )


_LENDING = frozenset({DeviceKind.BOND, DeviceKind.UNKNOWN})
_DEPENDS = Persistence(setting=DevicesDiffer())


def _tx_features(capture: FeatureTable) -> dict[str, Feature]:
    return {name: feature for name, feature in capture.features.items() if name.startswith("tx-")}
