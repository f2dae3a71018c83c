"""Parser of `ip link` and `ip address`, of every version."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from virtscan.hostnet.link_kinds import LINK_KINDS
from virtscan.hostnet.links import LinkEntry, devices, mac
from virtscan.model import Device

# `2: eth0.11@eth0: <UP,…> …`, and of `ip -o address` one line an address: `2: eth0    inet 192.0.2.1/24 …`.
_HEAD = re.compile(r"\s*\d+:\s+([^\s@:]+)(?:@([^\s:]+))?(?::\s+(?=<)|\s+(?=inet6?\s))(.*)")
_MASTER = re.compile(r"\smaster (\S+)")
_LINK = re.compile(r"link/(\S+)(?: (\S+))?")
_PARENT = re.compile(r"\s(?:parentdev|permaddr) \S")
_PERMANENT = re.compile(r"\s(?:permaddr|perm_hwaddr) (\S+)")
_MODE = re.compile(r"\smode (\w+)")
_ADDRESS = re.compile(r"inet6? (\S+).*? scope (\S+)")
_VLAN_ID = re.compile(r" id (\d{1,4})\b")
_FRAMES = frozenset({"ether", "infiniband"})
"""Link types of devices that can have members or ports, or be one. Others are tunnels of IP packets."""

_FOREIGN = re.compile(r"if\d+|NONE|lo")
"""The name after the `@` if the other device is in another namespace, or missing.

Before Linux 4.0 `ip` may print the name of the local device with the same index, for instance `lo`.
"""


def read_ip(text: str, *, source: str, complete: bool = False) -> tuple[Device, ...]:
    """Read the output of `ip link` or `ip address`, with any of -d, -s, -o, or -j.

    Kinds, VLANs and lower devices come with -d only; without it a device is a name with a MAC and addresses.
    Loopback and link-local addresses are left out.

    Args:
        text: The output.
        source: The name of the source, for `Device.sources`.
        complete: True for the output of `ip -d link` of all devices. Unless truncated, it has every bond member and
            bridge port.

    Returns:
        The devices in the order of the output.

    Source:
        iproute2 ip/ipaddress.c print_linkinfo, print_linktype, print_addrinfo.
    """
    links = _from_json(text) if text.lstrip().startswith("[") else _from_text(text)
    return devices(list(links), source, complete=complete and is_whole(text))


def is_whole(text: str) -> bool:
    """Return False for output of `ip link` that is truncated, or that has an error message of `ip` about its dump.

    The last device is complete if it has its MAC and, with -s, its statistics. JSON is whole if a device can be
    read from it: it is parsed only if complete.
    """
    if text.lstrip().startswith("["):
        return next(_from_json(text), None) is not None
    lines = [line for line in text.replace("\\", "\n").splitlines() if line.strip()]
    heads = [number for number, line in enumerate(lines) if _HEAD.fullmatch(line)]
    if not heads or any(not line[0].isspace() and not _HEAD.fullmatch(line) for line in lines):
        return False
    words = [line.split(maxsplit=1)[0] for line in lines]
    last = words[heads[-1] :]
    return any(word.startswith("link/") for word in last) and ("RX:" not in words or "TX:" in last[:-1])


def _from_text(text: str) -> Iterator[LinkEntry]:
    links: dict[str, LinkEntry] = {}
    link: LinkEntry | None = None
    for line in text.replace("\\", "\n").splitlines():  # -o puts a backslash where the line would end
        if head := _HEAD.fullmatch(line):
            link = links.setdefault(head[1], LinkEntry(name=head[1]))
            link.link = _named(head[2]) or link.link
            _read(link, f" {head[3].lstrip()}")
        elif link is not None:
            _read(link, f" {line.strip()}")
    yield from links.values()


def _read(link: LinkEntry, line: str) -> None:
    """Add the facts about the device from one line, which begins with a space."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    if word.startswith("<"):
        master = _MASTER.search(line)
        link.master = master[1] if master else link.master
    elif word.startswith("link/"):
        shown = _LINK.search(line)
        link.mac = mac(shown[2] or "") if shown and shown[1] == "ether" else None
        link.is_tunnel = shown is not None and shown[1] not in _FRAMES
    elif word in {"inet", "inet6"}:
        if address := _ADDRESS.search(line):
            link.add_address(address[1], address[2])
        return
    elif word.endswith("_slave"):
        link.port_of = word.removesuffix("_slave")
    elif word in LINK_KINDS:
        link.kind = link.kind or word
        mode = _MODE.search(line) if word in {"macvlan", "macvtap"} else None
        link.mode = mode[1] if mode else link.mode
        number = _VLAN_ID.search(line) if word == "vlan" else None
        link.vlan_id = int(number[1]) if number else link.vlan_id
    elif word == "alias":  # free text
        return
    if permanent := _PERMANENT.search(line):
        link.permanent_mac = mac(permanent[1]) or link.permanent_mac
    link.has_parent = link.has_parent or bool(_PARENT.search(line))


def _from_json(text: str) -> Iterator[LinkEntry]:
    try:
        entries = msgspec.json.decode(text, type=list[dict[str, Any]])  # Any: each value is looked at below
    except (msgspec.DecodeError, RecursionError):
        return
    for entry in entries:
        name = _text(entry, "ifname")
        if name is None:
            continue
        info = _mapping(entry, "linkinfo")
        kind = _text(info, "info_kind")
        data = _mapping(info, "info_data")
        number = data.get("id") if kind == "vlan" else None
        own = entry if "permaddr" in entry else _mapping(info, "info_slave_data")
        link = LinkEntry(
            name=name,
            kind=kind,
            link=_text(entry, "link"),
            master=_text(entry, "master"),
            port_of=_text(info, "info_slave_kind"),
            mac=mac(_text(entry, "address") or "") if entry.get("link_type", "ether") == "ether" else None,
            permanent_mac=mac(_text(own, "permaddr") or _text(own, "perm_hwaddr") or ""),
            mode=_text(data, "mode"),
            vlan_id=number if isinstance(number, int) else None,
            has_parent=_text(entry, "parentdev") is not None or _text(entry, "permaddr") is not None,
            is_tunnel=(_text(entry, "link_type") or "ether") not in _FRAMES,
        )
        for address in _mappings(entry, "addr_info"):
            link.add_address(f"{_text(address, 'local')}/{address.get('prefixlen')}", _text(address, "scope"))
        yield link


def _named(link: str | None) -> str | None:
    return None if link is None or _FOREIGN.fullmatch(link) else link


def _text(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    return value if isinstance(value, str) and value else None


def _mapping(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = entry.get(key)
    return value if isinstance(value, dict) else {}


def _mappings(entry: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    value = entry.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
