"""Findings by cause: what one change or one fact settles, in the order in which to act."""

import json
import re

import pytest

from tests.build import failure, inventory, nic, server
from tests.views.fleet import finding, report
from virtscan.model import (
    AnotherServer,
    Confidence,
    Device,
    DeviceKind,
    DeviceName,
    Exposure,
    Feature,
    Finding,
    Offload,
    Report,
    Server,
    ServerDevice,
    State,
    Verdict,
)
from virtscan.model.reasons import NeedsKernel, NeedsOffload, NeedsPlace, NeedsServer, WhyUnlocated
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views import VIEWS
from virtscan.views.rows.filters import narrow, parse_condition
from virtscan.views.rows.grouping import RowGroup, joined

OFFLOAD = NeedsOffload(server="satellite", interface="eth0", why=failure("connection refused"))
PLACE = NeedsPlace(server="satellite", why=WhyUnlocated.NO_MAC)


def groups(*findings: Finding, servers: tuple[Server, ...] = (server(),)) -> tuple[RowGroup, ...]:
    return VIEWS["risks"](Report(inventory=inventory(servers=servers), findings=findings)).main.groups


def advice(group: RowGroup) -> str:
    return joined(part.words for part in group.parts)


def text(*findings: Finding, servers: tuple[Server, ...] = (server(),), show_all: bool = False) -> str:
    document = VIEWS["risks"](Report(inventory=inventory(servers=servers), findings=findings))
    return REPORTERS["table"].render(document, RenderOptions(show_all=show_all)).decode()


def test_every_finding_is_in_one_group() -> None:
    main = VIEWS["risks"](report()).main

    assert sorted(row for group in main.groups for row in group.rows) == list(range(len(main.rows)))


def test_interfaces_at_risk_are_one_group_by_server_with_its_command_worst_first() -> None:
    findings = (finding(server="one"), finding(server="two"), finding(server="two"))

    worst, other = groups(*findings, servers=(server("one"), server("two")))

    assert (worst.title, tuple(worst.rows)) == ("two eth0: TX checksum offload is on.", (1, 2))
    assert advice(worst) == "Fix on two: ethtool -K eth0 tx off"
    assert (other.title, tuple(other.rows)) == ("one eth0: TX checksum offload is on.", (0,))


def test_certain_comes_before_likely_at_risk_before_unknown_and_waived_last() -> None:
    findings = (
        finding(server="waived", waived="accepted"),
        finding(server="unknown", verdict=Verdict.UNKNOWN, missing=(OFFLOAD,)),
        finding(server="medium", confidence=Confidence.MEDIUM),
        finding(server="latent", exposure=Exposure.LATENT),
        finding(server="boots"),
    )

    servers = [findings[group.rows[0]].server for group in groups(*findings)]

    assert servers == ["boots", "latent", "medium", "unknown", "waived"]


def test_rows_of_one_change_stay_together_and_less_certain_ones_are_marked() -> None:
    shown = text(finding(domain="a", confidence=Confidence.MEDIUM), finding(domain="b"))

    assert re.search(r"eth0: TX checksum offload is on\. Fix .*\n.* b .* boots\n.* a .* boots  medium conf", shown)
    assert "TX checksum offload is on (medium confidence)." in text(finding(confidence=Confidence.MEDIUM))


def test_an_uncertain_risk_of_a_declared_server_names_the_facts_that_settle_it() -> None:
    kernel = NeedsKernel(hypervisor="fra1-kvm03")
    doubtful = finding(rule="R11", confidence=Confidence.LOW, missing=(PLACE, kernel))

    (group,) = groups(doubtful, servers=(server(source="on"),))

    assert (
        group.title
        == "satellite eth0: TX checksum offload is declared on; the server's place is unknown (low confidence)."
    )
    assert advice(group) == "Provide its MAC or the kernel of fra1-kvm03."


def test_a_cause_that_is_waived_as_a_whole_has_no_change() -> None:
    (group,) = groups(finding(waived="accepted"))

    assert (advice(group), group.is_open) == ("", True)


