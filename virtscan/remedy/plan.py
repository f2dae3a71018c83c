"""The changes to make, and the facts to find out first: the values that every form writes."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from virtscan.model import DeviceKind, Exposure, Mac, State


class SwitchedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a server that has to be switched off.

    `interface` is None when it is not named, or by a name that no command can safely contain. `kind` is as observed on
    the server or its hypervisor, else as its name suggests. `mac` is the permanent one, None if it is unknown.
    `switched_on` are the checksum features to turn on again for the state that was found, empty if `tx` restores
    all of them. `now` is False for a device that is off already, `lasting` for one whose path a setting keeps off
    after a reboot.
    """

    interface: str | None
    kind: DeviceKind = DeviceKind.UNKNOWN
    mac: Mac | None = None
    switched_on: tuple[str, ...] = ()
    now: bool = True
    lasting: bool = True

    @property
    def text(self) -> str:
        """Return the device for a double-quoted word or here-document; the shell stops if it is not named."""
        return "${INTERFACE:?}" if self.interface is None else self.interface

    @property
    def word(self) -> str:
        """Return the device as a word of a shell."""
        return f'"{self.text}"' if self.interface is None else self.interface


class InterfaceAtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """An interface that a server puts at risk; `others` names the first of `others_total` further servers that do."""

    hypervisor: str
    domain: str
    index: int
    mac: Mac | None
    source_device: str | None
    exposure: Exposure
    others: tuple[str, ...] = ()
    others_total: int = 0


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, rename={"reason": "why"}):  # a published key
    """A hypervisor whose kernel (None if unknown) is the cause; `reason` names the versions that are fixed."""

    hypervisor: str
    kernel: str | None
    reason: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One sending stack of a server, whose offload has to be off on every path.

    `interface` is the one by which the server is named, `top` where the check begins, None if no command can name it.
    `devices` are those to switch, from the bottom up. `tx_checksum` is the state of the stack now: OFF when the
    risk begins with the next reboot. `after_reboot` names the setting that decides then. `fixed`: a path has no device
    that can be switched, so no command helps. `interfaces_at_risk` has the most urgent first.
    """

    server: str
    interface: str | None
    top: str | None
    source: str
    observed_at: datetime | None
    devices: tuple[SwitchedDevice, ...]
    tx_checksum: State
    state_after_reboot: State
    after_reboot: str | None
    fixed: bool
    interfaces_at_risk: Sequence[InterfaceAtRisk]
    upgrades: tuple[Upgrade, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Return True if commands can name every device."""
        return self.top is not None and all(device.interface is not None for device in self.devices)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """An unknown fact that verdicts of `interfaces` depend on: `where` it is missing, and `how` to find it out."""

    where: str
    missing: tuple[str, ...]
    how: str
    interfaces: int


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """All changes for a fleet; after them `still_at_risk` and `still_unknown` interfaces are left.

    `assumed` is supposed and not observed. `is_complete` is False if something unread may need further changes.
    """

    version: str
    taken_at: datetime
    changes: tuple[Change, ...]
    questions: tuple[Question, ...]
    still_at_risk: int
    still_unknown: int
    is_complete: bool
    assumed: tuple[str, ...] = ()

    @property
    def has_commands(self) -> bool:
        """Return True if commands help on a server."""
        return any(not change.fixed for change in self.changes)


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of one change, in the language of a form.

    `now` lasts until the next reboot and is None when every device is off already. `lasting` takes effect from the next
    reboot on and is None when settings keep every device off; `means` names the mechanism. `undo` takes back both.
    """

    now: str | None
    lasting: str | None
    means: str
    check: str
    undo: str
