"""What was read about a server -> the value that is judged."""

from datetime import datetime

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import DeviceName, Observed, Persistence, Server, ServerTarget, State
from virtscan.offload.ethtool import Capture, parse_features, tx_checksum, unknown_because
from virtscan.offload.persistence import forecast
from virtscan.offload.probe import Answer
from virtscan.offload.source import shown


def described(target: ServerTarget, tx_checksum: State, reason: str | None = None) -> Server:
    """The server in this state, with what the administrator says about it; `reason` is why the state is UNKNOWN."""
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
    )


def unreadable(target: ServerTarget, reason: str) -> Server:
    """The server about which nothing could be read, for this reason."""
    return described(target, State.UNKNOWN, reason)


def captured(target: ServerTarget, capture: Capture, *, at: datetime | None) -> Server:
    """The server of which there is ethtool's output of that time, and no more."""
    return msgspec.structs.replace(
        described(target, tx_checksum(capture.features), unknown_because(capture)),
        interface=target.interface or capture.device,
        features={name: feature for name, feature in capture.features.items() if name.startswith("tx-")},
        persistence=Persistence(setting="a capture does not tell what is lasting"),
        observed_at=at,
    )


def observed(target: ServerTarget, answer: Answer, *, at: datetime | None) -> Server:
    """The server as it answered at that time.

    Its addresses and its kernel are known even when its offload state is not.
    """
    capture = _capture(answer.ethtool, answer.device)
    server = unreadable(target, capture) if isinstance(capture, str) else captured(target, capture, at=at)
    source = shown(target)
    return msgspec.structs.replace(
        server,
        interface=answer.device,
        persistence=forecast(
            answer.evidence,
            device=answer.device,
            macs=answer.macs,
            features=server.features,
            now=server.tx_checksum,
        ),
        macs=tuple(dict.fromkeys((*answer.macs, *target.macs))),
        addresses=answer.addresses,
        kernel=None if answer.kernel is None else Observed(value=answer.kernel, source=source, observed_at=at),
        observed_at=at,
    )


def _capture(text: str | None, device: DeviceName) -> Capture | str:
    """The capture, or the reason why there is none."""
    if text is None:
        return "there is no ethtool: install it"
    try:
        return parse_features(text, device)
    except OffloadError as error:
        return str(error)
