"""Ansible's facts about network devices."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from virtscan.hostnet.link_kinds import LINK_KINDS, NIC, TUNNEL, UNKNOWN_KIND, LinkKind, driver_name
from virtscan.hostnet.links import LinkEntry, mac
from virtscan.model import Device, DeviceName

_KINDS = {"bonding": "bond", "bridge": "bridge"}
_LOWER = {"bonding": "slaves", "bridge": "interfaces"}
_TUNNELS = frozenset({"ppp", "tunnel"})
_UNDERSCORED = {"udp-tnl": "udp_tnl", "udp-tunnel": "udp_tunnel"}
"""Words in names of features that also have an underscore in ethtool."""


def read_devices(facts: Mapping[str, Any], *, source: str, at: datetime | None) -> tuple[Device, ...]:
    """Return every device; `facts` are those of a host, by name without `ansible_`.

    For a VLAN, veth or macvlan, Ansible only reports Ethernet. Its lists of bond members and bridge ports are complete,
    because they come from /sys.

    Source:
        ansible lib/ansible/module_utils/facts/network/linux.py get_interfaces_info.
    """
    links: dict[str, LinkEntry] = {}
    entries: dict[str, Mapping[str, Any]] = {}
    for label, entry in _entries(facts):
        name = label.partition(":")[0]  # an alias's addresses are its device's
        link = links.setdefault(name, LinkEntry(name=name))
        for address, scope in _addresses(entry):
            link.add_address(address, scope)
        if name == label:
            entries[name] = entry
    return tuple(_device(link, entries.get(name, {}), source, at) for name, link in links.items())


def _device(link: LinkEntry, entry: Mapping[str, Any], source: str, at: datetime | None) -> Device:
    kind = _link_kind(entry)
    lower = entry.get(_LOWER.get(str(entry.get("type")), ""))
    names = [DeviceName(member) for member in lower if isinstance(member, str)] if isinstance(lower, list) else []
    return Device(
        name=DeviceName(link.name),
        kind=kind.kind,
        backing=kind.backing,
        lower=tuple(names),
        lower_complete=isinstance(lower, list) or not kind.has_lower,
        driver=driver_name(str(entry.get("module") or "")) if kind == NIC else None,
        mac=mac(str(entry.get("macaddress", ""))),
        permanent_mac=mac(str(entry.get("perm_macaddress", ""))),
        addresses=tuple(link.addresses),
        sources=(source,),
        observed_at=at,
    )


def lists_all_devices(facts: Mapping[str, Any]) -> bool:
    """Return True if there are facts about each of the host's interfaces (a filter may have left some out)."""
    return isinstance(facts.get("interfaces"), list) and not without_facts(facts)


def without_facts(facts: Mapping[str, Any]) -> tuple[DeviceName, ...]:
    """Return the interfaces that Ansible lists without facts."""
    return tuple(DeviceName(name) for name in sorted(_listed(facts) - {label for label, _ in _entries(facts)}))


def read_features(facts: Mapping[str, Any]) -> dict[DeviceName, str]:
    """Return the output of `ethtool -k` by device, with the dashes that Ansible replaced by underscores."""
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
    """Yield the facts of each device by its name, and those of each label as `DEVICE:LABEL`.

    An address with a label (`ip address add … label eth0:1`) is nowhere else, unless its subnet has another address.
    """
    names: dict[str, str | None] = {_key(name): None for name in _listed(facts)}
    for entry in facts.values():
        if isinstance(entry, dict) and isinstance(entry.get("device"), str) and entry["device"].split():
            name = entry["device"]
            names[_key(name)] = name.partition(":")[0]
            yield name, entry
    for key, entry in facts.items():
        if _is_label(entry):
            longest = max(filter(key.startswith, names), key=len, default="")
            if (device := names.get(longest)) is not None:
                yield f"{device}:{key}", entry


def _listed(facts: Mapping[str, Any]) -> set[str]:
    """Return the names of the devices that Ansible lists, with or without facts; labels are listed as well."""
    names = facts.get("interfaces")
    listed = {str(name).partition(":")[0] for name in names} if isinstance(names, list) else set()
    return {name for name in listed if not _is_label(facts.get(_key(name)))}


def _is_label(entry: object) -> bool:
    """Return True for the facts of a label, which Ansible lists among the interfaces: addresses alone."""
    return isinstance(entry, dict) and bool(entry) and entry.keys() <= {"ipv4", "ipv4_secondaries"}


def _key(name: str) -> str:
    """Return the key of an interface's facts."""
    return name.replace("-", "_").replace(":", "_")


def _addresses(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    own = "host" if entry.get("type") == "loopback" else "global"
    for key in ("ipv4", "ipv4_secondaries", "ipv6"):
        listed = entry.get(key)
        for address in listed if isinstance(listed, list) else [listed]:
            if isinstance(address, dict):
                length = address.get("prefix") or address.get("netmask")
                yield f"{address.get('address')}/{length}", str(address.get("scope", own))


def _link_kind(entry: Mapping[str, Any]) -> LinkKind:
    """Return the kind by the entry's type, or a NIC if it has a bus device or a driver's module.

    A team has the type of its members.
    """
    kind = _KINDS.get(str(entry.get("type")))
    if kind is not None:
        return LINK_KINDS[kind]
    if str(entry.get("type")) in _TUNNELS:
        return TUNNEL
    return NIC if entry.get("type") == "ether" and (entry.get("pciid") or entry.get("module")) else UNKNOWN_KIND
