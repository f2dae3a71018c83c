"""One .link file of systemd, and whether it fits a device."""

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.evidence import fits_own_name, hardware_address

OFFLOAD = "TransmitChecksumOffload"


class LinkFile(msgspec.Struct, frozen=True, kw_only=True):
    """A .link file with its drop-ins.

    `source` is the file that it was read from, `entries` are section, key and value of each line. `keys` are the keys
    for TX checksum offload and the device's name in that file. `is_certain` is False if the file may not exist.
    """

    name: str
    source: str
    entries: tuple[tuple[str, str, str], ...]
    keys: tuple[str, str] = (OFFLOAD, "Name")
    is_certain: bool = True

    def fits(self, device: str, macs: tuple[str, ...], *, is_nic: bool) -> State:
        """Return whether the [Match] section matches this device; UNKNOWN if this depends on an unobserved fact.

        The values of a repeated key count together; an empty one removes those before it.
        """
        rules: dict[str, list[str]] = {}
        for section, key, value in self.entries:
            if section == "Match":
                rules[key] = [*rules.get(key, ()), *value.split()] if value else []
        results = [_rule_fits(key, words, device, macs, is_nic=is_nic) for key, words in rules.items() if words]
        if not results or State.OFF in results:
            return State.OFF
        return State.UNKNOWN if State.UNKNOWN in results or not self.is_certain else State.ON

    def value(self, key: str) -> str | None:
        """Return the last value of a key in the [Link] section; None if the key is missing."""
        values = [value for section, name, value in self.entries if (section, name) == ("Link", key)]
        return values[-1] if values else None


def _rule_fits(key: str, words: list[str], device: str, macs: tuple[str, ...], *, is_nic: bool) -> State:
    match key:
        case "OriginalName" if words == ["*"]:
            return State.ON
        case "OriginalName" if not any(word.startswith("!") for word in words):
            return fits_own_name(words, device, is_nic=is_nic)
        case "Type" if words == ["ether"] and is_nic:
            return State.ON
        case "MACAddress" | "PermanentMACAddress":
            return (
                State.ON
                if any(hardware_address(word) in macs for word in words)
                else State.OFF
                if macs
                else State.UNKNOWN
            )
        case _:
            return State.UNKNOWN
