"""Conversion of Cobbler's items to boot records, with `<<inherit>>` resolved as Cobbler does it; pure.

Source:
    cobbler.git, the newest of each branch from release22 to release33, and main (4.0): `item._resolve`, before 3.3
    `utils.blender`; `modules/managers/isc.py` for the choice of `next-server`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from virtscan.model import Netboot
from virtscan.provisioning.records import mac_address

CobblerItem: TypeAlias = Mapping[str, object]

INHERIT = "<<inherit>>"

FIELDS = frozenset({
    "interfaces", "mac_address", "manage_dhcp", "manage_dhcp_v4", "name", "netboot_enabled", "next_server",
    "next_server_v4", "parent", "profile", "server", "system_uid", "tftp", "uid",
})  # fmt: skip
"""The fields that are read here, out of about a hundred of a system."""

_ABSENT = {"", "~"}
"""`~` stands for None (`xmlrpc_hacks`)."""


class Items(msgspec.Struct, frozen=True, kw_only=True):
    """Cobbler's items as received; `interfaces` is empty if they are part of systems."""

    systems: tuple[CobblerItem, ...] = ()
    interfaces: tuple[CobblerItem, ...] = ()
    profiles: tuple[CobblerItem, ...] = ()
    settings: CobblerItem = {}


def netboots(items: Items, *, source: str, at: datetime) -> tuple[Netboot, ...]:
    """Return a record per interface with a MAC, in Cobbler's order; a system boots by all interfaces, or by none."""
    by_reference = {reference: profile for profile in items.profiles for reference in _references(profile)}
    apart = _by_system(items.interfaces)
    is_exclusive = _manages_dhcp(items.settings)
    return tuple(
        Netboot(
            mac=mac,
            system=_text(system.get("name")),
            pending=_is_true(system.get("netboot_enabled")),
            source=source,
            server=_next_server(system, by_reference, items.settings),
            is_exclusive=is_exclusive,
            observed_at=at,
        )
        for system in items.systems
        for interface in _interfaces(system, apart)
        if (mac := mac_address(interface.get("mac_address"))) is not None
    )


def _manages_dhcp(settings: CobblerItem) -> bool:
    """Return True if Cobbler writes next servers into a DHCP configuration; from 3.3 on this needs both settings."""
    return _is_true(settings.get("manage_dhcp")) and _is_true(settings.get("manage_dhcp_v4", True))


def _next_server(system: CobblerItem, profiles: Mapping[str, CobblerItem], settings: CobblerItem) -> str | None:
    """Return the first value that is not inherited, from the system up its profiles, else that of the settings.

    An empty value omits the option for this host, so that the option for all hosts counts, which is that of the
    settings. An image as a parent has no next server. None if a profile is unknown, because its value would take
    precedence over the settings.
    """
    item, reference, seen = system, _text(system.get("profile")), set[str]()
    while (value := _own_next_server(item)) == INHERIT and reference and reference not in seen:
        if reference not in profiles:
            return None
        seen.add(reference)
        item = profiles[reference]
        reference = _text(item.get("parent"))
    return (None if value == INHERIT else _set_server(value)) or _of_settings(system, settings)


def _own_next_server(item: CobblerItem) -> str:
    """Return an item's next server, whose key depends on the version: 4.0, 3.3, 3.0, or `server` before 3.0."""
    tftp = item.get("tftp")
    nested = tftp if isinstance(tftp, dict) else {}
    for fields, key in ((nested, "next_server_v4"), (item, "next_server_v4"), (item, "next_server"), (item, "server")):
        if key in fields:
            return _text(fields[key])
    return INHERIT


def _of_settings(system: CobblerItem, settings: CobblerItem) -> str | None:
    """Return the next server of the settings; before 3.0 it is `server`, although there is a `next_server` as well."""
    old = not {"tftp", "next_server_v4", "next_server"} & system.keys()
    keys = ("server", "next_server") if old else ("next_server_v4", "next_server", "server")
    return next((value for key in keys if (value := _set_server(_text(settings.get(key))))), None)


def _set_server(server: str) -> str | None:
    """Return None for an unset value: Cobbler's default is 127.0.0.1, which no client can reach."""
    return None if server in {"", "127.0.0.1", "localhost", "0.0.0.0"} else server  # noqa: S104  compared, not bound


def _interfaces(system: CobblerItem, apart: Mapping[str, list[CobblerItem]]) -> list[CobblerItem]:
    inside = system.get("interfaces")
    if isinstance(inside, dict):
        return [interface for interface in inside.values() if isinstance(interface, dict)]
    return apart.get(_text(system.get("uid")), [])


def _by_system(interfaces: tuple[CobblerItem, ...]) -> Mapping[str, list[CobblerItem]]:
    by_system: dict[str, list[CobblerItem]] = {}
    for interface in interfaces:
        by_system.setdefault(_text(interface.get("system_uid")), []).append(interface)
    return by_system


def _references(profile: CobblerItem) -> Iterator[str]:
    """Yield the words by which systems and profiles refer to a profile: its name, and from version 4 on its uid."""
    for key in ("name", "uid"):
        if reference := _text(profile.get(key)):
            yield reference


def _text(value: object) -> str:
    return "" if not isinstance(value, str) or value in _ABSENT else value


def _is_true(value: object) -> bool:
    """Read a flag as Cobbler does (`input_boolean`): old versions stored the text as typed."""
    return str(value).lower() in {"true", "1", "on", "yes", "y"}
