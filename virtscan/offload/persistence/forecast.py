"""Prediction of the state after the next reboot, from saved settings and the present state."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from virtscan.model import DeviceKind, Feature, Persistence, State
from virtscan.model.facts.persistence import FixedByDriver, FoundSetting, NoSettingFound, OnIsRequested, SettingsFound
from virtscan.offload.persistence.cron import cron
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, uncertain
from virtscan.offload.persistence.hooks import hooks
from virtscan.offload.persistence.ifcfg import files_of, ifcfg
from virtscan.offload.persistence.ifupdown import ifupdown
from virtscan.offload.persistence.network_manager import has_profile, network_manager
from virtscan.offload.persistence.systemd.links import links
from virtscan.offload.persistence.systemd.units import units
from virtscan.offload.persistence.udev import udev_rules

_UDEV = ("systemd-udevd.service", "systemd-udev-trigger.service")
"""The services that apply rules and .link files to the devices that exist at boot."""


def forecast(
    evidence: Evidence,
    *,
    device: str,
    macs: tuple[str, ...],
    features: Mapping[str, Feature],
    now: State,
    is_made: bool = False,
    is_lower: bool = False,
    is_nic: bool = False,
    kind: DeviceKind = DeviceKind.UNKNOWN,
) -> Persistence:
    """Forecast TX checksum offload for UDP over IPv4 after the next reboot, for any device of the server.

    Args:
        evidence: The configuration of the server, as far as it was read.
        device: The device in question.
        macs: The MAC that the device has at boot, by which files may refer to it; empty if unknown.
        features: The device's present features; a file can't change one that is fixed.
        now: The present state of TX checksum offload.
        is_made: True if the network service makes the device, as a bond: before, a command for it fails.
        is_lower: True if the device carries others and has no address of its own, as a port of a bond.
        is_nic: True if the device is known to be a NIC, or another device of a bus.
        kind: The kind of the device.
    """
    is_late = is_made and evidence.makes_devices_late
    of_services = (
        *_of_profiles(evidence, device, macs, kind),
        *ifupdown(evidence, device),
        *hooks(evidence, device, macs, kind, is_late=is_late, is_lower=is_lower),
        *_doubtful_if(is_late, cron(evidence, device)),
    )
    renames = evidence.renames_nics
    lacks_udev = any(map(evidence.masks, _UDEV))  # the initramfs may still have it
    settings = (
        *_doubtful_if(renames or not evidence.boots_services, of_services),
        *_doubtful_if(lacks_udev, links(evidence, device, macs, is_nic=is_nic)),
        *_doubtful_if(renames, units(evidence, device, is_made=is_made)),
        *_doubtful_if(lacks_udev or renames, udev_rules(evidence, device, macs, is_nic=is_nic)),
    )
    if all(name in features and features[name].fixed for name in FEATURES):
        return Persistence(tx_checksum=now, setting=FixedByDriver())
    outcomes = {each.place: outcome for each in map(_lasting, settings) if (outcome := _outcome(each, features))}
    found = tuple(FoundSetting(place=place, state=state) for place, state in outcomes.items())
    if found or evidence.has_holes:
        return _by_settings(found, evidence)
    if now is State.UNKNOWN:
        return Persistence(setting=NoSettingFound(now=now))
    if now is State.OFF and any(name in features and features[name].requested is State.ON for name in FEATURES):
        return Persistence(setting=OnIsRequested())
    return Persistence(tx_checksum=State.ON, setting=NoSettingFound(now=now))


def _of_profiles(evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind) -> Sequence[SavedSetting]:
    """Return the settings of NetworkManager's profiles and of ifcfg files, which it reads as profiles, too.

    Its choice among several depends on their history, so they count only as far as they agree.
    """
    found = (*network_manager(evidence, device, macs, kind), *ifcfg(evidence, device, macs))
    profiles = has_profile(evidence, device, macs, kind) + len(files_of(evidence, device, macs))
    agree = len(found) == profiles and all(setting.states == found[0].states for setting in found)
    if profiles > 1 and evidence.wants("NetworkManager") and not agree:
        return [_doubtful(setting) for setting in found]
    return found


def _lasting(setting: SavedSetting) -> SavedSetting:
    """Return the setting, but UNKNOWN if its files are in /run: a reboot removes them unless they are written again."""
    if any(file.startswith("/run/") for file in setting.place.files):
        return _doubtful(setting)
    return setting


def _doubtful_if(doubted: bool, settings: Iterable[SavedSetting]) -> Iterable[SavedSetting]:
    return map(_doubtful, settings) if doubted else settings


def _doubtful(setting: SavedSetting) -> SavedSetting:
    return msgspec.structs.replace(setting, states=uncertain(setting.states))


def _outcome(setting: SavedSetting, features: Mapping[str, Feature]) -> State | None:
    """Return the result of one setting; None if it does not change TX checksum offload for UDP over IPv4."""
    states = []
    is_set = False
    for name in FEATURES:
        feature = features.get(name)
        if feature and feature.fixed:
            states.append(feature.state)
        else:
            is_set = is_set or name in setting.states
            states.append(setting.states.get(name, State.UNKNOWN))
    if not is_set:
        return None
    if State.ON in states:
        return State.ON
    return State.UNKNOWN if State.UNKNOWN in states else State.OFF


def _by_settings(found: Sequence[FoundSetting], evidence: Evidence) -> Persistence:
    states = {one.state for one in found}
    setting = SettingsFound(settings=tuple(found))
    doubted = states <= {State.ON} and evidence.has_holes  # a place that was not read may turn it off
    if doubted or evidence.unclear:  # a line that was not understood may turn it on, too
        holes = msgspec.structs.replace(
            setting, unread=evidence.unreadable, not_in_report=evidence.not_in_report, unclear=evidence.unclear
        )
        return Persistence(setting=holes)
    return Persistence(tx_checksum=states.pop() if len(states) == 1 else State.UNKNOWN, setting=setting)
