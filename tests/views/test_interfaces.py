"""The interfaces view: every interface with what it is attached to."""

import pytest

from tests.build import bond, bridged, domain, hypervisor, inventory, macvtap
from tests.views.fleet import finding, report
from tests.views.rows import of, values
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    Interface,
    LinkState,
    Report,
    SourceMode,
    State,
    Verdict,
)

POOL = (Attachment(DeviceName("bond2"), SourceMode.BRIDGE), Attachment(DeviceName("bond3"), SourceMode.VEPA))


def alone(interface: Interface, **more: object) -> Report:
    return Report(inventory=inventory(hypervisor("hv1", domain("web01", interface, **more))))


def test_there_is_a_row_for_every_interface_judged_or_not() -> None:
    rows = of(report(), "interfaces")

    assert values(rows, "domain", "index", "verdict") == [
        ("legacy-db", 0, "at-risk"),
        ("satellite", 0, None),
        ("web01", 0, "at-risk"),
        ("web01", 1, None),
        ("開発-テスト", 0, "at-risk"),
        ("mail", 0, "not-affected"),
        ("pooled", 0, "unknown"),
    ]


def test_facts_in_the_xml_are_shown() -> None:
    row = of(report(), "interfaces")[-1]

    assert row == {
        "hypervisor": "hv2",
        "origin": "qemu+ssh://hv2/system",
        "domain": "pooled",
        "uuid": None,
        "state": "inactive",
        "vcpus": 2,
        "memory_mib": 4096,
        "index": 0,
        "mac": "52:54:00:00:02:02",
        "type": "network",
        "network": "pxe-pool",
        "portgroup": "fast",
        "source_device": "bond3",
        "source_mode": "vepa",
        "device_kind": "bond",
        "lower_devices": ("eth6", "eth7"),
        "vlan": (42, 43),
        "model": None,
        "boot_order": 1,
        "boots_from_network": False,
        "link": "down",
        "rom": "on",
        "host_csum": "off",
        "guest_csum": "on",
        "target": None,
        "verdict": "unknown",
        "server": "foreman",
    }


def test_facts_absent_from_the_xml_are_null() -> None:
    row = of(alone(Interface(index=0, type="user")), "interfaces")[0]

    nothing = ["mac", "network", "portgroup", "source_device", "source_mode", "device_kind", "vlan", "model",
               "boot_order", "link", "rom", "host_csum", "guest_csum", "target", "verdict"]  # fmt: skip
    assert values([row], *nothing) == [(None,) * len(nothing)]
    assert (row["type"], row["lower_devices"]) == ("user", ())


def test_a_verdict_belongs_to_one_interface_of_one_document() -> None:
    hosts = [
        hypervisor(name, domain("web01", macvtap(), macvtap(index=1), origin=origin))
        for name, origin in [("hv1", "a.xml"), ("hv2", "a.xml")]
    ]
    same_name = hypervisor(
        "hv3", domain("web01", macvtap(), origin="a.xml"), domain("web01", macvtap(), origin="b.xml")
    )
    findings = (
        finding(hypervisor="hv2", origin="a.xml", index=1),
        finding(hypervisor="hv3", origin="b.xml", verdict=Verdict.MITIGATED),
    )

    rows = of(Report(inventory=inventory(*hosts, same_name), findings=findings), "interfaces")

    assert values(rows, "hypervisor", "origin", "index", "verdict") == [
        ("hv1", "a.xml", 0, None),
        ("hv1", "a.xml", 1, None),
        ("hv2", "a.xml", 0, None),
        ("hv2", "a.xml", 1, "at-risk"),
        ("hv3", "a.xml", 0, None),
        ("hv3", "b.xml", 0, "mitigated"),
    ]


def test_an_interface_on_a_host_bridge_has_a_device_and_no_mode() -> None:
    row = of(alone(bridged("br0")), "interfaces")[0]

    assert values([row], "source_device", "source_mode", "device_kind") == [("br0", None, "unknown")]


def test_first_of_several_possible_devices_is_shown() -> None:
    row = of(alone(macvtap(attachments=POOL)), "interfaces")[0]

    assert values([row], "source_device", "source_mode", "device_kind") == [("bond2", "bridge", "bond")]


def test_judged_one_of_several_possible_devices_is_shown() -> None:
    judged = finding(
        origin="qemu:///system",
        source_device=DeviceName("bond3"),
        source_mode=SourceMode.VEPA,
        device_kind=DeviceKind.UNKNOWN,
        lower_devices=(),
    )
    inventory = alone(macvtap(attachments=POOL)).inventory

    row = of(Report(inventory=inventory, findings=(judged,)), "interfaces")[0]

    assert values([row], "source_device", "source_mode", "device_kind") == [("bond3", "vepa", "unknown")]


def test_lower_devices_are_listed_down_to_the_nic() -> None:
    vlan = Device(name=DeviceName("bond2.100"), kind=DeviceKind.VLAN, lower=(DeviceName("bond2"),))
    host = hypervisor("hv1", domain("web01", macvtap("bond2.100")), devices=(vlan, bond()))

    row = of(Report(inventory=inventory(host)), "interfaces")[0]

    assert values([row], "device_kind", "lower_devices") == [("vlan", ("bond2", "eth4", "eth5"))]


@pytest.mark.parametrize(
    ("interface", "boot_devices", "expected"),
    [
        (macvtap(), ("hd",), False),
        (macvtap(), ("hd", "network"), True),
        (macvtap(boot_order=2), (), True),
        (macvtap(boot_order=1, rom=State.OFF), (), False),
        (macvtap(boot_order=1, link=LinkState.DOWN), (), False),
        (bridged(), ("network",), True),
    ],
)
def test_network_boot_is_shown(interface: Interface, boot_devices: tuple[str, ...], expected: bool) -> None:
    row = of(alone(interface, boot_devices=boot_devices), "interfaces")[0]

    assert row["boots_from_network"] is expected
