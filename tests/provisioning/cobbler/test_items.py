"""The server of each MAC, in the forms of Cobbler's versions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.build import TAKEN_AT
from virtscan.model import Mac, Netboot
from virtscan.provisioning.cobbler.items import Items, netboots

MAC = "52:54:00:00:00:01"


def found(*systems: dict[str, Any], **more: Any) -> tuple[Netboot, ...]:
    return netboots(Items(systems=systems, **more), source="cobbler c", at=TAKEN_AT)


def server(system: dict[str, Any], *profiles: dict[str, Any], settings: dict[str, Any]) -> str | None:
    interfaces = {"interfaces": {"eth0": {"mac_address": MAC}}}
    (netboot,) = found({"name": "web01"} | interfaces | system, profiles=profiles, settings=settings)
    return netboot.server


def nested(value: str) -> dict[str, Any]:
    return {"tftp": {"next_server_v4": value, "next_server_v6": "<<inherit>>"}}


# The names of the fields, and how a system refers to its profile, by version: 2.8, 3.2, 3.3, 4.0.
VERSIONS = [
    pytest.param(lambda value: {"server": value}, "name", {"server": "set", "next_server": "other"}, id="2.8"),
    pytest.param(
        lambda value: {"server": "no", "next_server": value}, "name", {"server": "no", "next_server": "set"}, id="3.2"
    ),
    pytest.param(
        lambda value: {"server": "no", "next_server_v4": value, "next_server_v6": "::1"},
        "name",
        {"server": "no", "next_server_v4": "set", "next_server_v6": "::1"},
        id="3.3",
    ),
    pytest.param(nested, "uid", {"server": "no", "next_server_v4": "set"}, id="4.0"),
]


@pytest.mark.parametrize(("field", "reference", "settings"), VERSIONS)
class TestTheNextServer:
    def test_is_the_systems_own(self, field: Any, reference: str, settings: dict[str, Any]) -> None:
        profile = {"name": "p", "uid": "u"} | field("profile")

        assert server({"profile": profile[reference]} | field("own"), profile, settings=settings) == "own"

    def test_is_inherited_from_the_profile(self, field: Any, reference: str, settings: dict[str, Any]) -> None:
        profile = {"name": "p", "uid": "u"} | field("profile")

        assert server({"profile": profile[reference]} | field("<<inherit>>"), profile, settings=settings) == "profile"

    def test_is_inherited_over_profiles(self, field: Any, reference: str, settings: dict[str, Any]) -> None:
        above = {"name": "p", "uid": "u1"} | field("above")
        below = {"name": "q", "uid": "u2", "parent": above[reference]} | field("<<inherit>>")
        system = {"profile": below[reference]} | field("<<inherit>>")

        assert server(system, below, above, settings=settings) == "above"

    def test_is_inherited_from_the_settings_at_last(self, field: Any, reference: str, settings: dict[str, Any]) -> None:
        profile = {"name": "p", "uid": "u", "parent": ""} | field("<<inherit>>")

        assert server({"profile": profile[reference]} | field("<<inherit>>"), profile, settings=settings) == "set"

    def test_is_the_settings_when_the_system_has_it_empty(
        self, field: Any, reference: str, settings: dict[str, Any]
    ) -> None:
        profile = {"name": "p", "uid": "u"} | field("profile")

        assert server({"profile": profile[reference]} | field(""), profile, settings=settings) == "set"

    def test_is_taken_from_the_settings_for_a_system_with_an_image(
        self, field: Any, reference: str, settings: dict[str, Any]
    ) -> None:
        profile = {"name": "p", "uid": "u"} | field("profile")
        system = {reference: "i", "profile": "", "image": "i"} | field("<<inherit>>")

        assert server(system, profile, settings=settings) == "set"


def test_profiles_that_are_each_others_parent_do_not_hang() -> None:
    one = {"name": "p", "parent": "q", "next_server_v4": "<<inherit>>"}
    other = {"name": "q", "parent": "p", "next_server_v4": "<<inherit>>"}
    system = {"profile": "p", "next_server_v4": "<<inherit>>"}

    assert server(system, one, other, settings={"next_server_v4": "set"}) == "set"


@pytest.mark.parametrize("profiles", [(), ({"name": "p", "parent": "q", "next_server_v4": "<<inherit>>"},)])
def test_the_settings_do_not_stand_in_for_a_profile_that_was_not_read(profiles: Any) -> None:
    system = {"profile": "p", "next_server_v4": "<<inherit>>"}

    assert server(system, *profiles, settings={"next_server_v4": "set"}) is None
    assert server(system | {"next_server_v4": "own"}, *profiles, settings={"next_server_v4": "set"}) == "own"


@pytest.mark.parametrize("default", ["127.0.0.1", "", "~", None, "localhost"])
def test_cobblers_default_server_is_not_a_server(default: str | None) -> None:
    assert server({"next_server_v4": "<<inherit>>"}, settings={"next_server_v4": default}) is None


@pytest.mark.parametrize(
    ("recorded", "pending"),
    [
        *((yes, True) for yes in (True, 1, "1", "True", "yes", "on")),
        *((no, False) for no in (False, 0, "0", "False", "~", None)),
    ],
)
def test_a_system_is_pending_when_netboot_is_enabled(recorded: object, pending: bool) -> None:
    system = {"name": "web01", "netboot_enabled": recorded, "interfaces": {"eth0": {"mac_address": MAC}}}

    (netboot,) = found(system)

    assert (netboot.system, netboot.mac, netboot.pending) == ("web01", MAC, pending)


@pytest.mark.parametrize(
    ("settings", "is_exclusive"),
    [
        ({"manage_dhcp": 1}, True),
        ({"manage_dhcp": "1"}, True),
        ({"manage_dhcp": True, "manage_dhcp_v4": True}, True),
        ({"manage_dhcp": True, "manage_dhcp_v4": False}, False),
        ({"manage_dhcp": False, "manage_dhcp_v4": True}, False),
        ({"manage_dhcp": 0}, False),
        ({}, False),
    ],
)
def test_only_a_cobbler_that_manages_dhcp_excludes_other_servers(settings: dict[str, Any], is_exclusive: bool) -> None:
    system = {"name": "web01", "interfaces": {"eth0": {"mac_address": MAC}}, "next_server": "10.1.1.1"}
    (netboot,) = found(system, settings=settings)

    assert (netboot.server, netboot.is_exclusive) == ("10.1.1.1", is_exclusive)


@pytest.mark.parametrize("recorded", ["", "random", "~", None, 5, "<<inherit>>", "a0:00:02:20:fe:80" + ":00" * 14])
def test_an_invalid_mac_is_left_out(recorded: object) -> None:
    system = {"name": "web01", "interfaces": {"a": {"mac_address": recorded}, "b": {"mac_address": MAC.upper()}}}

    assert [netboot.mac for netboot in found(system)] == [MAC]


def test_an_interface_that_is_an_item_belongs_to_the_system_that_it_names() -> None:
    interfaces = (
        {"name": "eth0", "system_uid": "u1", "mac_address": MAC},
        {"name": "eth0", "system_uid": "u2", "mac_address": "52:54:00:00:00:02"},
        {"name": "eth1", "system_uid": "u1", "mac_address": "52:54:00:00:00:03"},
        {"name": "eth0", "system_uid": "gone", "mac_address": "52:54:00:00:00:04"},
    )

    one, other = {"name": "web01", "uid": "u1"}, {"name": "web02", "uid": "u2"}

    assert [(netboot.system, netboot.mac) for netboot in found(one, other, interfaces=interfaces)] == [
        ("web01", MAC),
        ("web01", "52:54:00:00:00:03"),
        ("web02", "52:54:00:00:00:02"),
    ]


def test_fields_of_any_type_raise_no_error() -> None:
    strange = {"name": 5, "interfaces": [1], "tftp": "x", "profile": ["p"], "netboot_enabled": {}}

    assert found(strange, {"interfaces": {"a": 5, "b": {"mac_address": MAC}}, "tftp": {"next_server_v4": 7}}) == (
        Netboot(mac=Mac(MAC), system="", pending=False, source="cobbler c", is_exclusive=False, observed_at=TAKEN_AT),
    )


def test_a_system_as_cobbler_stores_it_is_read(corpus: Path) -> None:
    (path,) = (corpus / "cobbler").glob("*systems__host.example.org.json")
    system = json.loads(path.read_text())

    assert found(system, settings={"next_server_v4": "192.168.1.1"}) == tuple(
        Netboot(
            mac=Mac(mac),
            system="host.example.org",
            pending=False,
            source="cobbler c",
            server="192.168.1.1",
            is_exclusive=False,
            observed_at=TAKEN_AT,
        )
        for mac in ("aa:bb:cc:dd:ee:aa", "aa:bb:cc:dd:ee:ab")
    )
