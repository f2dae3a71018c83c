"""The facts about a server that a source of its sending stack provides."""

from collections.abc import Mapping

import msgspec

from virtscan.model import Device, DeviceName, Machine
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.persistence import Evidence


class ServerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A source's facts about a server.

    `features` has the output of `ethtool -k` by device; `no_features` is the reason for devices without it. `reached`
    is the server's address at its end of the ssh connection. `evidence` is None if the source has no configuration
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
