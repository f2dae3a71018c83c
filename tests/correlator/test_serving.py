import pytest
from msgspec.structs import replace

from tests.build import server
from virtscan.correlator.servers.serving import coverage, describe, locality, may_serve


def serves(segment: str | None, addresses: tuple[str, ...], declared: dict[str, tuple[str, ...]]) -> bool:
    return may_serve(coverage(replace(server(), **declared)), locality(segment, addresses))


@pytest.mark.parametrize(
    ("segment", "addresses", "declared"),
    [
        (None, (), {}),
        ("pxe-b", ("10.9.9.9/24",), {}),
        ("pxe-a", (), {"segments": ("pxe-a", "pxe-c")}),
        (None, (), {"segments": ("pxe-a",)}),
        # An address of the hypervisor excludes no server.
        (None, ("10.9.9.9/24",), {"subnets": ("10.77.0.0/24",)}),
        ("pxe-a", ("10.9.9.9/24",), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        # A segment that is written as a subnet is compared with subnets, too.
        ("10.77.0.0/16", (), {"subnets": ("10.77.5.0/24",)}),
        ("10.77.0.0/16", (), {"segments": ("pxe-a",), "subnets": ("10.77.5.0/24",)}),
        ("10.9.0.0/16", ("10.77.0.9/24",), {"subnets": ("10.77.0.0/24",)}),
        # A wire may have subnets of both versions of IP.
        ("fd00::/64", (), {"subnets": ("10.77.0.0/24",)}),
        ("fd00::/64", (), {"subnets": ("10.77.0.0/24", "fd00::/48")}),
        ("fd00::/64", ("10.77.0.9/24",), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        (None, ("10.77.0.9/24",), {"segments": ("pxe-a",)}),
        (None, ("10.77.0.9/24",), {"subnets": ("10.77.0.0/24",)}),
        (None, ("192.0.2.1/24", "10.77.0.9/24"), {"subnets": ("10.77.0.0/24",)}),
        (None, ("10.77.0.9",), {"subnets": ("10.77.0.5/24",)}),
        (None, (), {"subnets": ("10.77.0.0/24",)}),
        ("pxe-b", (), {"subnets": ("10.77.0.0/24",)}),
        (None, ("fd00::1/64",), {"subnets": ("10.77.0.0/24",)}),
        (None, ("fe80::1/64", "169.254.1.1/16", "127.0.0.1/8", "0.0.0.0"), {"subnets": ("10.77.0.0/24",)}),
        (None, ("10.9.9.9/24",), {"subnets": ("10.77.0.0/24", "fd00::/64")}),
        (None, ("10.9.9.9/24",), {"subnets": ("10.77.0.0/24", "nonsense")}),
        (None, ("nonsense", ""), {"subnets": ("10.77.0.0/24",)}),
        ("pxe-a", ("10.77.0.9/24",), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        ("pxe-a", (), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        # The hypervisor's address is in a subnet that the server is declared to serve.
        ("pxe-b", ("10.77.0.9/24",), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
    ],
)
def test_a_server_may_serve_what_nothing_rules_out(
    segment: str | None, addresses: tuple[str, ...], declared: dict[str, tuple[str, ...]]
) -> None:
    assert serves(segment, addresses, declared)


@pytest.mark.parametrize(
    ("segment", "addresses", "declared"),
    [
        ("pxe-b", (), {"segments": ("pxe-a",)}),
        ("PXE-A", (), {"segments": ("pxe-a",)}),
        ("10.9.0.0/16", (), {"subnets": ("10.77.0.0/24",)}),
        ("10.9.0.0/16", (), {"segments": ("pxe-a",)}),
        ("fd00::/64", (), {"subnets": ("10.77.0.0/24", "fd01::/64")}),
        ("fd00::/64", (), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        ("10.9.0.0/16", (), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
        ("pxe-b", ("10.9.9.9/24",), {"segments": ("pxe-a",), "subnets": ("10.77.0.0/24",)}),
    ],
)
def test_declarations_on_both_sides_without_a_common_part_exclude_a_server(
    segment: str | None, addresses: tuple[str, ...], declared: dict[str, tuple[str, ...]]
) -> None:
    assert not serves(segment, addresses, declared)


def test_a_server_is_named_with_its_limits() -> None:
    limited = server(segments=("pxe-a",), subnets=("10.77.0.0/24",))

    assert describe(limited) == "satellite (pxe-a, 10.77.0.0/24)"
    assert describe(server()) == "satellite"
