"""The servers to change, the interfaces that this clears, and those that are left."""

from typing import Any

import pytest

from tests.build import (
    FIXED_KERNEL,
    UNFIXED_KERNEL,
    bond,
    bridge,
    domain,
    failure,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    server,
    veth,
)
from tests.remedy.plans import WEB01, WEB02, change, fleet, host, mac, remedy
from virtscan.correlator import correlate
from virtscan.model import (
    DeviceKind,
    Exposure,
    Feature,
    Observed,
    Persistence,
    Policy,
    SourceMode,
    State,
    Waiver,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.remedy import FORMS, plan

ON = Feature(state=State.ON)
OFF = Feature(state=State.OFF)
STUCK = Feature(state=State.ON, fixed=True)


def test_a_server_that_puts_interfaces_at_risk_is_changed() -> None:
    made = remedy(server())

    (planned,) = made.changes
    assert (planned.server, planned.devices[0].interface, planned.fixed) == ("satellite", "eth0", False)
    assert [(interface.hypervisor, interface.domain, interface.mac) for interface in planned.interfaces_at_risk] == [
        ("hv1", "web01", WEB01),
        ("hv1", "web02", WEB02),
    ]
    assert (made.still_at_risk, made.still_unknown) == (0, 0)


@pytest.mark.parametrize("harmless", [{"tx_checksum": State.OFF}, {"tx_checksum": State.UNKNOWN}])
def test_a_server_that_puts_no_interface_at_risk_is_left_alone(harmless: dict[str, Any]) -> None:
    assert remedy(server(**harmless)).changes == ()


def test_fixed_kernel_needs_no_change() -> None:
    made = remedy(server(), hosts=(host(kernel=FIXED_KERNEL),))

    assert (made.changes, made.questions) == ((), ())


def test_a_server_behind_the_worst_one_is_shown_too() -> None:
    made = remedy(server("cobbler", interface="eno1"), server("satellite"))

    assert [planned.server for planned in made.changes] == ["cobbler", "satellite"]
    assert [len(planned.interfaces_at_risk) for planned in made.changes] == [2, 2]
    assert [interface.others for planned in made.changes for interface in planned.interfaces_at_risk] == [
        ("satellite",)
    ] * 2 + [("cobbler",)] * 2
    assert made.still_at_risk == 0


def test_the_server_that_puts_most_interfaces_at_risk_comes_first() -> None:
    hosts = (
        host(segments={"bond2": "pxe-a"}),
        hypervisor(
            "hv2",
            domain("db", macvtap(mac="52:54:00:00:02:01")),
            kernel=UNFIXED_KERNEL,
            segments={"bond2": "pxe-b"},
        ),
    )

    made = remedy(server("lonely", segments=("pxe-a",)), server("wide", interface="eth1"), hosts=hosts)

    assert [(planned.server, len(planned.interfaces_at_risk)) for planned in made.changes] == [
        ("wide", 3),
        ("lonely", 2),
    ]


def test_a_waived_finding_needs_no_change() -> None:
    policy = Policy(waivers=(Waiver(domain="web*", reason="boots from ISO"),))

    assert remedy(server(), policy=policy).changes == ()


def test_a_server_whose_offload_is_on_after_its_next_reboot_needs_a_change() -> None:
    back = Persistence(tx_checksum=State.ON, setting=SettingInWords(text="no persistent setting"))

    planned = change(tx_checksum=State.OFF, persistence=back)

    assert planned.tx_checksum is State.OFF
    assert planned.after_reboot == "no persistent setting"
    assert len(planned.interfaces_at_risk) == 2


def test_a_server_that_stays_off_is_left_alone() -> None:
    lasting = Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="ETHTOOL_OPTS"))

    assert remedy(server(tx_checksum=State.OFF, persistence=lasting)).changes == ()


@pytest.mark.parametrize("form", FORMS)
def test_no_second_setting_is_written_beside_one_that_works(form: str) -> None:
    lasting = Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="ETHTOOL_OPTS in ifcfg-eth0"))
    planned = change(tx_checksum=State.ON, persistence=lasting)
    steps = FORMS[form].steps(planned)
    text = FORMS[form].write(remedy(server(tx_checksum=State.ON, persistence=lasting)))

    assert steps.now is not None
    assert steps.lasting is None
    for word in ("rules.d", "systemd/network", "nmcli", 'ifcfg-eth0"', "For good", "Keep it off", "Undo what keeps"):
        assert word not in text, word


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("after", [State.ON, State.UNKNOWN])
def test_a_setting_is_written_where_none_is_known_to_work(form: str, after: State) -> None:
    planned = change(persistence=Persistence(tx_checksum=after, setting=SettingInWords(text="-")))

    assert FORMS[form].steps(planned).lasting is not None


