"""Domains, hypervisors and servers: a row for each, with what is at risk there."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.build import (
    FIXED_KERNEL,
    UNFIXED_KERNEL,
    bridged,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    server,
)
from tests.views.fleet import finding, report
from tests.views.rows import of, values
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    DomainState,
    Feature,
    GapAbout,
    Mac,
    Offload,
    Report,
    ServerDevice,
    State,
    Verdict,
)
from virtscan.views.document import timestamp

URI = "qemu:///system"


def test_a_domain_is_counted_with_its_interfaces_and_its_worst_verdict() -> None:
    host = hypervisor(
        "hv1",
        domain("web01", macvtap(), bridged(index=1), macvtap(index=2), macvtap(index=3, boot_order=1)),
        domain("plain", state=DomainState.UNKNOWN),
    )
    findings = (
        finding(origin=URI, index=0, verdict=Verdict.NOT_AFFECTED),
        finding(origin=URI, index=2, verdict=Verdict.UNKNOWN),
        finding(origin=URI, index=3, verdict=Verdict.MITIGATED),
    )

    rows = of(Report(inventory=inventory(host), findings=findings), "domains")

    keys = ("domain", "state", "boots_from_network", "interfaces", "macvtap_interfaces", "at_risk", "verdict")
    assert values(rows, *keys) == [
        ("plain", "unknown", False, 0, 0, 0, None),
        ("web01", "active", True, 4, 3, 0, "unknown"),
    ]


@pytest.mark.parametrize(
    ("view", "keys", "rows"),
    [
        ("hypervisors", ("hypervisor",), [("hv2",), ("hv10",)]),
        ("domains", ("hypervisor", "domain"), [("hv2", "db1"), ("hv10", "vm2"), ("hv10", "VM9"), ("hv10", "vm10")]),
        ("interfaces", ("domain", "index"), [("vm2", 0), ("VM9", 0), ("vm10", 0), ("vm10", 1)]),
        ("servers", ("server", "server_interface"), [("pxe2", "eth1"), ("pxe2", "eth0"), ("pxe10", "eth0")]),
    ],
)
def test_rows_are_ordered_by_name_with_numbers_by_value(view: str, keys: tuple[str, ...], rows: list[object]) -> None:
    hosts = (
        hypervisor(
            "hv10", domain("VM9", macvtap()), domain("vm10", macvtap(), macvtap(index=1)), domain("vm2", macvtap())
        ),
        hypervisor("hv2", domain("db1")),
    )
    servers = (server("pxe10"), server("pxe2", interface="eth1"), server("pxe2"))

    shown = of(Report(inventory=inventory(*hosts, servers=servers)), view)

    assert values(shown, *keys) == rows


def test_a_waived_domain_keeps_its_verdict_and_is_not_counted_as_at_risk() -> None:
    host = hypervisor("hv1", domain("web01", macvtap()))
    report = Report(inventory=inventory(host), findings=(finding(origin=URI, waived="accepted"),))

    assert values(of(report, "domains"), "at_risk", "at_risk_waived", "verdict") == [(0, 1, "at-risk")]
    assert values(of(report, "hypervisors"), "at_risk", "at_risk_waived") == [(0, 1)]


def test_a_hypervisor_is_counted_with_what_it_has() -> None:
    rows = of(report(), "hypervisors")

    keys = (
        "hypervisor",
        "status",
        "domains",
        "domains_running",
        "interfaces",
        "macvtap_interfaces",
        "at_risk",
        "unknown",
    )
    assert values(rows, *keys)[:2] == [
        ("hv1", "complete", 4, 3, 5, 4, 2, 0),
        ("hv2", "partial", 3, 2, 2, 2, 0, 1),
    ]


def test_an_unread_hypervisor_has_unknown_numbers_and_not_zero() -> None:
    failed = of(report(), "hypervisors")[2]

    keys = ("domains", "domains_running", "interfaces", "macvtap_interfaces", "at_risk", "at_risk_waived", "unknown")
    assert values([failed], *keys) == [(None,) * 7]
    late = "no answer within 30 s; check the host, or raise --host-timeout"
    assert (failed["status"], failed["gaps"], failed["reason"]) == ("failed", 1, late)


def test_a_hypervisor_has_the_same_numbers_as_in_the_capacity_view() -> None:
    unknown = hypervisor("hv4", domain("web01", macvtap()), domain("web02", state=DomainState.UNKNOWN))
    fleet = Report(inventory=inventory(*report().inventory.hypervisors, unknown), findings=report().findings)

    hosts, groups = of(fleet, "hypervisors"), of(fleet, "capacity")

    assert values([hosts[3]], "domains", "domains_running", "domains_paused") == [(2, None, None)]
    for host, group in zip(hosts, groups, strict=True):
        same = host.keys() & group.keys()
        assert {key: host[key] for key in same} == {key: group[key] for key in same}


def test_a_waived_finding_of_a_hypervisor_counts_neither_as_at_risk_nor_as_unknown() -> None:
    findings = tuple(
        finding(index=index, verdict=verdict, waived=waived)
        for index, (verdict, waived) in enumerate(
            [(Verdict.UNKNOWN, None), (Verdict.UNKNOWN, "accepted"), (Verdict.AT_RISK, "accepted")]
        )
    )
    (row,) = of(Report(inventory=inventory(hypervisor("hv1")), findings=findings), "hypervisors")

    assert values([row], "at_risk", "at_risk_waived", "unknown") == [(0, 1, 1)]


def test_an_empty_hypervisor_that_was_read_has_zero() -> None:
    row = of(Report(inventory=inventory(hypervisor("hv1"))), "hypervisors")[0]

    assert values([row], "domains", "interfaces", "gaps", "reason") == [(0, 0, 0, None)]


def test_a_hypervisor_shows_its_first_reason_and_how_many_gaps_there_are() -> None:
    row = of(report(), "hypervisors")[1]

    assert values([row], "gaps", "reason") == [(2, "Domain not found")]


def test_a_gap_without_a_hypervisor_counts_for_none() -> None:
    gap = gap_in_words(subject="server satellite", reason="refused", about=GapAbout.SERVER)

    row = of(Report(inventory=inventory(hypervisor("hv1"), gaps=(gap,))), "hypervisors")[0]

    assert row["gaps"] == 0


def test_a_kernel_is_shown_with_its_fix() -> None:
    hosts = [
        hypervisor("hv1", kernel=UNFIXED_KERNEL),
        hypervisor("hv2", kernel=FIXED_KERNEL),
        hypervisor("hv3"),
    ]

    rows = of(Report(inventory=inventory(*hosts)), "hypervisors")

    assert values(rows, "kernel", "kernel_source", "kernel_fix") == [
        (UNFIXED_KERNEL, "ssh", "unfixed"),
        (FIXED_KERNEL, "ssh", "fixed"),
        (None, None, "unknown"),
    ]


def test_seconds_have_two_decimals() -> None:
    host = hypervisor("hv1", open_seconds=0.12345, read_seconds=None)

    assert values(of(Report(inventory=inventory(host)), "hypervisors"), "open_seconds", "read_seconds") == [
        (0.12, None)
    ]


def test_a_server_is_shown_with_the_interfaces_that_it_puts_at_risk() -> None:
    rows = of(report(), "servers")

    keys = ("server", "tx_checksum", "tx_checksum_fixed", "after_reboot", "at_risk", "at_risk_waived", "reason")
    assert values(rows, *keys) == [
        ("cobbler", "on", True, None, 1, 0, None),
        ("foreman", "unknown", None, None, 0, 0, "ssh: connection refused"),
        ("mirror", "off", None, "on", 0, 0, None),
        ("satellite", "on", False, "on", 1, 1, None),
    ]


def test_two_interfaces_of_one_server_are_distinguished() -> None:
    servers = (server(), server(interface="eth1", tx_checksum=State.OFF))
    findings = (finding(server_interface="eth0"), finding(server_interface="eth0"))

    rows = of(Report(inventory=inventory(servers=servers), findings=findings), "servers")

    assert values(rows, "server_interface", "tx_checksum", "at_risk") == [("eth0", "on", 2), ("eth1", "off", 0)]


def test_other_features_leave_the_state_of_checksums_unknown() -> None:
    features = {"tx-checksum-sctp": Feature(state=State.ON, fixed=True)}

    row = of(Report(inventory=inventory(servers=(server(features=features),))), "servers")[0]

    assert row["tx_checksum_fixed"] is None


def test_a_time_is_shown_with_its_zone_if_there_is_one() -> None:
    moment = datetime(2026, 11, 22, 2, 0, 0, 123_456, tzinfo=UTC)

    assert timestamp(moment) == "2026-11-22T02:00:00Z"
    assert timestamp(moment.astimezone(timezone(timedelta(hours=2)))) == "2026-11-22T04:00:00+02:00"
    assert timestamp(moment.replace(tzinfo=None)) == "2026-11-22T02:00:00"
    assert timestamp(None) is None


def test_a_servers_row_is_about_its_whole_sending_stack() -> None:
    states = {"bond0": State.ON, "eth0": State.OFF, "eth1": State.ON}
    members = (DeviceName("eth0"), DeviceName("eth1"))
    kinds = {"bond0": DeviceKind.BOND}
    devices = tuple(
        ServerDevice(
            device=Device(
                name=DeviceName(name),
                kind=kinds.get(name, DeviceKind.ETHERNET),
                lower=members if name == "bond0" else (),
                lower_complete=True,
                permanent_mac=None if name == "bond0" else Mac(f"52:54:00:00:00:0{number}"),
            ),
            offload=Offload(tx_checksum=state),
        )
        for number, (name, state) in enumerate(states.items())
    )
    bonded = server(interface="bond0", tx_checksum=State.OFF, devices=devices, lists_all_devices=True)

    (row,) = of(Report(inventory=inventory(servers=(bonded,))), "servers")

    assert row["tx_checksum"] == "on"
    assert row["devices"] == ("bond0 on", "eth0 off", "eth1 on")
    assert row["macs"] == ("52:54:00:00:00:01", "52:54:00:00:00:02")


def test_number_at_risk_by_a_server_is_unknown_if_no_hypervisor_was_read() -> None:
    (unread,) = of(Report(inventory=inventory(servers=(server(),))), "servers")
    (read,) = of(Report(inventory=inventory(hypervisor("hv1"), servers=(server(),))), "servers")

    assert (unread["at_risk"], unread["at_risk_waived"]) == (None, None)
    assert (read["at_risk"], read["at_risk_waived"]) == (0, 0)


def test_a_server_without_a_named_interface_decides_through_any_of_its_devices() -> None:
    servers = (server(interface=None),)
    findings = (finding(server_interface="eth0"), finding(server_interface="bond1"))

    (row,) = of(Report(inventory=inventory(servers=servers), findings=findings), "servers")

    assert row["at_risk"] == 2
