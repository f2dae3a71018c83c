"""NetworkManager's profiles, and whether it refuses one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from virtscan.model import State
from virtscan.offload.persistence.evidence import Evidence
from virtscan.offload.persistence.files import ini

Values = Mapping[tuple[str, str], str]
ETHERNET = ("ethernet", "802-3-ethernet")
BOOLEANS = frozenset({"true", "false", "1", "0"})
REFUSED = ("", "refused")
"""The key of a profile that NetworkManager may refuse, or can't activate."""
KINDS = frozenset({*ETHERNET, "bond", "bridge", "vlan", "team", "infiniband", "dummy", "generic", "macvlan", "veth"})
_IFCFG = "/etc/sysconfig/network-scripts/ifcfg-*"
_PROFILES = "*/NetworkManager/system-connections/*"
_IGNORED = re.compile(r"\..*|.*(~|\.(pem|der|nmmeta)|\.[A-Za-z0-9]{6})")
"""Names of files in /etc that are not profiles: hidden and temporary ones, and marks of deleted profiles."""
_BASES = KINDS | {
    "wifi",
    "802-11-wireless",
    "vpn",
    "wireguard",
    "loopback",
    "tun",
    "ip-tunnel",
    "vxlan",
    "vrf",
    "macsec",
}
"""Sections of which the only one gives a profile its type."""
_NEEDS = {"vlan": "parent", "macvlan": "parent", "veth": "peer"}
_UNCHECKED = {"802-1x", "user", "tc", "sriov"}
_METHODS = {
    "ipv4": {"auto", "manual", "disabled", "link-local", "shared"},
    "ipv6": {"auto", "manual", "disabled", "link-local", "shared", "ignore", "dhcp"},
}
_IP = {
    "ipv4": re.compile(r"\d+(\.\d+){3}([/;,].*|$)"),
    "ipv6": re.compile(r"[\da-f:.]*:[\da-f:.]*([/;,].*|$)", re.IGNORECASE),
}
_UUID = re.compile(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}", re.IGNORECASE)
_BOND = re.compile(
    r"""
    .*/mode=(balance-(rr|xor|tlb|alb)|active-backup|broadcast|802\.3ad|[0-6])
    |.*/(miimon=[1-9]\d{0,8}|(updelay|downdelay|min_links|resend_igmp)=\d{1,9}|use_carrier=[01]|lacp_rate=(slow|0))
    |.*/(xmit_hash_policy=(layer2|layer2\+3|layer3\+4|encap2\+3|encap3\+4)|ad_select=(stable|bandwidth|count))
    |.*/(primary_reselect=(always|better|failure)|fail_over_mac=(none|active|follow))
    |(802\.3ad|4)/lacp_rate=(fast|1)
    |(active-backup|1|balance-[ta]lb|5|6)/primary=[^\s,;]+
    """,
    re.VERBOSE,
)
"""Options that NetworkManager takes for a bond, each after its mode; further ones depend on each other."""
_BRIDGE = re.compile(
    r"stp=(true|false|0|1)|forward-delay=([2-9]|[12]\d|30)|priority=\d{1,5}|ageing-time=\d{1,6}|hello-time=([1-9]|10)"
    r"|max-age=([6-9]|[123]\d|40)"
    r"|multicast-(snooping|querier)=(true|false|0|1)|vlan-filtering=(true|false|0|1)|mac-address=.*|interface-name=.*"
)
_CHECKED = re.compile(
    r"(id|mdns|llmnr|dns-over-tls|multi-connect|mud-url|mptcp-flags|wake-on-lan(-password)?|duplex|port|s390-.*"
    r"|generate-mac-address-mask|link-local|token|addr-gen-mode|dhcp-(hostname-flags|iaid|duid|fqdn|reject-servers))="
)
"""Options for which NetworkManager refuses a profile if the value is invalid; it ignores others that are."""
_VALID = re.compile(
    r"id=.+|(mdns|llmnr|dns-over-tls|multi-connect)=[012]|wake-on-lan=(0|1|64|32768)|duplex=(full|half)"
    r"|port=(tp|aui|bnc|mii)|addr-gen-mode=(eui64|stable-privacy|default|default-or-eui64|[0-3])"
)
_PORT_OF = ("master", "controller")
_PORT_KIND = ("slave-type", "port-type")


def profiles(evidence: Evidence) -> Mapping[str, Values]:
    """Return the profiles by path; `REFUSED` is a key of those that NetworkManager may refuse or can't activate.

    Source:
        NetworkManager 1.42.4: a port is activated with its controller, or not at all.
    """
    read = dict(_profiles(evidence))
    usable = [path for path, values in read.items() if REFUSED not in values and exposure(evidence, path) is State.OFF]
    return {
        path: {**values, REFUSED: ""} if _lacks_controller(values, read, usable, evidence, depth=0) else values
        for path, values in read.items()
    }


