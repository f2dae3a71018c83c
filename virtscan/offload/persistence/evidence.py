"""What was found on a server, and what one lasting setting in it says."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import msgspec

from virtscan.model import State

# The kernel's features by which UDP over IPv4 gets its checksum from the card; a driver has one of the two.
WAYS = ("tx-checksum-ipv4", "tx-checksum-ip-generic")
_WORDS = {"tx": WAYS, "tx-checksumming": WAYS, **{way: (way,) for way in WAYS}}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a server showed of its configuration.

    `files` holds, by path, the lines that bear on offload; a file without such a line is there, and empty.
    `unreadable` are paths that were not allowed to be read. `udev` is the version of udev, None when it has none.
    """

    files: Mapping[str, str] = {}
    unreadable: tuple[str, ...] = ()
    udev: int | None = None

    def under(self, *patterns: str) -> Iterator[tuple[PurePosixPath, str]]:
        """Files whose path fits one of the glob patterns, in the order of paths, without backups."""
        for name, text in sorted(self.files.items()):
            path = PurePosixPath(name)
            if any(path.match(pattern) for pattern in patterns) and not _BACKUP.fullmatch(path.name):
                yield path, text


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One lasting setting: the state that it gives to each of `WAYS` that it names.

    UNKNOWN when the file does something about it that can't be told from here. `where` names it for people.
    """

    where: str
    states: Mapping[str, State]


def states_of(pairs: Iterable[tuple[str, str]]) -> dict[str, State]:
    """States from names and values as ethtool -K takes them.

    >>> states_of([("tx", "off"), ("gro", "on"), ("tx-checksum-ipv4", "on")])["tx-checksum-ipv4"]
    <State.ON: 'on'>

    A feature's own name counts for more than the word for all of them, whatever the order.
    """
    states: dict[str, State] = {}
    for name, value in sorted(pairs, key=lambda pair: pair[0] in WAYS):
        state = _VALUES.get(value.strip("\"'").lower(), State.UNKNOWN)
        states |= dict.fromkeys(_WORDS.get(name, ()), state)
    return states


# Booleans of ethtool, of GLib's key files and of systemd.
_VALUES = dict.fromkeys(("on", "true", "yes", "1", "y", "t"), State.ON) | dict.fromkeys(
    ("off", "false", "no", "0", "n", "f"), State.OFF
)

# What editors and package managers leave behind; nothing that reads these folders takes them.
_BACKUP = re.compile(r".*(~|\.(bak|old|orig|rpmnew|rpmorig|rpmsave|dpkg-\w+|swp))")
_COMMAND = re.compile(r"(?<!\S)(?:-K|--offload|--features)\s+(\S+)\s+([^;&|\"']*)")


def command_states(line: str, device: str, stand_ins: Iterable[str] = ()) -> dict[str, State]:
    """States that the `ethtool -K DEVICE …` commands in a line give to `device`.

    Args:
        line: As it stands in a file, with or without the word ethtool in front.
        device: The device in question.
        stand_ins: What stands for this device there, such as `$IFACE`.

    Returns:
        States of what the commands set; UNKNOWN where the device that they are for is another variable.
    """
    states: dict[str, State] = {}
    for target, words in _COMMAND.findall(line.partition("#")[0]):
        told = states_of(zip(words.split()[::2], words.split()[1::2], strict=False))
        name = re.sub(r"[\"'{}]", "", target)
        if name == device or name in stand_ins:
            states |= told
        elif name.startswith(("$", "%")):
            states |= dict.fromkeys(told, State.UNKNOWN)
    return states


def ini(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of every line of an INI file that has them."""
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        key, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif equals and not line.startswith(("#", ";")):
            yield section, key.strip(), value.strip()
