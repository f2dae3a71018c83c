"""The facts about a server that every source of a sending stack gives."""

from collections.abc import Mapping

import msgspec

from virtscan.model import Device, DeviceName, Machine
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.persistence import Evidence


class ServerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A source's facts about a server.

    `features` has the output of `ethtool -k` by device; `no_features` is the reason why others are unknown. `reached`
    is the server's own address of the connection that brought the answer. `evidence` is None if the source has no
    files.
    """

    devices: tuple[Device, ...] = ()
    lists_all_devices: bool = False
    features: Mapping[DeviceName, str] = {}
    no_features: NoFeatures
    reached: str | None = None
    kernel: str | None = None
    machine: Machine = Machine.UNKNOWN
    system_uuid: str | None = None
    evidence: Evidence | None = None