def _lacks_controller(
    values: Values, read: Mapping[str, Values], usable: Sequence[str], evidence: Evidence, *, depth: int
) -> bool:
    """Return True if the controller of a port has no profile that is activated without a user.

    An ifcfg file of the controller counts as such a profile. Where no enabled unit is known, files may be missing, and
    the controller is assumed to exist.
    """
    name = _first(values, _PORT_OF)
    if name is None or names_device(evidence, name):
        return False
    named = [
        path
        for path, profile in read.items()
        if name in {profile.get(("connection", "uuid")), profile.get(("connection", "interface-name"))}
    ]
    return bool(named or evidence.wanted) and not any(
        path in usable
        and read[path]["connection", "type"] == _first(values, _PORT_KIND)
        and read[path].get(("connection", "autoconnect"), "true") in {"true", "1"}
        and not read[path].get(("connection", "permissions"))
        and depth < 4
        and not _lacks_controller(read[path], read, usable, evidence, depth=depth + 1)
        for path in named
    )


def names_device(evidence: Evidence, name: str) -> bool:
    """Return True if an ifcfg file is about a device of this name."""
    line = re.compile(rf"\s*DEVICE=[\"']?{re.escape(name)}[\"']?\s*")
    return any(line.fullmatch(one) for _, text in evidence.matching(_IFCFG) for one in text.splitlines())


def _first(values: Values, keys: Sequence[str]) -> str | None:
    return next((values["connection", key] for key in keys if values.get(("connection", key))), None)


def _profiles(evidence: Evidence) -> Iterator[tuple[str, Values]]:
    """Yield the files with their values; without a type, the only section of a type decides.

    Source:
        NetworkManager 1.42.4, `nmcli --offline connection modify`; as run: UUID.nmmeta hides a profile of a package.
    """
    for path, text in _files(evidence):
        values = {(section, key): value for section, key, value in ini(text)}
        sections = frozenset(re.findall(r"^\s*\[(.*)\]\s*$", text, re.MULTILINE))
        kind = values.get(("connection", "type"), "".join(sections & _BASES) if len(sections & _BASES) == 1 else "")
        hidden = any(f"{values.get(('connection', 'uuid'))}.nmmeta" in name for name in evidence.files)
        refused = {REFUSED: ""} if hidden or _is_refused(text, sections, values) else {}
        yield str(path), {**values, ("connection", "type"): kind, **refused}


def _files(evidence: Evidence) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield the files that are profiles; in /etc the name needs no suffix, so that a backup is a profile, too.

    Source:
        NetworkManager 1.42.4, as run: it activated eth0.nmconnection.bak; nm_keyfile_utils_ignore_filename.
    """
    for name, text in sorted(evidence.files.items()):
        path = PurePosixPath(name)
        read = not _IGNORED.fullmatch(path.name) if path.is_relative_to("/etc") else path.suffix == ".nmconnection"
        if path.match(_PROFILES) and read:
            yield path, text


def _is_refused(text: str, sections: frozenset[str], values: Values) -> bool:
    """Return True if NetworkManager may refuse a profile: it is invalid, or has a section that is not checked here.

    Source:
        NetworkManager 1.42.4, `nmcli --offline connection modify`: a line without `=`, even a comment after `;`; an
        empty section of IP; addresses that the method needs or excludes; a port without its type.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    own = {key: value for (section, key), value in values.items() if section == "connection"}
    kind = own.get("type", "")
    port = own.keys() & set(_PORT_OF), own.keys() & set(_PORT_KIND)
    return (
        not all(re.fullmatch(r"\[.*\]|[^=]+=.*", line) for line in lines)
        or not "".join(lines[:1]).startswith("[")
        or bool(sections & _UNCHECKED)
        or bool(port[0]) != bool(port[1])
        or not _UUID.fullmatch(own.get("uuid", "0" * 8 + "-0000" * 3 + "-" + "0" * 12))
        or not all(_is_plain(section, key, value, values) for (section, key), value in values.items())
        or not all(_has_addresses(section, values) for section in sections & _METHODS.keys())
        or (kind in _NEEDS and (kind, _NEEDS[kind]) not in values)
    )


def _is_plain(section: str, key: str, value: str, values: Values) -> bool:
    """Return True for an option that NetworkManager takes, or that it ignores if it is invalid."""
    match section:
        case "bond":
            mode = values.get(("bond", "mode"), "balance-rr")
            return _BOND.fullmatch(f"{mode}/{key}={value}") is not None
        case "bridge":
            return _BRIDGE.fullmatch(f"{key}={value}") is not None
    return not _CHECKED.match(f"{key}=") or _VALID.fullmatch(f"{key}={value}") is not None


def _has_addresses(section: str, values: Values) -> bool:
    """Return True if a section of IP has a method, and addresses as far as the method needs or allows them."""
    own = {key: value for (part, key), value in values.items() if part == section}
    method = own.get("method")
    addresses = [
        key
        for key, value in own.items()
        if re.fullmatch(r"address(es)?(0|[1-9]\d*)?", key) and _IP[section].fullmatch(value.strip())
    ]
    needless = own.keys() & {"dns", "dns-search"} if method in {"disabled", "link-local", "ignore"} else ()
    if method not in _METHODS[section] or ("gateway" in own and not addresses) or needless:
        return False
    return bool(addresses) if method == "manual" else not (addresses and method in {"disabled", "link-local", "ignore"})


def exposure(evidence: Evidence, path: str) -> State:
    """Return whether NetworkManager ignores a profile because others may read it; UNKNOWN for a package's profile."""
    exposed = evidence.exposed.get(path, State.OFF)
    return State.UNKNOWN if exposed is State.ON and path.startswith("/usr/lib/") else exposed
