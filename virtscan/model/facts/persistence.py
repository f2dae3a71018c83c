"""The state of a server's offload after its next reboot, and the settings that decide it."""

from typing import TypeAlias

import msgspec

from virtscan.model.codes import code_of
from virtscan.model.states import State


class SettingPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a setting, and its key in them; no key for a script or a unit.

    `caller` is the boot script that names the file. `profiles` counts the profiles of which any may be the active one.
    """

    files: tuple[str, ...]
    key: str | None = None
    caller: str | None = None
    profiles: int | None = None


class FoundSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of a server, and the state that it gives."""

    place: SettingPlace
    state: State


class Basis(msgspec.Struct, frozen=True, kw_only=True, tag_field="code", tag=code_of):
    """Reason for the state of a server's offload after the next reboot, or why that is unknown."""


class SettingsFound(Basis, frozen=True):
    """Settings that were found; places that were not read or not understood may hold others.

    `not_in_report` are places of which a sosreport has no files.
    """

    settings: tuple[FoundSetting, ...] = ()
    unread: tuple[str, ...] = ()
    not_in_report: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


class NoSettingFound(Basis, frozen=True):
    """No place holds a setting, so the driver's default follows; `now` is the state at present."""

    now: State


class FixedByDriver(Basis, frozen=True):
    """The driver allows no other state."""


class OnIsRequested(Basis, frozen=True):
    """The offload is off now although it was requested to be on."""


class SettingsNotShown(Basis, frozen=True):
    """The source has no saved settings."""


class CaptureOnly(Basis, frozen=True):
    """There is only the output of `ethtool -k`, which does not have saved settings."""


class DeclaredOnly(Basis, frozen=True):
    """The configuration declares the present state."""


class DevicesDiffer(Basis, frozen=True):
    """The devices that may send have different settings."""


class AssumedSetting(Basis, frozen=True):
    """An assumption of `--assume`, or of a remedy."""


class SettingInWords(Basis, frozen=True):
    """The words of an inventory file of an earlier version."""

    text: str


AnyBasis: TypeAlias = (
    SettingsFound
    | NoSettingFound
    | FixedByDriver
    | OnIsRequested
    | SettingsNotShown
    | CaptureOnly
    | DeclaredOnly
    | DevicesDiffer
    | AssumedSetting
    | SettingInWords
)


class Persistence(msgspec.Struct, frozen=True, kw_only=True):
    """TX checksum offload after the next reboot, UNKNOWN if the source lacks it; `setting` is the reason."""

    tx_checksum: State = State.UNKNOWN
    setting: AnyBasis
