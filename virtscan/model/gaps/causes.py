"""Reasons why an item was not read, or does not count: codes with typed facts; `views.wording` has the words.

A `detail` is free text of libvirt, ssh, a file or an error of this program. It may hold any name, so redaction
withholds it whole. Every other text field is a name, a path or an address.
"""

from enum import Enum

import msgspec

from virtscan.model.codes import code_of
from virtscan.model.facts.hypervisors import DeviceName, Moment
from virtscan.model.states import State, WhyLeftOut


class GapCause(msgspec.Struct, frozen=True, kw_only=True, tag_field="code", tag=code_of):
    """A reason of a gap or a warning, or of an unknown state."""


class Consequence(Enum):
    """Consequence of a failure: an item reported in spite of it, or missing because of it."""

    PRIMARY_INTERFACE = "primary-interface"
    NEXT_SERVERS_UNKNOWN = "next-servers-unknown"


class Failure(GapCause, frozen=True):
    """Reading failed, with the error's own text."""

    detail: str
    consequence: Consequence | None = None


class BadDocument(GapCause, frozen=True):
    """A document or a record is invalid; `domains` are those in it that no other document describes."""

    detail: str
    domains: tuple[str, ...] = ()


class NotUtf8(GapCause, frozen=True):
    """A document is not UTF-8."""


class NoAnswer(GapCause, frozen=True):
    """There was no answer within this limit."""

    seconds: float


class Stopped(GapCause, frozen=True):
    """Reading was stopped at its own deadline."""

    seconds: float


class NotReadToEnd(GapCause, frozen=True):
    """Work on files took longer than this limit."""

    seconds: float


class RunEnded(GapCause, frozen=True):
    """The run's deadline came first, before or while this was read."""

    seconds: float
    started: bool


class Interrupted(GapCause, frozen=True):
    """A signal ended the run before this was read."""


class TooFewFiles(GapCause, frozen=True):
    """The limit of open files was reached."""


class ProcessCrashed(GapCause, frozen=True):
    """The process that read it was ended by this signal."""

    signal: str


class InternalError(GapCause, frozen=True):
    """A defect of virtscan, by the type of the error."""

    error: str


class NoLinuxRelease(GapCause, frozen=True):
    """`uname` printed something other than a Linux release."""

    detail: str


class NotInReport(GapCause, frozen=True):
    """A sosreport does not hold the fact."""


class MacsReplaced(GapCause, frozen=True):
    """A sosreport has made-up MACs: `sos clean` replaced those of devices and interfaces."""


class XmlNotInReport(GapCause, frozen=True):
    """A sosreport lacks the XML; `is_listed` if virsh lists the item there."""

    is_listed: bool = False


class NoListInReport(GapCause, frozen=True):
    """A sosreport has neither a list of the domains nor libvirt's folder; or, if `is_cut`, a truncated list."""

    is_cut: bool = False


class NoSuchNetwork(GapCause, frozen=True):
    """The hypervisor lists no such network."""


class NetworksNotListed(GapCause, frozen=True):
    """This driver of libvirt lists no networks."""


class DeviceNotListed(GapCause, frozen=True):
    """The device is not in libvirt's list."""


class Driver(Enum):
    """A secondary driver of libvirt."""

    INTERFACE = "interface"
    NODE_DEVICE = "node device"


class NoDriver(GapCause, frozen=True):
    """The daemon lacks a secondary driver."""

    driver: Driver


class NoDefinitions(GapCause, frozen=True):
    """A folder holds no domain; the first files that were left out, and how many more there are.

    `networks` if it holds no network either, `is_empty` if there is no file at all.
    """

    left_out: tuple[str, ...] = ()
    more: int = 0
    networks: bool = True
    is_empty: bool = False


class FilesLeftOut(GapCause, frozen=True):
    """Files of a folder that hold no definition for this reason: the first, and how many more there are."""

    why: WhyLeftOut
    files: tuple[str, ...]
    more: int = 0


class NoDomainDefined(GapCause, frozen=True):
    """A hypervisor has no domain; `session` is the URI if it is a user's own daemon."""

    session: str | None = None


class DefinedTwice(GapCause, frozen=True):
    """Two files define a network of this name differently."""

    network: str
    first: str


class OffloadUnknown(GapCause, frozen=True):
    """The offload state is unknown: of these devices, or of devices below those that are listed last."""

    devices: tuple[DeviceName, ...] = ()
    above_unlisted: tuple[DeviceName, ...] = ()


class EthtoolFailed(GapCause, frozen=True):
    """Ethtool could not read these features; `detail` is its message."""

    detail: str
    features: tuple[str, ...]


class FeaturesConflict(GapCause, frozen=True):
    """These features have conflicting values."""

    features: tuple[str, ...]


class FeaturesNotShown(GapCause, frozen=True):
    """Ethtool printed none of these features."""

    features: tuple[str, ...]


class NoFeatures(Enum):
    """Reason why a source has no output of `ethtool -k` for a device."""

    NOT_IN_REPORT = "not-in-report"
    NOT_IN_FACTS = "not-in-facts"
    NO_ETHTOOL = "no-ethtool"
    TOO_MANY_DEVICES = "too-many-devices"


class NoFeaturesRead(GapCause, frozen=True):
    """The source has no output of `ethtool -k` for the device."""

    why: NoFeatures


class NoAddress(GapCause, frozen=True):
    """No device of the server has an address, and none is named."""


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """A device with its state."""

    device: DeviceName
    state: State


class StatesDiffer(GapCause, frozen=True):
    """The server may send through several devices, which differ."""

    devices: tuple[DeviceState, ...]


class TooOld(GapCause, frozen=True):
    """The fact was observed too long ago, or at an unknown or later time; its sources decide how it is renewed.

    `max_age` is in seconds.
    """

    observed_at: Moment | None
    max_age: float | None
    sources: tuple[str, ...] = ()
