"""What is to be changed, and what to find out first: the values that every form writes."""

from datetime import datetime

import msgspec

from virtscan.model import DeviceKind, Exposure, Mac, State


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """The device that a server sends through.

    `interface` is None when nobody named it, or by a name that no command can safely take. `kind` is what its
    hypervisor or else its name says. `mac` is its own, None when that is not known. `switched_on` are the checksum
    features to turn on again for the state that was found, empty when the word for all of them does.
    """

    interface: str | None
    kind: DeviceKind = DeviceKind.UNKNOWN
    mac: Mac | None = None
    switched_on: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """It inside a double-quoted word or a here-document of a shell, which stops when nobody named it."""
        return "${INTERFACE:?}" if self.interface is None else self.interface

    @property
    def word(self) -> str:
        """It as a word of a shell."""
        return f'"{self.text}"' if self.interface is None else self.interface


class Endangered(msgspec.Struct, frozen=True, kw_only=True):
    """An interface that a server puts at risk; `others` names further servers that do."""

    hypervisor: str
    domain: str
    index: int
    mac: Mac | None
    source_device: str | None
    exposure: Exposure
    others: tuple[str, ...] = ()


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor whose kernel is the cause; `kernel` is None when nobody read it, `why` says where the fix is."""

    hypervisor: str
    kernel: str | None
    why: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One server: its offload is to go off.

    `tx_checksum` is its state now: OFF when the risk begins with its next boot, of which `after_reboot` tells.
    `lasts` is True if a setting turns it off at the next boot already: a second one beside it is not written.
    `fixed` says that its device can't turn it off. `endangered` are the interfaces that this is about, worst first.
    """

    server: str
    source: str
    observed_at: datetime | None
    sender: Sender
    tx_checksum: State
    after_reboot: str | None
    fixed: bool
    lasts: bool = False
    endangered: tuple[Endangered, ...]
    upgrades: tuple[Upgrade, ...]
    notes: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody knows and a verdict hangs on: `where` to look, with which command, and for how many interfaces."""

    where: str
    missing: tuple[str, ...]
    command: str
    interfaces: int


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to do about a fleet; after it `still_at_risk` and `still_unknown` interfaces are left."""

    version: str
    taken_at: datetime
    changes: tuple[Change, ...]
    questions: tuple[Question, ...]
    still_at_risk: int
    still_unknown: int


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """How one change is made, in the language of a form.

    `now` lasts until the next boot and is None when it is off already. `lasting` takes effect from the next boot on;
    `means` names
    the mechanism; both are None when a setting does so already. `undo` takes back both.
    """

    now: str | None
    lasting: str | None
    means: str | None
    check: str
    undo: str
