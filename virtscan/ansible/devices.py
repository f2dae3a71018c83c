"""What Ansible's facts say about network devices."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from virtscan.hostnet.links import Link, mac
from virtscan.hostnet.natures import CARD, NATURES, NOBODY_KNOWS, Nature
from virtscan.model import Device, DeviceName

_KINDS = {"bonding": "bond", "bridge": "bridge"}
_BELOW = {"bonding": "slaves", "bridge": "interfaces"}
_UNDERSCORED = {"udp-tnl": "udp_tnl", "udp-tunnel": "udp_tunnel"}
"""Words in names of features that have an underscore in ethtool, too."""


def read_devices(facts: Mapping[str, Any], *, source: str, at: datetime | None) -> tuple[Device, ...]:
    """Give every device; `facts` are those of a host, by name without `ansible_`.

    Of what a VLAN or a veth is, Ansible says no more than that it is Ethernet.

    Source:
        ansible lib/ansible/module_utils/facts/network/linux.py get_interfaces_info.
    """
    links: dict[str, Link] = {}
    natures: dict[str, Nature] = {}
    below: dict[str, list[DeviceName]] = {}
    for label, entry in _entries(facts):
        name = label.partition(":")[0]  # an alias's addresses are its device's
        link = links.setdefault(name, Link(name=name))
        for address, scope in _addresses(entry):
            link.add_address(address, scope)
        if name == label:
            link.mac = mac(str(entry.get("macaddress", "")))
            natures[name] = _nature(entry)
            lower = entry.get(_BELOW.get(str(entry.get("type")), ""))
            below[name] = [DeviceName(one) for one in lower if isinstance(one, str)] if isinstance(lower, list) else []
    return tuple(
        Device(
            name=DeviceName(name),
            kind=natures.get(name, NOBODY_KNOWS).kind,
            backing=natures.get(name, NOBODY_KNOWS).backing,
            lower=tuple(below.get(name, ())),
            mac=link.mac,
            addresses=tuple(link.addresses),
            sources=(source,),
            observed_at=at,
        )
        for name, link in links.items()
    )


def read_features(facts: Mapping[str, Any]) -> dict[DeviceName, str]:
    """Give by device the text that `ethtool -k` printed before Ansible put underscores into the names."""
    return {
        DeviceName(name): "\n".join([f"Features for {name}:", *_lines(entry["features"]), ""])
        for name, entry in _entries(facts)
        if isinstance(entry.get("features"), dict) and entry["features"]
    }


def _lines(features: Mapping[str, Any]) -> Iterator[str]:
    for key, value in features.items():
        name = key.replace("_", "-")
        for dashed, own in _UNDERSCORED.items():
            name = name.replace(dashed, own)
        yield f"{name}: {value}"


def _entries(facts: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in facts.values():
        if isinstance(entry, dict) and isinstance(entry.get("device"), str) and entry["device"].split():
            yield entry["device"], entry


def _addresses(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    own = "host" if entry.get("type") == "loopback" else "global"
    for key in ("ipv4", "ipv4_secondaries", "ipv6"):
        told = entry.get(key)
        for address in told if isinstance(told, list) else [told]:
            if isinstance(address, dict):
                length = address.get("prefix") or address.get("netmask")
                yield f"{address.get('address')}/{length}", str(address.get("scope", own))


def _nature(entry: Mapping[str, Any]) -> Nature:
    """Its own word, or a card where a device of a bus stands behind it."""
    kind = _KINDS.get(str(entry.get("type")))
    if kind is not None:
        return NATURES[kind]
    return CARD if entry.get("type") == "ether" and entry.get("pciid") else NOBODY_KNOWS
