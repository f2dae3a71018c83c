"""Settings in systemd's .link files, which udev applies."""

import re
from collections.abc import Iterator

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import (
    FEATURES,
    SYSTEM_BASES,
    Evidence,
    SavedSetting,
    fits_own_name,
    ini,
    states_of,
    uncertain,
)

LINK_SINCE = 245
_NETPLANS = "/run/systemd/network/10-netplan-"


def links(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[SavedSetting]:
    """Yield the setting in the .link file that udev applies to this device: the first that fits, in the order of names.

    A file that may fit, as far as known, makes the outcome UNKNOWN when it matters. So does one that gives the device
    another name. What netplan wrote to /run is made anew at each boot, from files that are read themselves.

    Source:
        systemd.link(5): same names replace each other (/etc before /run before /usr/local/lib and /usr/lib), drop-ins
        add to them, a file without [Match] fits nothing; TransmitChecksumOffload= exists since systemd 245.
    """
    if evidence.udev is not None and evidence.udev < LINK_SINCE:
        return
    key = "TransmitChecksumOffload"
    possible: list[tuple[str, dict[str, State]]] = []
    for path, text in evidence.layered("systemd/network/*.link", *SYSTEM_BASES):
        drop_ins = evidence.layered(f"systemd/network/{path.name}.d/*.conf", *SYSTEM_BASES)
        entries = tuple(ini("\n".join((text, *(extra for _, extra in drop_ins)))))
        fitting = fits([(key, value) for section, key, value in entries if section == "Match"], device, macs)
        if fitting is not State.OFF:
            link = {name: value for section, name, value in entries if section == "Link"}
            value, name = link.get("TransmitChecksumOffload"), link.get("Name") or device
            # At the next boot the NIC gets a name by which other files may give it another state, or none.
            renames = fitting is State.ON and name != device
            key = "Name" if renames else key
            states = uncertain(FEATURES) if renames else states_of([("tx", value)] if value else [])
            possible.append((str(path), states))
        if fitting is State.ON:
            break
    else:
        possible.append(("", {}))
    setting = [path for path, states in possible if states]
    remade = any(evidence.under("netplan/*.yaml")) and all(path.startswith(_NETPLANS) for path in setting)
    if setting and not remade:
        known = evidence.udev is not None
        certain = known and all(states == possible[-1][1] for _, states in possible)
        states = possible[-1][1] if certain else uncertain(FEATURES)
        yield SavedSetting(place=SettingPlace(files=tuple(setting), key=key), states=states)


def fits(rules: list[tuple[str, str]], device: str, macs: tuple[str, ...]) -> State:
    """Return whether a [Match] section matches this device; UNKNOWN if it needs an unobserved fact."""
    results = [_rule_fits(key, value.split(), device, macs) for key, value in rules]
    if not results or State.OFF in results:
        return State.OFF
    return State.UNKNOWN if State.UNKNOWN in results else State.ON


def _rule_fits(key: str, words: list[str], device: str, macs: tuple[str, ...]) -> State:
    match key:
        case "OriginalName" if words == ["*"]:
            return State.ON
        case "OriginalName" if not any(word.startswith("!") for word in words):
            return fits_own_name(words, device)
        case "MACAddress" | "PermanentMACAddress":
            return State.ON if any(_mac(word) in macs for word in words) else State.OFF if macs else State.UNKNOWN
        case _:
            return State.UNKNOWN


def _mac(word: str) -> str:
    """Return a hardware address with colons.

    Source:
        systemd.link(5), MACAddress=: delimited by colons or hyphens, or by dots between pairs of bytes.
    """
    digits = re.sub(r"[-:.]", "", word.lower())
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