def test_a_device_whose_offload_is_fixed_leaves_interfaces_at_risk() -> None:
    made = remedy(server(features={"tx-checksum-ip-generic": STUCK}))

    assert made.changes[0].fixed
    assert made.still_at_risk == 2


def test_the_kernels_that_are_the_cause_are_named_with_where_their_fix_is() -> None:
    hosts = (
        host(),
        hypervisor("hv2", domain("db", macvtap(mac="52:54:00:00:02:01"))),
        hypervisor("hv3", domain("ok", macvtap(mac="52:54:00:00:03:01")), kernel=FIXED_KERNEL),
    )

    (planned,) = remedy(server(), hosts=hosts).changes

    assert [(upgrade.hypervisor, upgrade.kernel) for upgrade in planned.upgrades] == [
        ("hv1", UNFIXED_KERNEL),
        ("hv2", None),
    ]
    assert "2.6.32-504.30.3.el6" in planned.upgrades[0].reason
    assert "3.10.0-514" in planned.upgrades[1].reason


def test_exposure_is_that_of_the_finding() -> None:
    booting = hypervisor("hv1", domain("web", macvtap(), boot_devices=("network",)), kernel=UNFIXED_KERNEL)

    (planned,) = remedy(server(), hosts=(booting,)).changes

    assert planned.interfaces_at_risk[0].exposure is Exposure.BOOTS


@pytest.mark.parametrize(
    ("interface", "kind"),
    [
        ("eth0", DeviceKind.ETHERNET),
        ("enp3s0f1", DeviceKind.ETHERNET),
        ("bond0", DeviceKind.BOND),
        ("bond0.100", DeviceKind.VLAN),
        ("vlan7", DeviceKind.VLAN),
        ("br0", DeviceKind.BRIDGE),
        ("br-pxe", DeviceKind.BRIDGE),
        ("uplink", DeviceKind.UNKNOWN),
    ],
)
def test_the_name_of_a_device_gives_its_kind_if_nothing_better_does(interface: str, kind: DeviceKind) -> None:
    assert change(interface=interface).devices[0].kind is kind


def test_the_kind_of_a_servers_device_is_read_from_its_hypervisor() -> None:
    own = veth("uplink", mac=mac("52:54:00:0a:00:01")[0])
    devices = (bridge("br9", "eth4", "uplink"), nic("eth4"), own)
    serving = hypervisor("hv1", domain("thin", macvtap("br9")), kernel=UNFIXED_KERNEL, devices=devices)

    (planned,) = remedy(server(interface="uplink", macs=mac("52:54:00:0a:00:01")), hosts=(serving,)).changes

    assert planned.devices[0].kind is DeviceKind.VETH


def test_a_declared_server_on_a_macvlan_of_its_hypervisor_gets_no_commands() -> None:
    own = macvlan("uplink", "bond2", mac=mac("52:54:00:0a:00:01")[0])
    devices = (bond(), nic("eth4"), nic("eth5"), own)
    serving = hypervisor("hv1", domain("thin", macvtap()), kernel=UNFIXED_KERNEL, devices=devices)

    (planned,) = remedy(server(interface="uplink", macs=mac("52:54:00:0a:00:01")), hosts=(serving,)).changes

    assert (planned.fixed, planned.devices) == (True, ())


@pytest.mark.parametrize("name", [None, "", "eth0; reboot", "-K", "eth0\nreboot", "a" * 16, "$(reboot)", "..", "eth/0"])
def test_an_unsafe_name_is_never_put_into_a_command(name: str | None) -> None:
    planned = change(interface=name)

    assert planned.devices[0].interface is None
    assert any("INTERFACE" in note for note in planned.notes)
    assert not any("None" in note for note in planned.notes)


@pytest.mark.parametrize(
    ("features", "again"),
    [
        ({"tx-checksum-ip-generic": ON, "tx-checksum-sctp": ON}, ()),
        ({"tx-checksum-ipv4": ON, "tx-checksum-ipv6": OFF}, ("tx-checksum-ipv4",)),
        ({"tx-checksum-ipv4": ON, "tx-checksum-sctp": Feature(state=State.OFF, fixed=True)}, ()),
        ({"tx-checksum-ipv4": ON, "tx-tcp-segmentation": OFF}, ()),
        ({}, ()),
    ],
)
def test_undoing_turns_nothing_on_that_was_off(features: dict[str, Feature], again: tuple[str, ...]) -> None:
    assert change(features=features).devices[0].switched_on == again


