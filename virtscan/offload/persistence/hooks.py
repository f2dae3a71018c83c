"""Settings in scripts that run at boot, or when a device comes up."""

import re
from collections.abc import Iterator, Mapping
from math import inf

import msgspec

from virtscan.model import DeviceKind, State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, uncertain
from virtscan.offload.persistence.ifcfg import files_of
from virtscan.offload.persistence.ifupdown import if_up, if_up_names, read_interfaces
from virtscan.offload.persistence.network_manager import has_profile
from virtscan.offload.persistence.shell import Scene, assigned, may_concern, merged, run_script

_LOCAL, _LOCAL_OF_RED_HAT = "/etc/rc.local", "/etc/rc.d/rc.local"
_LOCAL_OF_OTHERS = ("/etc/init.d/boot.local", "/etc/init.d/after.local", "/etc/local.d/*.start")
_BOOT = (
    "/etc/rc[2-5S].d/S*",
    "/etc/rc.d/rc[2-5].d/S*",
    "/etc/init.d/rc[2-5].d/S*",
)
_START = ("start",)
"""The arguments of boot scripts."""
_VENDOR = "/usr/lib"
_IFUP_LOCAL = ("/sbin/ifup-local", "/sbin/ifup-pre-local", "/usr/sbin/ifup-local", "/usr/sbin/ifup-pre-local")
_IF_UP = ("/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*")
_SUSE = ("/etc/sysconfig/network/if-up.d/*", "/etc/sysconfig/network/scripts/*")
_NETWORK_MANAGER = ("NetworkManager/dispatcher.d/*", "NetworkManager/dispatcher.d/pre-up.d/*")
_NETWORKD = (
    "routable", "configured", "carrier", "configuring", "degraded", "degraded-carrier", "dormant", "enslaved",
    "failed", "initialized", "missing", "no-carrier", "off", "pending", "unmanaged",
)  # fmt: skip
"""States of a device that networkd reports, each with its folder of scripts."""
_NETWORKD_ARGUMENTS = "/etc/default/networkd-dispatcher"
# The definition of a function, or another language.
_OPEN = re.compile(r"\(\s*\)|^\s*function\s|^\s*(import|from|use|require)\s", re.MULTILINE)
_ACTION_SINCE = 239
"""systemd's version in the oldest distributions that began with a NetworkManager of 1.12 or later."""
_SERVICE_TIMEOUT = 300
"""Seconds for the services of runlevel scripts (systemd-sysv-generator), and for networking.service."""
_DISPATCHER_TIMEOUT = 600
"""Seconds for each of NetworkManager's scripts (nm-dispatcher.c)."""
_SERVICE = "rc-local.service"
_DISPATCHER, _DISPATCHERS_ALIAS = "NetworkManager-dispatcher.service", "dbus-org.freedesktop.nm-dispatcher.service"
_MOST_DEVICES = 50
"""Number of other devices for which a script is followed."""
_OF_ONE_DEVICE = {"ADDRFAM", "METHOD"}
"""Variables of ifupdown that may have other values for another device."""
# The script of Debian's ethtool package, which applies the options of the interfaces files.
_DEBIANS_OWN = re.compile(r"^gather_settings", re.MULTILINE)


class _Hook(msgspec.Struct, frozen=True, kw_only=True):
    """Scripts of one kind: their places, their arguments, and whether they run at boot.

    `executed` is True if they are executed directly and not by a shell: then a script without a `#!` line fails.
    `events` are words to replace in the arguments and variables, for actions after which they may run again. `limit` is
    the time in seconds after which they are killed.
    """

    patterns: tuple[str, ...]
    arguments: tuple[str | None, ...] | None = None
    variables: Mapping[str, str | None] = {}
    runs: State = State.ON
    names: re.Pattern[str] = re.compile(".*", re.DOTALL)
    guarded: bool = False
    executed: bool = False
    events: tuple[Mapping[str, str], ...] = ()
    limit: float = inf


def hooks(
    evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind, *, is_late: bool, is_lower: bool
) -> Iterator[SavedSetting]:
    """Yield the settings in scripts; a script that is not executable has no effect.

    If the device is made late, boot scripts may run before, and fail. `is_lower` is True if it only carries others.
    """
    for hook in _hooks(evidence, device, macs, kind, is_lower=is_lower):
        for path, text in evidence.matching(*hook.patterns):
            executable = evidence.executes(str(path))
            replaced = path.is_relative_to(_VENDOR) and f"/etc/{path.relative_to(_VENDOR)}" in evidence.files
            replaced = replaced or (hook.patterns is _BOOT and evidence.masks(f"{path.name[3:]}.service"))
            idle = replaced or State.OFF in {executable, hook.runs} or not hook.names.fullmatch(path.name)
            if idle or _DEBIANS_OWN.search(text) or (hook.guarded and str(path) in evidence.foreign):
                continue
            states = _states(text, hook, evidence, device)
            for words in (*hook.events, *_of_others(text, evidence, device)):
                if (later := _instead(hook, words)) != hook:
                    states = merged(states, _states(text, later, evidence, device), certain=False)
            certain = executable is State.ON and hook.runs is State.ON
            certain = certain and (text.startswith("#!") or not hook.executed) and str(path) not in evidence.unclear
            certain = certain and not (is_late and hook.arguments == _START)
            if states:
                yield SavedSetting(
                    place=SettingPlace(files=(str(path),)), states=states if certain else uncertain(states)
                )
    for caller, called in evidence.calls.items():
        if evidence.executes(caller) is not State.OFF:
            yield from _called(caller, called, evidence, device)


