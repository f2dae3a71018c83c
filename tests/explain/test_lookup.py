"""Interfaces that a name, a uuid, a MAC or a glob selects."""

import pytest

from tests.build import bridged, domain, hypervisor, inventory, macvtap
from virtscan.explain import InterfacePosition, find, has_no_interface, near
from virtscan.model import Inventory, parse_mac

UUID = "5c1e1f52-2f6e-4c37-9a55-2f5b0c9b7e07"


def fleet() -> Inventory:
    return inventory(
        hypervisor(
            "hv1",
            domain("web01", macvtap(), bridged(index=1), uuid=UUID),
            domain("web02", macvtap(mac="52:54:00:00:00:02")),
        ),
        hypervisor(
            "hv2",
            domain("web[1]", bridged(mac="52:54:00:00:00:03")),
            domain("lone"),
            domain("web01", macvtap(mac="52:54:00:00:00:04")),
        ),
    )


@pytest.mark.parametrize(
    ("wanted", "positions"),
    [
        ("web02", [(0, 1, 0)]),
        ("web01", [(0, 0, 0), (0, 0, 1), (1, 2, 0)]),
        (UUID, [(0, 0, 0), (0, 0, 1)]),
        (UUID.upper(), [(0, 0, 0), (0, 0, 1)]),
        ("52:54:00:93:76:af", [(0, 0, 0)]),
        ("5254.0093.76AF", [(0, 0, 0)]),
        ("web[1]", [(1, 0, 0)]),
        ("web0[12]", [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 2, 0)]),
        ("*", [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 2, 0)]),
        ("WEB02", []),
        ("lone", []),
        ("", []),
        ("52:54:00:93:76", []),
        ("\x1b[31m", []),
    ],
)
def test_a_name_is_taken_exactly_and_only_then_as_a_pattern(wanted: str, positions: list[tuple[int, int, int]]) -> None:
    assert list(find(fleet(), wanted)) == [InterfacePosition(*position) for position in positions]


@pytest.mark.parametrize(
    "text",
    [
        "52:54:00:0a:0b:0c", "52-54-00-0A-0B-0C", "52:54:0:a:b:c", "5254.000a.0b0c", "5254000A0B0C", "525400-0a0b0c",
    ],
)  # fmt: skip
def test_a_mac_is_read_in_any_usual_writing(text: str) -> None:
    assert parse_mac(text) == "52:54:00:0a:0b:0c"


@pytest.mark.parametrize(
    "text", ["52:54-00:0a:0b:0c", "52:54:00:0a:0b", "52:54:00:0a:0b:0c:0d", "web01", "g" * 12, " ", "٥٢:54:00:0a:0b:0c"]
)
def test_an_invalid_mac_is_none(text: str) -> None:
    assert parse_mac(text) is None


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("wep01", ("web01", "web02")),
        ("WEB02", ("web02", "web01")),
        ("web01.example.com", ("web01",)),
        ("52:54:00:93:76:ae", ("52:54:00:93:76:af",)),
        ("zzzz", ()),
        ("", ("lone", "web01", "web02")),
    ],
)
def test_similar_names_are_suggested(wanted: str, names: tuple[str, ...]) -> None:
    assert near(fleet(), wanted) == names


@pytest.mark.long
def test_a_name_of_any_length_is_compared_in_time() -> None:
    assert near(fleet(), "x" * 1_000_000) == ()
    assert find(fleet(), "x" * 1_000_000) == ()


def test_a_domain_without_an_interface_is_distinguished_from_an_unknown_one() -> None:
    assert has_no_interface(fleet(), "lone")
    assert not has_no_interface(fleet(), "loan")


def test_a_domain_may_be_named_without_its_network_domain_if_only_one_matches() -> None:
    fleet = inventory(
        hypervisor(
            "hv1",
            domain("web01.example.com", macvtap()),
            domain("db01.ams.example.com", macvtap(mac="52:54:00:00:00:02")),
            domain("db01.fra.example.com", macvtap(mac="52:54:00:00:00:03")),
        )
    )

    assert find(fleet, "web01") == (InterfacePosition(0, 0, 0),)
    assert find(fleet, "db01.fra") == (InterfacePosition(0, 2, 0),)
    assert find(fleet, "db01") == ()
    assert set(near(fleet, "db01")) == {"db01.ams.example.com", "db01.fra.example.com"}
