"""The sentences for the state of a server's offload after its next reboot: the settings that decide it."""

from typing import assert_never

from virtscan.model import State
from virtscan.model.facts import persistence as p

_SEARCHED = "NetworkManager, ifcfg, systemd.link, ifupdown, netplan, units, udev rules, cron or boot scripts"


def setting_words(basis: p.AnyBasis) -> str:
    """Word the reason of a state after the next reboot."""
    match basis:
        case p.SettingsFound(settings=settings, unread=unread, not_in_report=not_in_report, unclear=unclear):
            states = [f"{_place(setting.place)}: {setting.state.value}" for setting in settings]
            absent = (f"{place} (not in a sosreport)" for place in not_in_report)
            holes = [
                f"could not {act} {', '.join(places)}"
                for act, places in (("read", (*unread, *absent)), ("interpret", unclear))
                if places
            ]
            return "; ".join((*states, *holes))
        case p.NoSettingFound(now=now):
            return f"no persistent setting in {_SEARCHED}{_AT_PRESENT[now]}"
        case p.FixedByDriver():
            return "fixed by the driver"
        case p.OnIsRequested():
            return "off now, although on is requested"
        case p.SettingsNotShown():
            return "the source does not show saved settings"
        case p.CaptureOnly():
            return "ethtool -k does not show saved settings"
        case p.DeclaredOnly():
            return "declared, not observed"
        case p.DevicesDiffer():
            return "differs between its devices"
        case p.AssumedSetting():
            return "assumed"
        case p.SettingInWords(text=text):
            return text
        case _:
            assert_never(basis)


_AT_PRESENT = {
    State.ON: "",
    State.OFF: "; ethtool -K alone is lost at the next reboot",
    State.UNKNOWN: ", and the present state is unknown",
}


def _place(place: p.SettingPlace) -> str:
    files = ", ".join(place.files)
    words = files if place.key is None else f"{place.key} in {files}"
    if place.caller is not None:
        words += f", named in {place.caller}"
    return words if place.profiles is None else f"{words} (one of {place.profiles} profiles for the device)"