def _of_others(text: str, evidence: Evidence, device: str) -> Iterator[Mapping[str, str]]:
    """Yield the words to replace for the runs for other devices, of a script that names the device.

    Of devices that it does not name, one of each kind of names stands for all, such as `veth…`.
    """
    if re.search(rf"(?<![\w-]){re.escape(device)}(?![\w-])", text):
        others = evidence.devices - {device}
        named = {name for name in others if name in text}
        alike = {re.split(r"\d", name)[0]: name for name in sorted(others - named)}
        yield from ({device: name} for name in (*sorted(named), *alike.values())[:_MOST_DEVICES])


def _instead(hook: _Hook, words: Mapping[str, str]) -> _Hook:
    """Return the hook with other words in its arguments and variables."""
    arguments = hook.arguments and tuple(words.get(word or "", word) for word in hook.arguments)
    variables = {name: words.get(value or "", value) for name, value in hook.variables.items()}
    if variables != hook.variables:
        variables |= dict.fromkeys(_OF_ONE_DEVICE & variables.keys())
    return msgspec.structs.replace(hook, arguments=arguments, variables=variables)


def _states(text: str, hook: _Hook, evidence: Evidence, device: str) -> dict[str, State]:
    scene = Scene.of(evidence, device, variables=hook.variables, arguments=hook.arguments)
    return run_script(text, msgspec.structs.replace(scene, limit=hook.limit))


def _called(caller: str, called: tuple[str, ...], evidence: Evidence, device: str) -> Iterator[SavedSetting]:
    """Yield the possible settings of scripts that a boot script names; its other lines are unknown."""
    scene = Scene.of(evidence, device)
    for path in called:
        states = {} if (texts := scene.texts_of(path)) else uncertain(FEATURES)
        for text in texts:
            # The unknown lines may call a function in this script.
            states |= run_script(text, scene) or (may_concern(text) if _OPEN.search(text) else {})
        if states:
            yield SavedSetting(place=SettingPlace(files=(path,), caller=caller), states=uncertain(states))


def _hooks(
    evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind, *, is_lower: bool
) -> tuple[_Hook, ...]:
    variables, ifupdown_runs = if_up(evidence, device)
    certain, possible = if_up_names(evidence)
    if_up_hook = _Hook(
        patterns=_IF_UP,
        arguments=(),
        variables=variables,
        runs=ifupdown_runs,
        names=certain,
        executed=True,
        limit=_SERVICE_TIMEOUT,
    )
    # NetworkManager brings devices up without ifup.
    initscripts = State.UNKNOWN if evidence.wants("NetworkManager") else evidence.starts("network")
    return (
        *_local(evidence),
        _Hook(patterns=_LOCAL_OF_OTHERS, arguments=_START),
        _Hook(patterns=_BOOT, arguments=_START, limit=_SERVICE_TIMEOUT),
        _Hook(patterns=_IFUP_LOCAL, arguments=(device,), runs=initscripts),
        if_up_hook,
        *([msgspec.structs.replace(if_up_hook, names=possible, runs=State.UNKNOWN)] if possible else ()),
        _Hook(patterns=_SUSE, arguments=(None, device), runs=State.UNKNOWN),
        *_dispatchers(evidence, device, macs, kind),
        *_of_networkd(evidence, device, is_lower=is_lower),
    )


def _local(evidence: Evidence) -> tuple[_Hook, ...]:
    """Return the hooks of rc.local; if there are two files, Red Hat's systemd runs only the one in rc.d.

    Source:
        systemd-rc-local-generator(8): the path is set when systemd is built. On Red Hat /etc/rc.local is a symbolic
        link, which `sed -i` replaces by a file.
    """
    runs = State.UNKNOWN if evidence.may_be_altered(_SERVICE) else State.ON
    if evidence.masks(_SERVICE):
        runs = State.OFF
    is_apart = evidence.files.get(_LOCAL_OF_RED_HAT) not in {None, evidence.files.get(_LOCAL)}
    states = {_LOCAL: State.UNKNOWN if is_apart and runs is State.ON else runs, _LOCAL_OF_RED_HAT: runs}
    return tuple(
        _Hook(patterns=(path,), arguments=_START, runs=state, executed=bool(evidence.wanted))
        for path, state in states.items()
    )


