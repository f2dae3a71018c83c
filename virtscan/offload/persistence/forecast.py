"""Lasting settings and the present state -> what will be after the next reboot."""

from collections.abc import Mapping

from virtscan.model import Feature, Persistence, State
from virtscan.offload.persistence.cron import cron
from virtscan.offload.persistence.evidence import WAYS, Evidence, SavedSetting
from virtscan.offload.persistence.hooks import hooks
from virtscan.offload.persistence.ifcfg import ifcfg
from virtscan.offload.persistence.ifupdown import ifupdown
from virtscan.offload.persistence.netplan import netplan
from virtscan.offload.persistence.profiles import links, network_manager
from virtscan.offload.persistence.udev import udev_rules
from virtscan.offload.persistence.units import units

_SEARCHED = "NetworkManager, ifcfg, systemd.link, ifupdown, netplan, units, udev rules, cron or boot scripts"


def forecast(
    evidence: Evidence, *, device: str, macs: tuple[str, ...], features: Mapping[str, Feature], now: State
) -> Persistence:
    """Forecast TX checksum offload for UDP over IPv4 after the next reboot, for any device of the server.

    Args:
        evidence: What the server showed of its configuration.
        device: The device in question.
        macs: The device's addresses, permanent ones included, by which files may name it.
        features: The device's features now; no file changes a fixed one.
        now: The present state of TX checksum offload.
    """
    settings = (
        *network_manager(evidence, device, macs),
        *ifcfg(evidence, device, macs),
        *links(evidence, device, macs),
        *netplan(evidence, device, macs),
        *ifupdown(evidence, device),
        *hooks(evidence, device, macs),
        *units(evidence, device),
        *udev_rules(evidence, device, macs),
        *cron(evidence, device),
    )
    if all(way in features and features[way].fixed for way in WAYS):
        return Persistence(tx_checksum=now, setting="fixed by the driver")
    outcomes = {setting.where: outcome for setting in settings if (outcome := _outcome(setting, features))}
    unread = "; ".join(
        f"could not {act} {', '.join(places)}"
        for act, places in (("read", evidence.unreadable), ("interpret", evidence.unclear))
        if places
    )
    if outcomes:
        return _agreed(outcomes, unread)
    if unread:
        return Persistence(setting=unread)
    if now is State.UNKNOWN:
        return Persistence(setting=f"no persistent setting in {_SEARCHED}, and the present state is unknown")
    if now is State.OFF and any(way in features and features[way].requested is State.ON for way in WAYS):
        return Persistence(setting="off now, although on is requested")
    hint = "; ethtool -K alone is lost at the next reboot" if now is State.OFF else ""
    return Persistence(tx_checksum=State.ON, setting=f"no persistent setting in {_SEARCHED}{hint}")


def _outcome(setting: SavedSetting, features: Mapping[str, Feature]) -> State | None:
    """Return what comes of one setting; None when it leaves TX checksum offload for UDP over IPv4 as it is."""
    states = []
    is_set = False
    for way in WAYS:
        feature = features.get(way)
        if feature and feature.fixed:
            states.append(feature.state)
        else:
            is_set = is_set or way in setting.states
            states.append(setting.states.get(way, State.UNKNOWN))
    if not is_set:
        return None
    if State.ON in states:
        return State.ON
    return State.UNKNOWN if State.UNKNOWN in states else State.OFF


def _agreed(outcomes: Mapping[str, State], unread: str) -> Persistence:
    where = "; ".join(f"{name}: {state.value}" for name, state in outcomes.items())
    states = set(outcomes.values())
    if states == {State.ON} and unread:  # a place that was not read may turn it off
        return Persistence(setting=f"{where}; {unread}")
    return Persistence(tx_checksum=states.pop() if len(states) == 1 else State.UNKNOWN, setting=where)
