"""The configuration files found on a server, and the persistent settings in them."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.files import ConfigurationFiles, ini

# The kernel's features for TX checksum offload of UDP over IPv4; a driver has one of the two.
FEATURES = ("tx-checksum-ipv4", "tx-checksum-ip-generic")
_WORDS = {"tx": FEATURES, "tx-checksumming": FEATURES, **{name: (name,) for name in FEATURES}}


class Evidence(ConfigurationFiles, frozen=True, kw_only=True, dict=True):
    """The configuration of a server, as far as it was read.

    `files` holds, by path, the lines about offload, and scripts that run ethtool in full. A file without such a line is
    present, but empty. `devices` are the network devices that exist now. `unreadable` are places that were not read,
    `not_in_report` places that a sosreport lacks. `unclear` are files that were read and may hold the setting. `udev`
    is the version of udev; None if unknown, or without udev. `executable` are the scripts with an executable bit; None
    if unknown. `foreign` are scripts that another user than root may change. `exposed` are files that other users than
    root may read, or that root does not own: ON if so, UNKNOWN if a copy may have changed the mode. `wanted` are the
    links in `.wants` and `.requires` folders, such as `multi-user.target.wants/tx.service`, and `wanted_until_reboot`
    those of /run; `aliases` are further names of units, with the target `null` for a masked one, and default.target of
    the target that is booted. `boot_words` are words of the kernel's command line that select another one.
    `renames_nics` is True if others may give NICs other names at the next boot. `calls` are boot scripts with the
    scripts running ethtool that they name, or the folders of such scripts. `missing` are the paths at which ethtool is
    not, if it is at another one. `users` exist and may be in crontabs. `sh_is_bash` is True if /bin/sh is known to be
    bash. `assigning` are files that boot scripts source and that only set variables, or `FOLDER/*` for all in a folder
    that were not read.

    `opaque` are programs that boot files run and that were not read, though they may switch offload. A script is judged
    by its text; a binary, or a missing or unreadable file, by its name and the line that runs it. Such a file is opaque
    if its name contains a word such as `net`, or if the line contains the device. Only files in /opt, /usr/local,
    /root, /home and /srv can be opaque: a distribution's own programs, such as /usr/sbin/sshd, change no offload.
    """

    devices: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()
    not_in_report: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    opaque: frozenset[str] = frozenset()
    assigning: frozenset[str] = frozenset()
    udev: int | None = None
    executable: frozenset[str] | None = None
    missing: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    exposed: Mapping[str, State] = {}
    wanted: frozenset[str] = frozenset()
    wanted_until_reboot: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = {}
    boot_words: frozenset[str] = frozenset()
    renames_nics: bool = False
    users: frozenset[str] = frozenset({"root"})
    calls: Mapping[str, tuple[str, ...]] = {}
    sh_is_bash: bool = False

    @property
    def has_holes(self) -> bool:
        """Return True if a setting may be in a place that was not read or could not be interpreted."""
        return bool(self.unreadable or self.not_in_report or self.unclear)

    @property
    def booted_targets(self) -> frozenset[str]:
        """The targets of which systemd may start one: the default, and any that the kernel's command line selects.

        The default is multi-user.target, if the server has not shown another one.

        Source:
            kernel-command-line(7): systemd.unit=, and the words of runlevel_to_target. Other words, such as
            init=, stand for a target of their own.
        """
        words = {word.removeprefix("systemd.unit=") for word in self.boot_words if not _USUAL_INIT.fullmatch(word)}
        targets = {
            self.aliases.get("default.target", "multi-user.target"),
            *(_RUNLEVELS.get(word, word) for word in words),
        }
        return frozenset(
            _RUNLEVELS.get(target.removeprefix("runlevel").removesuffix(".target"), target) for target in targets
        )

    @property
    def boots_services(self) -> bool:
        """Return False if a target that may be booted starts none of the usual services, such as rescue.target."""
        return self.booted_targets <= {"multi-user.target", "graphical.target"}

    @property
    def makes_devices_late(self) -> bool:
        """Return True if boot scripts may run before the network service has made its bonds, bridges and VLANs.

        Source:
            systemd.special(7): network.target does not mean that devices exist. NetworkManager and networkd make them
            later; the services of ifupdown, initscripts and wicked have made them when they have started.
        """
        return bool(self.wanted) and not any(map(self.wants, ("networking", "network", "wicked")))

    def executes(self, path: str) -> State:
        """Return whether a file is executable."""
        if self.executable is None:
            return State.UNKNOWN
        return State.ON if path in self.executable else State.OFF

    @cached_property
    def not_executable(self) -> frozenset[str]:
        """Return the files that run only if their path is given to a shell, and missing programs."""
        return self.missing | {path for path in self.files if self.executes(path) is State.OFF}

    def starts(self, *services: str) -> State:
        """Return whether one of these services starts at boot; ON if no enabled unit is known, as without systemd.

        UNKNOWN if none of them is known to be enabled, or if the files of this machine may keep it from its usual work.
        """
        units = {f"{service}.service" for service in services}
        startable = {unit for unit in units if not self.masks(unit)}
        if not startable:
            return State.OFF
        names = {entry.rpartition("/")[2] for entry in self.wanted}
        started = startable if not names and startable == units else names & startable
        if not started:  # if one is masked, and the links show no other, none starts
            return State.OFF if names and startable != units else State.UNKNOWN
        return State.UNKNOWN if all(map(self.may_be_altered, started)) else State.ON

    def may_be_altered(self, unit: str) -> bool:
        """Return True if files of this machine may keep a distribution's service from its usual work."""
        folders = [f"/{base}/systemd/system/{unit}" for base in ("usr/local/lib", "run", "etc")]
        texts = (text for _, text in self.matching(*folders, *(f"{folder}.d/*.conf" for folder in folders)))
        return any(
            not _USUAL.fullmatch(f"{key}={value}") and not self._has_file_for(key, value.split()[0])
            for _, key, value in ini(*texts)
            if value and _LIMITING.fullmatch(key)
        )

    def _has_file_for(self, key: str, path: str) -> bool:
        """Return True if a file meets a condition of a unit, or is the rc.local that it starts."""
        return {
            "PathExists": path in self.files,
            "FileIsExecutable": self.executes(path) is State.ON,
            "FileNotEmpty": bool(self.files.get(path)),
            "ExecStart": path in self.files and path in {"/etc/rc.local", "/etc/rc.d/rc.local"},
        }.get(re.sub("^(Condition|Assert)", "", key), False)

    def wants(self, service: str) -> bool:
        """Return True if a target starts a service at boot."""
        return any(entry.endswith(f"/{service}.service") for entry in self.wanted)

    def masks(self, unit: str) -> bool:
        """Return True if a unit is linked to /dev/null, so that nothing can start it."""
        return self.aliases.get(unit) == "null"


class SavedSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A persistent setting: the state of each of `FEATURES` that it sets.

    A state is UNKNOWN if it depends on more than the file.
    """

    place: SettingPlace
    states: Mapping[str, State]


def states_of(pairs: Iterable[tuple[str, str]]) -> dict[str, State]:
    """Return the states for names and values as `ethtool -K` takes them.

    >>> states_of([("tx", "off"), ("gro", "on"), ("tx-checksum-ipv4", "on")])["tx-checksum-ipv4"]
    <State.ON: 'on'>

    A feature's own name takes precedence over `tx`, which stands for all, in any order.
    """
    states: dict[str, State] = {}
    for name, value in sorted(pairs, key=lambda pair: pair[0] in FEATURES):
        state = _VALUES.get(value.lower(), State.UNKNOWN)
        states |= dict.fromkeys(_WORDS.get(name, ()), state)
    return states


def hardware_address(word: str) -> str:
    """Return a hardware address in its form with colons, and any other word unchanged.

    Source:
        systemd.link(5), MACAddress=: delimited by colons or hyphens, or by dots between pairs of bytes. NetworkManager
        takes hyphens, too.
    """
    parts = re.split(r"[-:]", word.lower())
    if len(pairs := word.lower().split(".")) == 3:
        parts = [byte for pair in pairs for byte in (pair.zfill(4)[:2], pair.zfill(4)[2:])]
    return ":".join(part.zfill(2) for part in parts)


def uncertain(features: Iterable[str]) -> dict[str, State]:
    """Return these features, each UNKNOWN."""
    return dict.fromkeys(features, State.UNKNOWN)


# Booleans of ethtool, of GLib's key files and of systemd.
_VALUES = dict.fromkeys(("on", "true", "yes", "1", "y", "t"), State.ON) | dict.fromkeys(
    ("off", "false", "no", "0", "n", "f"), State.OFF
)

_RUNLEVELS = (
    dict.fromkeys(("emergency", "-b"), "emergency.target")
    | dict.fromkeys(("rescue", "single", "-s", "s", "S", "1"), "rescue.target")
    | dict.fromkeys(("2", "3", "4"), "multi-user.target")
    | {"5": "graphical.target"}
)
_USUAL_INIT = re.compile(r"init=(/usr)?/(s?bin/init|(lib|bin)/systemd(/systemd)?)")

_LIMITING = re.compile(
    r"Exec(Condition|StartPre|Start)|(Condition|Assert)\w+|User|DynamicUser|PrivateNetwork|NetworkNamespacePath|Root\w+"
)
"""Keys of units with which a service may not start, or do other work."""
_USUAL = re.compile(
    r"ExecStart=[-@:+!]*/\S*/(ifup|start-networking|NetworkManager|nm-dispatcher|networkd-dispatcher|systemd-networkd"
    r"|network|wicked|f?crond?|cronie)(\s.*)?|ExecStartPre=(-.*|/\S*/(sleep|true)(\s.*)?)|\w+=(root|no|false|0)"
)
"""Those that change nothing: the usual programs, and others before them that succeed or may fail."""

# Names that udev or biosdevname gives to a NIC, which the kernel had named eth0, eth1, …
_GIVEN_LATER = re.compile(r"(en|wl|ww)[a-z]*[0-9].*|em\d+(_\d+)?|p\d+p\d+(_\d+)?|rename\d+")
_OF_NICS = re.compile(r"(eth|ib|usb|wlan|wwan)\d+")
_KERNELS_OWN = tuple(f"eth{number}" for number in range(10))


def is_renamed(device: str, *, is_nic: bool) -> bool:
    """Return True if the name is one that udev or biosdevname gives, not the kernel, as eth0 to a NIC."""
    return _GIVEN_LATER.fullmatch(device) is not None or (is_nic and not _OF_NICS.fullmatch(device))


def fits(text: str, pattern: str) -> bool:
    """Return True if a text matches a pattern of fnmatch(3), where `[^…]` negates as `[!…]` does."""
    return fnmatchcase(text, pattern.replace("[^", "[!"))


def fits_own_name(patterns: Iterable[str], device: str, *, is_nic: bool) -> State:
    """Return whether patterns match the name that the kernel gave to a device, the only one that udev knows at first.

    Source:
        systemd.link(5), OriginalName=; udev(7), KERNEL and NAME.
    """
    wanted = tuple(patterns)
    if not is_renamed(device, is_nic=is_nic):
        if any(fits(device, pattern) for pattern in wanted):
            return State.ON
        return State.OFF if re.fullmatch(r"eth\d+", device) else State.UNKNOWN
    if not any(fits(device, pattern) or not _GIVEN_LATER.fullmatch(pattern) for pattern in wanted):
        return State.OFF  # each is the name that another NIC got later
    fits_all = all(any(fits(name, pattern) for pattern in wanted) for name in _KERNELS_OWN)
    return State.ON if fits_all else State.UNKNOWN