def _dispatchers(evidence: Evidence, device: str, macs: tuple[str, ...], kind: DeviceKind) -> tuple[_Hook, ...]:
    """Return NetworkManager's hooks: for the device if it has a profile, else for an unknown device.

    Source:
        NetworkManager-dispatcher(8): the arguments and the variables; NM_DISPATCHER_ACTION exists since 1.12.
    """
    managed = has_profile(evidence, device, macs, kind) or bool(files_of(evidence, device, macs))
    name = device if managed else None
    knows_action = evidence.udev is not None and evidence.udev >= _ACTION_SINCE
    return tuple(
        _Hook(
            patterns=(pattern,),
            arguments=(name, action if managed else None),
            variables={
                "DEVICE_IFACE": name,
                "DEVICE_IP_IFACE": name,
                "NM_DISPATCHER_ACTION": action if knows_action else None,
            },
            runs=_dispatcher_starts(evidence),
            guarded=True,
            limit=_DISPATCHER_TIMEOUT,
            events=_events(device) if managed and action == "up" else (),
        )
        for pattern, action in zip(_NETWORK_MANAGER, ("up", "pre-up"), strict=True)
    )


def _events(device: str) -> tuple[Mapping[str, str], ...]:
    """Return what replaces `up` and the device for events that follow at boot; some are of no device."""
    of_device = ({"up": f"dhcp{version}-change"} for version in (4, 6))
    return (*of_device, *({"up": event, device: "none"} for event in ("hostname", "connectivity-change")))


def _dispatcher_starts(evidence: Evidence) -> State:
    """Return whether NetworkManager's dispatcher runs scripts: D-Bus starts it by its alias, if it is enabled.

    If no other D-Bus alias of the server is known either, the aliases may not have been read. Then it counts as
    enabled.

    Source:
        NetworkManager-dispatcher.service: Alias=; org.freedesktop.nm_dispatcher.service: SystemdService=.
    """
    if any(map(evidence.masks, (_DISPATCHER, _DISPATCHERS_ALIAS))):
        return State.OFF
    has_alias = any(alias.startswith("dbus-org.") for alias in evidence.aliases)
    lists_links = has_alias or evidence.wants("NetworkManager-wait-online")
    if (lists_links and _DISPATCHERS_ALIAS not in evidence.aliases) or evidence.may_be_altered(_DISPATCHER):
        return State.UNKNOWN
    return evidence.starts("NetworkManager")


def _of_networkd(evidence: Evidence, device: str, *, is_lower: bool) -> Iterator[_Hook]:
    """Yield the hooks of networkd-dispatcher: for an unknown device, if this one only carries others.

    Source:
        networkd-dispatcher 2.2.3: scripts run for each device that networkd lists, in the state that it has when the
        service starts, and in each later one. A device that another program manages becomes routable, never configured.
        networkctl(1): it becomes routable with an address. The state before may have ended earlier.
    """
    for state in _NETWORKD:
        runs = _networkd_dispatcher_starts(evidence)
        certain = state == "routable" or (state == "configured" and not _is_left_to_others(evidence, device))
        yield _Hook(
            patterns=(f"networkd-dispatcher/{state}.d/*",),
            variables={"IFACE": None if is_lower else device, "STATE": state},
            runs=State.UNKNOWN if runs is State.ON and not certain else runs,
            guarded=True,
            executed=True,
        )


def _networkd_dispatcher_starts(evidence: Evidence) -> State:
    """Return whether networkd-dispatcher runs scripts: it and networkd have to start.

    Netplan starts networkd by a unit that is made at boot.

    Source:
        networkd-dispatcher.service: ExecStart=/usr/bin/networkd-dispatcher $networkd_dispatcher_args, which only the
        file sets.
    """
    if evidence.masks("systemd-networkd.service"):
        return State.OFF
    values = assigned(evidence.files.get(_NETWORKD_ARGUMENTS, ""), Scene(device="")) or {}
    arguments = (values.get("networkd_dispatcher_args") or "").split()
    another = any(map(evidence.wants, ("NetworkManager", "network", "wicked", "networking")))
    if arguments not in (["-T"], ["--run-startup-triggers"]) or (another and not evidence.wants("systemd-networkd")):
        return State.UNKNOWN
    return evidence.starts("networkd-dispatcher")


def _is_left_to_others(evidence: Evidence, device: str) -> bool:
    """Return True if another program than networkd may manage the device."""
    if any(map(evidence.wants, ("NetworkManager", "network", "wicked"))):
        return True
    return evidence.wants("networking") and any(stanza.fits(device) for stanza in read_interfaces(evidence).stanzas)