def test_unknown_findings_are_grouped_by_the_fact_that_they_lack() -> None:
    lacks_offload = finding(verdict=Verdict.UNKNOWN, rule="R13", missing=(NeedsKernel(hypervisor="hv1"), OFFLOAD))
    lacks_place = finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(PLACE,))

    of_offload, of_place = groups(lacks_offload, lacks_place, lacks_offload)

    assert (of_offload.title, tuple(of_offload.rows)) == (
        "Unknown: TX checksum offload of satellite eth0: connection refused.",
        (0, 2),
    )
    assert of_offload.action.startswith("To find out: --server satellite:eth0=ssh://root@HOST")
    assert of_place.title == "Unknown: where satellite runs: its MAC is unknown."


def test_facts_of_one_kind_about_several_hypervisors_are_one_group_that_names_the_first() -> None:
    places = [
        NeedsPlace(server="satellite", why=WhyUnlocated.HYPERVISOR_INCOMPLETE, hypervisor=name)
        for name in ("hv1", "hv2", "hv3")
    ]

    (group,) = groups(*(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(place,)) for place in places))
    (alone,) = groups(finding(verdict=Verdict.UNKNOWN, rule="R12", missing=(places[0],)))

    assert "on hv1, which was not read completely (and 2 similar facts)." in group.title
    assert "similar" not in alone.title


def test_without_any_server_there_is_one_sentence_with_the_option_to_type_and_no_rows() -> None:
    unknown = finding(server=None, server_interface=None, verdict=Verdict.UNKNOWN, rule="R3", missing=(NeedsServer(),))

    shown = text(*[unknown] * 54, servers=())

    assert "\nNo provisioning server given, so 54 interfaces can't be judged. To find out: use --server " in shown
    assert "web01" not in shown
    assert len(shown.splitlines()) < 8


def test_findings_without_action_are_counted_and_shown_only_on_request() -> None:
    fine = finding(domain="fine01", verdict=Verdict.MITIGATED, rule="R5")

    assert ", 1 not at risk (--all)." not in text(fine)
    assert text(finding(), fine).startswith(
        "1 interface of 1 VM at risk (1 high confidence); 1 has network in its boot order. 1 not at risk (--all).\n"
    )
    assert "fine01" not in text(finding(), fine)
    assert "mitigated: the server's TX checksum offload is off (satellite).\n  hv1  bond2  fine01" in text(
        finding(), fine, show_all=True
    )
    assert "(--all)" not in text(finding(), fine, show_all=True)


def test_a_row_shows_what_sets_it_apart_from_others_of_its_cause() -> None:
    shown = text(finding(waived="boots from ISO"), finding(domain="db01", next_start=True))

    assert "boots  waived: boots from ISO\n" in shown
    assert "boots  at its next start\n" in shown
    assert shown.index("db01") < shown.index("web01")


def test_requested_rows_are_shown_whatever_their_verdict() -> None:
    narrowed = narrow(VIEWS["risks"](report()), [parse_condition("domain=mail")])

    shown = REPORTERS["table"].render(narrowed).decode()

    assert "not-affected: the hypervisor's kernel is fixed.\n  hv2  bond3  mail" in shown
    assert "web01" not in shown


def test_documents_name_the_findings_of_each_cause_by_their_ids() -> None:
    document = json.loads(REPORTERS["json"].render(VIEWS["risks"](report())))

    ids = {finding["id"]: finding["domain"] for finding in document["findings"]}
    worst = document["causes"][0]
    assert [ids[finding] for finding in worst["findings"]] == ["web01", "legacy-db"]
    assert {key: worst[key] for key in ("server", "commands", "interfaces", "at_risk")} == {
        "server": "satellite",
        "commands": ["ethtool -K eth0 tx off"],
        "interfaces": 2,
        "at_risk": 1,
    }


@pytest.mark.parametrize("name", [None, "eth0; rm -rf /"])
def test_an_interface_without_a_plain_name_is_not_in_the_command(name: str | None) -> None:
    (group,) = groups(finding(server_interface=name), servers=(server(interface=name),))

    assert group.commands == ("ethtool -K INTERFACE tx off",)


@pytest.mark.parametrize("feature", ["tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming"])
def test_offload_that_is_fixed_gets_the_next_best_cure(feature: str) -> None:
    fixed = server(features={feature: Feature(state=State.ON, fixed=True)})

    (group,) = groups(finding(), servers=(fixed,))

    assert group.action.startswith("It can't be switched off there. If the server is a VM, use the NIC model e1000 ")
    assert group.commands == ()


