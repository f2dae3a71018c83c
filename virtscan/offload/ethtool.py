"""Parser of the output of `ethtool -k DEVICE`: text of every version, or JSON."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import DeviceName, Feature, State
from virtscan.model.gaps.causes import EthtoolFailed, FeaturesConflict, FeaturesNotShown
from virtscan.offload.persistence.evidence import FEATURES

# A bracket alone does not mean JSON: a shell prompt may precede the text, as in `[root@host ~]# ethtool -k eth0`.
_JSON = re.compile(r"\[\s*([{\]]|$)")
_QUOTE = re.compile(r"(?:\s*[>|])*\s*")
_HEADER = re.compile(r"(?:Features|Offload parameters) for (\S+?):?")
_NAME = re.compile(r"[a-z][a-z0-9_ -]*")
_VALUE = re.compile(r"\s*(on|off)(?:\s+\[(fixed|requested on|requested off)\])?(?:\s|$)")
_ERROR = re.compile(r"Cannot get device .+|netlink error: .+|ethtool: .+|no offload info available")
_FAILED = re.compile(r"Cannot get device (.+?) settings")

_GROUPS = {"tx-checksumming", "scatter-gather", "tcp-segmentation-offload"}
_FLAGS = {"large-receive-offload", "rx-vlan-offload", "tx-vlan-offload", "ntuple-filters", "receive-hashing"}
# Versions before 2.6.37 use these names in their error messages, and the others in the list.
_ALIASES = {
    "rx-csum": "rx-checksumming",
    "tx-csum": "tx-checksumming",
    "udp-large-send-offload": "udp-fragmentation-offload",
}


class FeatureTable(msgspec.Struct, frozen=True, kw_only=True):
    """Output about one device; `device` is None without a header.

    `features` are in the order printed. A feature is UNKNOWN if its value was not observed. ethtool before 5.8 prints
    `off` for a feature that it failed to get, and two captures of the same device may contradict each other. `errors`
    are ethtool's own lines.
    """

    device: DeviceName | None
    features: Mapping[str, Feature]
    errors: tuple[str, ...] = ()


def parse_features(text: str, device: str | None = None) -> FeatureTable:
    """Parse the features of one device.

    Args:
        text: Output of `ethtool -k` or `ethtool --json -k`, for one or more devices.
        device: The device to return; may be None if the text is about one device only.

    Raises:
        OffloadError: The text is not about this device, has several devices and none was named, or has no features.
    """
    captures = parse_captures(text)
    if not captures and _JSON.match(text.lstrip()):
        raise OffloadError("no such device (ethtool's list is empty)")
    if not captures:
        raise OffloadError("no feature found; save the whole output of ethtool -k DEVICE")
    if device is None and len(captures) > 1:
        raise OffloadError(f"contains several devices; name one of {_names(captures)}")
    headless = len(captures) == 1 and captures[0].device is None
    capture = next((item for item in captures if device in {None, item.device} or headless), None)
    if capture is None:
        raise OffloadError(f"contains {_names(captures)}, not {device}")
    if not capture.features:
        raise OffloadError(_failure(capture.errors))
    return capture


def parse_captures(text: str) -> tuple[FeatureTable, ...]:
    """Parse all features in a text, by device.

    Mail quotes and annotations after a value are allowed; other lines are ignored.

    Returns:
        A table per device, empty if the text has no features.

    Raises:
        OffloadError: The text is JSON, but broken or not from ethtool.

    Source:
        ethtool.git: ethtool.c do_goffload (to 2.6.36), dump_features (to 5.7), netlink/features.c.
    """
    text = text.lstrip("\ufeff \t\r\n")
    return _from_json(text) if _JSON.match(text) else _from_text(text)


def tx_checksum(features: Mapping[str, Feature]) -> State:
    """Return the state of TX checksum offload for UDP over IPv4.

    The state is on if one of the relevant features is on: the kernel leaves the checksum partial if any of them covers
    the packet. `tx-checksum-unneeded` (2.6.39 to 3.2) is also relevant. `tx-checksumming` summarizes all, including
    SCTP and FCoE: its `off` decides; its `on` decides only if it is printed alone, as by the oldest versions.
    """
    states = [features[name].state for name in ("tx-checksum-unneeded", *FEATURES) if name in features]
    if State.ON in states:
        return State.ON
    if State.UNKNOWN in states:
        return State.UNKNOWN
    total = features["tx-checksumming"].state if "tx-checksumming" in features else State.UNKNOWN
    if total is State.OFF or all(name in features for name in FEATURES):
        return State.OFF
    return State.UNKNOWN if any(name.startswith("tx-checksum-") for name in features) else total


def unknown_because(capture: FeatureTable) -> EthtoolFailed | FeaturesConflict | FeaturesNotShown | None:
    """Return why `tx_checksum` of this capture is UNKNOWN; None when it is not."""
    if tx_checksum(capture.features) is not State.UNKNOWN:
        return None
    candidates = ("tx-checksumming", "tx-checksum-unneeded", *FEATURES)
    relevant = [name for name in candidates if name in capture.features]
    doubtful = tuple(name for name in relevant if capture.features[name].state is State.UNKNOWN)
    if doubtful and capture.errors:
        detail = next((error for error in capture.errors if " tx" in error), capture.errors[-1])
        return EthtoolFailed(features=doubtful, detail=detail)
    if doubtful:
        return FeaturesConflict(features=doubtful)
    return FeaturesNotShown(features=tuple(name for name in FEATURES if name not in capture.features))


class _Draft:
    """The features and errors of one device while its lines are read."""

    def __init__(self, device: str | None) -> None:
        self.device = device
        self.features: dict[str, Feature] = {}
        self.errors: list[str] = []

    def add(self, name: str, feature: Feature) -> None:
        earlier = self.features.get(name, feature)
        self.features[name] = feature if earlier == feature else Feature(state=State.UNKNOWN)

    def capture(self) -> FeatureTable:
        failed = _failed(self.errors, self.features)
        return FeatureTable(
            device=None if self.device is None else DeviceName(self.device),
            features={
                name: Feature(state=State.UNKNOWN) if name in failed else feature
                for name, feature in self.features.items()
            },
            errors=tuple(self.errors),
        )


def _from_text(text: str) -> tuple[FeatureTable, ...]:
    drafts: dict[str | None, _Draft] = {}
    current: _Draft | None = None
    # stderr is not buffered: if it goes to the same file as stdout, errors precede the header of their own device, so
    # they follow the features of the previous one. On a terminal they are between the header and the features.
    pending: list[str] = []

    def begin(device: str | None) -> _Draft:
        draft = drafts.setdefault(device, _Draft(device))
        draft.errors += pending
        pending.clear()
        return draft

    for raw in text.splitlines():
        line = _QUOTE.sub("", raw, count=1).rstrip()
        if header := _HEADER.fullmatch(line):
            current = begin(header[1])
        elif _ERROR.fullmatch(line):
            (pending if current is None or current.features else current.errors).append(line)
        elif feature := _feature(line):
            current = current or begin(None)
            current.add(*feature)
    if pending:  # their device is unknown, so they count for every device
        for draft in tuple(drafts.values()) or (drafts.setdefault(None, _Draft(None)),):
            draft.errors += pending
    return tuple(draft.capture() for draft in drafts.values())


def _feature(line: str) -> tuple[str, Feature] | None:
    name, _, rest = line.partition(":")
    value = _VALUE.match(rest)
    if value is None or not _NAME.fullmatch(name):
        return None
    mark = value[2] or ""
    requested = State(mark.removeprefix("requested ")) if mark.startswith("requested") else None
    # The oldest versions print "tcp segmentation offload" where later ones print dashes.
    feature = Feature(state=State(value[1]), fixed=mark == "fixed", requested=requested)
    return name.strip().replace(" ", "-"), feature


def _failed(errors: Iterable[str], names: Iterable[str]) -> set[str]:
    """Return the features whose printed value is meaningless, because ethtool failed to read them."""
    failed: set[str] = set()
    for error in errors:
        if setting := _FAILED.match(error):
            name = setting[1].replace(" ", "-")
            failed.add(_ALIASES.get(name, name))
        elif error.startswith("Cannot get device flags"):
            failed |= _FLAGS
        elif error.startswith("Cannot get device generic features"):
            failed |= set(names) - _GROUPS
    return failed


def _from_json(text: str) -> tuple[FeatureTable, ...]:
    try:
        entries = msgspec.json.decode(text, type=list[dict[str, object]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise OffloadError(f"not the JSON of ethtool --json -k, or incomplete: {error}") from error
    drafts: dict[str | None, _Draft] = {}
    for entry in entries:
        device = entry.get("ifname")
        name = device if isinstance(device, str) else None
        draft = drafts.setdefault(name, _Draft(name))
        for feature, value in entry.items():
            if isinstance(value, dict):
                draft.add(feature, _json_feature(value))
    return tuple(draft.capture() for draft in drafts.values())


def _json_feature(value: Mapping[str, object]) -> Feature:
    active, requested, fixed = (value.get(key) for key in ("active", "requested", "fixed"))
    # A fixed feature was never requested: its `requested` is false in either state.
    differs = fixed is not True and requested is not active
    return Feature(
        state=_state(active) or State.UNKNOWN, fixed=fixed is True, requested=_state(requested) if differs else None
    )


def _state(value: object) -> State | None:
    return State.ON if value is True else State.OFF if value is False else None


def _names(captures: Iterable[FeatureTable]) -> str:
    return ", ".join(capture.device or "a device without a header" for capture in captures)


def _failure(errors: tuple[str, ...]) -> str:
    """Return why a device has no features, from ethtool's error lines."""
    for words, reason in _REASONS.items():
        if any(words in error for error in errors):
            return f"{reason} ({errors[-1]})"
    return f"ethtool reports: {errors[-1]}" if errors else "no feature below the header"


_REASONS = {
    "No such device": "no such device",
    "not permitted": "permission denied",
    "not supported": "the driver does not report offload settings",
    "no offload info": "the driver does not report offload settings",
}
