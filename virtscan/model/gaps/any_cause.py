"""The union of all causes."""

from virtscan.model.gaps.causes import (
    BadDocument,
    DefinedTwice,
    DeviceNotListed,
    EthtoolFailed,
    Failure,
    FeaturesConflict,
    FeaturesNotShown,
    FilesLeftOut,
    InternalError,
    Interrupted,
    MacsReplaced,
    NetworksNotListed,
    NoAddress,
    NoAnswer,
    NoDefinitions,
    NoDomainDefined,
    NoDriver,
    NoFeaturesRead,
    NoLinuxRelease,
    NoListInReport,
    NoSuchNetwork,
    NotInReport,
    NotReadToEnd,
    NotUtf8,
    OffloadUnknown,
    ProcessCrashed,
    RunEnded,
    StatesDiffer,
    Stopped,
    TooFewFiles,
    TooOld,
    XmlNotInReport,
)
from virtscan.model.gaps.mismatches import (
    DroppedFrames,
    EncapsulatedFrames,
    ExclusionOverruled,
    ForeignFrames,
    ForeignServer,
    KernelContradicted,
    NoSuchDevice,
    NoSuchHypervisor,
    OffUntilReboot,
    PhysicalContradicted,
    PlaceContradicted,
    ReadTwice,
    SegmentUnmatched,
    TooManyBoots,
    UnreadMessages,
    WaiverExpired,
    WaiverOfNamesakes,
    WaiverUnused,
)
from virtscan.model.gaps.workers import NotCarried

AnyCause = (
    BadDocument | DefinedTwice | DeviceNotListed | EthtoolFailed | Failure | FeaturesConflict | FeaturesNotShown
    | FilesLeftOut | InternalError | Interrupted | MacsReplaced | NetworksNotListed | NoAddress | NoAnswer
    | NoDefinitions | NoDomainDefined | NoDriver | NoFeaturesRead | NoLinuxRelease | NoListInReport | NoSuchNetwork
    | NotInReport | NotCarried | NotReadToEnd | NotUtf8 | OffloadUnknown | RunEnded | StatesDiffer | Stopped
    | TooFewFiles | ProcessCrashed | TooOld | XmlNotInReport | DroppedFrames | EncapsulatedFrames | ExclusionOverruled
    | ForeignFrames | ForeignServer | KernelContradicted | NoSuchDevice | NoSuchHypervisor | OffUntilReboot
    | PhysicalContradicted | PlaceContradicted | ReadTwice | SegmentUnmatched | TooManyBoots | UnreadMessages
    | WaiverExpired | WaiverOfNamesakes | WaiverUnused
)  # fmt: skip
"""Every cause; a file of inventories knows them by their codes."""