def test_a_feature_that_is_fixed_off_does_not_keep_another_from_being_turned_off() -> None:
    features = {
        "tx-checksum-ipv4": Feature(state=State.OFF, fixed=True),
        "tx-checksum-ip-generic": Feature(state=State.ON),
    }

    (group,) = groups(finding(), servers=(server(features=features),))

    assert group.commands == ("ethtool -K eth0 tx off",)


def bonded(**states: State) -> Server:
    """A server that sends through bond0 on these NICs."""
    members = tuple(DeviceName(name) for name in states)
    bond = Device(name=DeviceName("bond0"), kind=DeviceKind.BOND, lower=members, lower_complete=True)
    devices = [ServerDevice(device=bond, offload=Offload(tx_checksum=State.ON))]
    devices += [ServerDevice(device=nic(name), offload=Offload(tx_checksum=state)) for name, state in states.items()]
    return server(interface="bond0", devices=tuple(devices), lists_all_devices=True)


def test_every_member_of_the_servers_bond_that_is_on_is_switched_off() -> None:
    on_bond = finding(server_interface="bond0")

    (both,) = groups(on_bond, servers=(bonded(eth0=State.ON, eth1=State.ON),))
    (group,) = groups(on_bond, servers=(bonded(eth0=State.OFF, eth1=State.ON),))

    assert both.title == "satellite eth0, eth1 (bond0): TX checksum offload is on."
    assert both.commands == ("ethtool -K eth0 tx off", "ethtool -K eth1 tx off")
    assert group.commands == ("ethtool -K eth1 tx off",)


def test_every_server_that_has_to_be_switched_is_named_with_its_command() -> None:
    fixed = server("fixed", features={"tx-checksum-ipv4": Feature(state=State.ON, fixed=True)})
    two, third = (
        AnotherServer(server="two", server_interface="eth0"),
        AnotherServer(server="fixed", server_interface="eth0"),
    )
    findings = (
        finding(server="one", domain="a", others=(two,)),
        finding(server="one", domain="b", others=(two, third)),
    )
    servers = (server("one"), server("two"), fixed)

    (group,) = groups(*findings, servers=servers)

    assert advice(group).startswith(
        "Fix on one: ethtool -K eth0 tx off; also on two: ethtool -K eth0 tx off; "
        "also fixed eth0, for 1 of these interfaces. It can't be switched off there."
    )
    document = VIEWS["risks"](Report(inventory=inventory(servers=servers), findings=findings))
    narrow_text = REPORTERS["table"].render(document, RenderOptions(width=70)).decode()
    assert (
        "\n  Fix on one: ethtool -K eth0 tx off\n  Also on two: ethtool -K eth0 tx off\n  Also fixed eth0"
        in narrow_text
    )
    for name in ("table", "markdown", "html", "json"):
        shown = REPORTERS[name].render(document).decode().replace("`", "")
        assert "also on two" in shown, name
        assert "also fixed eth0, for 1 of these interfaces" in shown, name


def test_advice_after_a_sentence_begins_with_a_capital() -> None:
    assert joined(["Provide its MAC.", "also on two: ethtool -K eth0 tx off", "also on three."]) == (
        "Provide its MAC. Also on two: ethtool -K eth0 tx off; also on three."
    )


def test_a_waived_server_is_not_switched() -> None:
    other = AnotherServer(server="two", server_interface="eth0")
    findings = (finding(server="one"), finding(server="one", domain="b", others=(other,), waived="accepted"))

    assert advice(groups(*findings, servers=(server("one"), server("two")))[0]) == "Fix on one: ethtool -K eth0 tx off"


@pytest.mark.parametrize(
    ("count", "rest"), [(8, "s05 eth0, s06 eth0, s07 eth0"), (15, "s14 eth0"), (99, "s13 eth0, s14 eth0 and 84 more")]
)
def test_first_other_servers_have_commands_the_next_names_and_the_rest_a_count(count: int, rest: str) -> None:
    others = tuple(AnotherServer(server=f"s{number:02}", server_interface="eth0") for number in range(count))
    servers = (server("one"), *(server(other.server) for other in others))

    (group,) = groups(finding(server="one", others=others), servers=servers)

    assert [part.action for part in group.also] == [
        *(f"also on s{number:02}" for number in range(5)),
        group.also[-1].action,
    ]
    assert group.also[-1].action.startswith("also on s05 eth0, s06 eth0, ")
    assert group.also[-1].action.endswith(f"{rest} (virtscan remedy has the commands)")