@pytest.mark.parametrize(
    ("interface", "words"), [("bond0", "is a bond"), ("eth0.5", "is a VLAN"), ("br0", "is a bridge")]
)
def test_the_reason_against_switching_the_lower_device_is_given(interface: str, words: str) -> None:
    assert any(words in note for note in change(interface=interface).notes)


@pytest.mark.parametrize(("interface", "count"), [("eth0", 1), ("bond0", 2), ("bond0.5", 2)])
def test_a_note_describes_the_behaviour_of_an_old_kernel_on_the_server(interface: str, count: int) -> None:
    old = change(interface=interface, kernel=Observed(value="2.6.32-279.el6.x86_64", source="ssh"))
    new = change(interface=interface, kernel=Observed(value="6.1.0-18-amd64", source="ssh"))

    assert len(old.notes) - len(new.notes) == count


@pytest.mark.parametrize(
    ("model", "words"), [("virtio", "in its virtio interface"), ("e1000e", "a virtio interface with")]
)
def test_a_server_that_is_a_domain_can_be_cured_on_its_hypervisor(model: str, words: str) -> None:
    serving = domain("sat", macvtap(mac="52:54:00:00:00:01", model=model))
    at_home = hypervisor("hv1", serving, domain("web01", macvtap()), kernel=UNFIXED_KERNEL)

    (planned,) = remedy(
        server(macs=mac("52:54:00:00:00:01"), features={"tx-checksum-ip-generic": STUCK}), hosts=(at_home,)
    ).changes

    assert any("sat on hv1" in note and words in note for note in planned.notes)


def test_unknown_kernels_come_first_if_they_would_decide_most() -> None:
    made = remedy(server(tx_checksum=State.UNKNOWN, reason=failure("no answer")), hosts=(host(kernel=None),))

    kernel, *questions = made.questions
    assert (kernel.where, kernel.interfaces) == ("hv1", 2)
    assert "uname -r" in kernel.how
    assert any("no answer" in question.missing[0] and "ethtool -k eth0" in question.how for question in questions)
    assert made.still_unknown == 2


def test_for_a_kernel_that_may_have_the_fix_the_changelog_is_proposed() -> None:
    (question,) = remedy(server(), hosts=(host(kernel="3.10.0-327.el7.x86_64"),)).questions

    assert "changelog" in question.how
    assert "3.10.0-514" in question.missing[0]


@pytest.mark.parametrize(
    ("servers", "command"),
    [
        ((), "--server NAME:INTERFACE=ssh://root@HOST"),
        ((server(),), "/sys/class/net/eth0/address"),
        ((server(interface=None),), "/sys/class/net/INTERFACE/address"),
    ],
)
def test_each_missing_fact_has_the_command_that_shows_it(servers: tuple[Any, ...], command: str) -> None:
    private = hypervisor("hv1", domain("web01", macvtap(mode=SourceMode.PRIVATE)), kernel=UNFIXED_KERNEL)

    (question,) = remedy(*servers, hosts=(private,)).questions

    assert command in question.how


def test_an_unknown_mode_is_learnt_from_the_domain() -> None:
    serving = domain("sat", macvtap(mac="52:54:00:00:00:01"))
    hosts = (hypervisor("hv1", domain("web01", macvtap(mode=SourceMode.UNKNOWN)), serving, kernel=UNFIXED_KERNEL),)

    made = remedy(server(macs=mac("52:54:00:00:00:01")), hosts=hosts)

    assert any("virsh dumpxml" in question.how for question in made.questions)


def test_a_waived_server_needs_no_change_and_hides_no_other() -> None:
    policy = Policy(waivers=(Waiver(server="cobbler", reason="does not serve there"),))

    made = remedy(server("cobbler", interface="eno1"), server("satellite"), policy=policy)

    assert [(planned.server, planned.interfaces_at_risk[0].others) for planned in made.changes] == [("satellite", ())]
    assert made.still_at_risk == 0


def test_waived_findings_raise_no_question() -> None:
    policy = Policy(waivers=(Waiver(reason="boots from ISO"),))

    assert remedy(server(tx_checksum=State.UNKNOWN), policy=policy).questions == ()


def test_the_same_report_gives_the_same_remedy() -> None:
    report = correlate(fleet(server("b"), server("a", interface="eth1")))

    assert plan(report) == plan(report)
