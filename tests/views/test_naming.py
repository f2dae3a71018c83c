import pytest
from msgspec.structs import replace

from tests.build import bond, domain, hypervisor, inventory, macvtap, server
from virtscan.correlator.judging import judge
from virtscan.correlator.naming import runs_on_warnings, segment_warnings
from virtscan.model import Hypervisor
from virtscan.views.wording.gaps import reason, subject

HOST = hypervisor("hv1", segments={"bond2": "pxe-a"})


def lines(*segments: str, host_segment: str = "pxe-a", **more: object) -> list[str]:
    host = replace(HOST, segments={"bond2": host_segment})
    warnings = segment_warnings([host], [replace(server(), segments=segments, **more)])
    return [f"{subject(gap)}: {reason(gap)}" for gap in warnings]


def test_a_segment_that_both_name_is_fine() -> None:
    assert lines("pxe-a") == []


def test_a_segment_that_only_one_side_names_is_warned_about_with_the_nearest_name() -> None:
    assert lines("PXE_a") == [
        "segment PXE_a: a server serves it, but no hypervisor has a device in it; did you mean 'pxe-a'?",
        "segment pxe-a: a hypervisor has a device in it, but no server serves it; did you mean 'PXE_a'?",
    ]


def test_a_name_that_resembles_no_other_gets_no_suggestion() -> None:
    assert lines("install", "pxe-a") == [
        (
            "segment install: a server serves it, but no hypervisor has a device in it; "
            "if one does, add it to its [[hypervisor]]"
        )
    ]


def test_a_server_of_every_segment_serves_those_that_only_hypervisors_name() -> None:
    everywhere = replace(server("depot"), segments=())
    lab = replace(server("lab"), segments=("lab",))

    assert segment_warnings([HOST], [everywhere]) == ()
    (warning,) = segment_warnings([HOST], [everywhere, lab])
    assert subject(warning) == "segment lab"
    misspelt = replace(server("satellite"), segments=("pxe_a",))
    assert len(segment_warnings([HOST], [everywhere, misspelt])) == 2


def test_servers_of_subnets_serve_no_segment() -> None:
    assert lines(subnets=("10.77.0.0/24",)) == [
        "segment pxe-a: a hypervisor has a device in it, but no server serves it; if one does, add it to its [[server]]"
    ]


def test_a_segment_that_is_written_as_a_subnet_is_named_by_the_subnets_that_overlap_it() -> None:
    assert lines(subnets=("10.77.0.0/16",), host_segment="10.77.4.0/24") == []
    assert lines(subnets=("10.78.0.0/16",), host_segment="10.77.4.0/24") == [
        (
            "segment 10.77.4.0/24: a hypervisor has a device in it, but no server serves it; "
            "if one does, add it to its [[server]]"
        )
    ]


def test_one_side_alone_gives_nothing_to_compare() -> None:
    assert segment_warnings([], [replace(server(), segments=("pxe-a",))]) == ()
    assert segment_warnings([HOST], []) == ()
    assert runs_on_warnings([], [replace(server(), runs_on="hv1")]) == ()


def test_a_server_on_an_unknown_hypervisor_is_warned_about_with_the_nearest_name() -> None:
    (warning,) = runs_on_warnings(["ams1-kvm01", "hv9"], [replace(server(), runs_on="ams1-kvm1"), server("other")])

    assert subject(warning) == "server satellite"
    assert reason(warning) == "runs_on: no hypervisor is named 'ams1-kvm1'; did you mean 'ams1-kvm01'?"
    assert runs_on_warnings(["hv1"], [replace(server(), runs_on="hv1")]) == ()


LISTED = hypervisor("hv1", devices=(bond(),), lists_all_devices=True)
NOT_LISTED = replace(LISTED, name="hv2", lists_all_devices=False)
WITHOUT = replace(LISTED, name="hv3", devices=())


@pytest.mark.parametrize(
    ("hosts", "declared", "expected"),
    [
        ((LISTED,), "bnd2", ["hv1: {key}: no device is named 'bnd2'; did you mean 'bond2'?"]),
        ((LISTED,), "prov0", ["hv1: {key}: no device is named 'prov0'"]),
        ((LISTED, WITHOUT), "bnd2", ["hv1: {key}: no device is named 'bnd2'; did you mean 'bond2'?"]),
        ((LISTED,), "bond2", []),
        ((WITHOUT, LISTED), "bond2", []),
        ((NOT_LISTED,), "bnd2", []),
        ((LISTED, NOT_LISTED), "bnd2", []),
        ((replace(LISTED, domains=(domain("web01", macvtap("bnd2")),)),), "bnd2", []),
    ],
)
@pytest.mark.parametrize("key", ["reflective", "segments"])
def test_a_device_that_no_hypervisor_of_its_declaration_has_is_warned_about(
    key: str, hosts: tuple[Hypervisor, ...], declared: str, expected: list[str]
) -> None:
    value: dict[str, object] = {"reflective": (declared,)} if key == "reflective" else {"segments": {declared: "pxe-a"}}
    hosts = tuple(replace(host, **value) for host in hosts)

    report = judge(inventory(*hosts))

    lines = [f"{subject(gap)}: {reason(gap)}" for gap in report.warnings]
    assert lines == [line.format(key=key) for line in expected]
