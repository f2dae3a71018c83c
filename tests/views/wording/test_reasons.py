"""Every reason has a sentence, with the facts in it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests import filling
from tests.build import TAKEN_AT, hypervisor, inventory, server
from virtscan.model import (
    DeviceKind,
    DeviceName,
    Fix,
    Gap,
    GapAbout,
    KernelBasis,
    Machine,
    Observed,
    RememberedPlace,
    Server,
    State,
    SupposedServer,
)
from virtscan.model import reasons as r
from virtscan.model.gaps.causes import Failure, TooOld
from virtscan.model.gaps.items import ServerItem
from virtscan.views.wording.reasons import Wording

ALL = sorted([*r.Because.__subclasses__(), *r.Missing.__subclasses__()], key=lambda kind: kind.__name__)
words = Wording(inventory(hypervisor("the host"), servers=(server("the server"),)))


def filled(kind: type[r.Reason]) -> Iterator[r.Reason]:
    return filling.filled(kind, lambda _field: "a name")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_reason_has_a_sentence_without_the_marks_of_code(kind: type[r.Reason]) -> None:
    for reason in filled(kind):
        said = words.sentence(reason)

        assert len(said) > 10 or isinstance(reason, r.HostObserved)  # said only where it is old
        assert not any(mark in said for mark in ("None", "<Fix", "<State", "()", "  "))


@pytest.mark.parametrize("kind", r.Missing.__subclasses__(), ids=lambda k: k.__name__)
def test_every_missing_fact_can_be_learnt_unless_it_was_read_long_ago(kind: type[r.Reason]) -> None:
    for reason in filled(kind):
        assert bool(words.how(reason)) is (kind is not r.NeedsRenewal)


def test_a_hypervisor_without_known_nics_is_named() -> None:
    needed = r.NeedsNicKinds(hypervisor="hv2", device=None)

    assert words.sentence(needed) == "the NICs of hv2, none of which is listed"


def test_no_advice_is_given_to_scan_a_known_outer_host() -> None:
    needed = r.NeedsOuterHost(server="sat", hypervisor="hv-b", outer="hv-a")

    assert words.sentence(needed) == (
        "whether packets of sat on hv-a pass a NIC that fills in checksums on their way to hv-b, a VM there"
    )
    assert "scan" not in (words.how(needed) or "")


def test_a_hypervisor_without_known_macs_may_run_on_an_unread_one() -> None:
    needed = r.NeedsPlace(server="sat", why=r.WhyUnlocated.HYPERVISOR_INCOMPLETE, hypervisor="hv-a")

    assert words.sentence(needed) == (
        "where sat runs: its hypervisor may be a VM on hv-a, which was not read completely"
    )


def test_a_server_may_be_the_outer_host_itself() -> None:
    needed = r.NeedsOuterHost(server="sat", hypervisor="hv-b", outer="sat")

    assert words.sentence(needed) == (
        "whether packets of sat pass a NIC that fills in checksums on their way to hv-b, a VM that may run on sat"
    )


def test_long_lists_of_names_show_the_first_three() -> None:
    needed = r.NeedsHypervisors(hypervisors=("a", "b", "c", "d", "e"))

    assert words.sentence(needed) == "whether the server is on a, b, c and 2 more, which were not read completely"


def test_a_source_is_dated_where_it_is_a_day_old_and_only_there() -> None:
    month = TAKEN_AT - timedelta(days=31)
    known = r.OffloadKnown(server="satellite", interface="eth0", state=server().tx_checksum)

    fresh = Wording(inventory(servers=(server(),))).sentence(known)
    old = Wording(inventory(servers=(server(observed_at=month),))).sentence(known)

    assert fresh == "satellite eth0: TX checksum offload is on (ssh://satellite.example.com)"
    assert old == "satellite eth0: TX checksum offload is on (ssh://satellite.example.com, observed 31 days ago)"


@pytest.mark.parametrize("state", [State.ON, State.OFF])
def test_a_declared_offload_state_is_named_as_declared(state: State) -> None:
    known = r.OffloadKnown(server="satellite", interface="eth0", state=state)
    wording = Wording(inventory(servers=(server(tx_checksum=state, source=state.value, observed_at=None),)))

    assert wording.sentence(known) == f"satellite eth0: TX checksum offload is {state.value} (declared)"


def test_a_kernel_is_named_with_its_source_or_as_declared_and_with_its_fix() -> None:
    kernel = Observed(value="6.1.0", source="ssh", observed_at=TAKEN_AT)
    wording = Wording(inventory(hypervisor("hv1", kernel=None, devices=()), hypervisor("hv2")))
    known = r.KernelKnown(hypervisor="hv1", release="6.1.0", fix=Fix.FIXED, basis=KernelBasis.MAINLINE_SINCE)
    read = Wording(inventory(hypervisor("hv1", kernel=kernel.value)))

    assert "(ssh)" in read.sentence(known)
    assert "which fills in checksums" in read.sentence(known)
    assert "which does not fill in checksums" in read.sentence(msgspec.structs.replace(known, fix=Fix.UNFIXED))
    assert "(source unknown)" in wording.sentence(known)
    declared = r.KernelKnown(
        hypervisor="hv1", release="6.1.0", fix=Fix.FIXED, basis=KernelBasis.MAINLINE_SINCE, declared=True
    )
    assert "(declared)" in wording.sentence(declared)


def test_offload_of_several_devices_names_those_that_decide() -> None:
    known = r.OffloadKnown(
        server="satellite", interface="bond0", state=server().tx_checksum, devices=(DeviceName("eth1"),)
    )

    assert words.sentence(known).endswith(" on eth1")


@pytest.mark.parametrize(("state", "says_so"), [(State.OFF, True), (State.ON, False)])
def test_off_in_a_capture_of_one_device_is_off_only_for_that_device(state: State, says_so: bool) -> None:
    known = r.OffloadKnown(server="satellite", interface="eth0", state=state, whole=False)

    assert ("if it sends through this device" in words.sentence(known)) is says_so
    assert ("does not show the devices above and below" in words.sentence(known)) is says_so


def test_ssh_facts_are_proposed_where_ssh_reaches_the_host() -> None:
    needed = r.NeedsKernel(hypervisor="hv1")
    by_ssh = Wording(inventory(hypervisor("hv1")))
    by_file = Wording(inventory(hypervisor("hv1", uri="xml:/dumps")))

    assert str(by_ssh.how(needed)).startswith("use --ssh-facts, or set kernel = ")
    assert str(by_file.how(needed)).startswith("set kernel = ")


@pytest.mark.parametrize("known", [{"physical": True}, {"machine": Machine.PHYSICAL}])
@pytest.mark.parametrize(
    ("needed", "how"),
    [
        (r.NeedsNicKinds(hypervisor="hv1", device=None), "use --ssh-facts, or read its sosreport with --sosreport"),
        (r.NeedsReflection(hypervisor="hv1", device=None, nics=()), '`tcpdump -vv udp` on hv1 prints "bad udp cksum"'),
    ],
)
def test_no_declaration_is_proposed_for_a_host_known_to_be_physical(
    known: dict[str, Any], needed: r.Missing, how: str
) -> None:
    advised = str(Wording(inventory(hypervisor("hv1", **known))).how(needed))

    assert advised.startswith(how)
    assert "physical = true" in str(Wording(inventory(hypervisor("hv1"))).how(needed))


SUPPOSED = SupposedServer(name="sat", source="ssh://sat", interface="eth1", assumed_place=True)
NAMESAKES = Wording(
    inventory(
        hypervisor("hv1"),
        servers=(server("sat", interface="eth0"), SUPPOSED, server("dhcp")),
        places=(
            RememberedPlace(server="sat", interface="eth0", hypervisor="hv1", observed_at=TAKEN_AT - timedelta(days=2)),
        ),
    )
)
ETH0, ETH1 = DeviceName("eth0"), DeviceName("eth1")
BOND = DeviceName("bond2")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            r.KernelInferred(hypervisor="hv1", daemon=10_011_003),
            "hv1 runs libvirt 10.11.3, which no distribution ships with an unfixed kernel: a fixed kernel is inferred",
        ),
        (
            r.OffloadKnown(server="sat", interface="eth0", state=State.ON, devices=(ETH0,)),
            "sat eth0: TX checksum offload is on (ssh://satellite.example.com)",
        ),
        (
            r.OffloadKnown(server="sat", interface="eth0", state=State.ON, devices=(ETH0, ETH1), assumed=True),
            "sat eth0: TX checksum offload is on (assumed) on eth0, eth1",
        ),
        (r.AfterReboot(server="sat", state=State.OFF), "the offload stays off after a reboot"),
        (r.AfterReboot(server="sat", state=State.ON), "off now; on again after a reboot"),
        (
            r.WasOnHypervisor(server="sat", hypervisor="hv1", domain="vm"),
            "sat was domain vm on hv1 when hv1 was last read completely, 2 days ago",
        ),
        (
            r.WasOnHypervisor(server="sat", hypervisor="hv2", domain=None),
            "sat was hv2 itself when hv2 was last read completely, at an unknown time",
        ),
        (
            r.OnOtherHypervisor(server="sat", hypervisor="hv2", domain=None, declared=True),
            "sat runs on hv2 (assumed), another hypervisor",
        ),
        (
            r.OnOtherHypervisor(server="dhcp", hypervisor="hv2", domain=None, declared=True),
            "dhcp runs on hv2 (declared), another hypervisor",
        ),
        (
            r.OnOtherHypervisor(server="sat", hypervisor="hv2", domain=None),
            "sat runs on hv2 itself, another hypervisor",
        ),
        (
            r.OnOtherHypervisor(server="sat", hypervisor="hv2", domain="vm"),
            "sat is domain vm on hv2, another hypervisor",
        ),
        (
            r.Carried(server="sat", hypervisor="hv1", domain="vm", device=BOND, port=ETH1),
            "sat is domain vm on hv1; bond2 receives its frames before any NIC",
        ),
        (
            r.Carried(server="sat", hypervisor="hv1", domain=None, device=BOND, port=ETH1),
            "sat is behind eth1 on hv1; bond2 receives its frames before any NIC",
        ),
        (
            r.Carried(server="sat", hypervisor="hv1", domain=None, device=BOND),
            "sat is behind a port on hv1; bond2 receives its frames before any NIC",
        ),
        (
            r.EnteredByNics(hypervisor="hv1", device=BOND, nics=(ETH0,)),
            "bond2 is reached only through NICs that fill in checksums (eth0)",
        ),
        (
            r.EnteredByNics(hypervisor="hv1", device=BOND, nics=()),
            "bond2 is reached only through NICs that fill in checksums",
        ),
        (r.DeviceObserved(hypervisor="hv1", device=BOND, kind=DeviceKind.BOND, bond=BOND), "bond2 of hv1 is a bond"),
        (
            r.DeviceObserved(hypervisor="hv1", device=ETH0, kind=DeviceKind.VLAN, bond=BOND),
            "eth0 of hv1 is on top of the bond bond2",
        ),
        (r.DeviceObserved(hypervisor="hv1", device=ETH0, kind=DeviceKind.BRIDGE), "eth0 of hv1 is a bridge"),
        (
            r.DeviceObserved(hypervisor="hv1", device=BOND, kind=DeviceKind.UNKNOWN),
            "bond2 of hv1 is named like a bond; its kind was not observed",
        ),
        (
            r.DeviceObserved(hypervisor="hv1", device=ETH0, kind=DeviceKind.UNKNOWN),
            "eth0 of hv1: its kind was not observed",
        ),
        (
            r.DeviceObserved(hypervisor="hv1", device=DeviceName("br0"), kind=DeviceKind.UNKNOWN),
            "br0 of hv1: its kind was not observed",
        ),
        (
            r.NotServed(hypervisor="hv1", device=ETH0, segment="prov", servers=("dhcp",)),
            "no server serves eth0 of hv1 (segment prov): dhcp",
        ),
        (
            r.NotServed(hypervisor="hv1", device=ETH0, segment=None, servers=("dhcp",)),
            "no server serves eth0 of hv1: dhcp",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, r.Reason) else "",
)
def test_a_sentence_has_the_facts_of_its_reason(reason: r.Reason, sentence: str) -> None:
    assert NAMESAKES.sentence(reason) == sentence


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        (r.NeedsPlace(server="sat", why=r.WhyUnlocated.NO_MAC), "/sys/class/net/eth0/address"),
        (r.NeedsPlace(server="other", why=r.WhyUnlocated.NO_MAC), "/sys/class/net/INTERFACE/address"),
        (
            r.NeedsPlace(server="sat", why=r.WhyUnlocated.NOT_RUNNING),
            "or physical = true if it is",
        ),
        (r.NeedsOffload(server="sat", interface="bond0", devices=(ETH1,)), "--server sat:bond0=file:PATH takes the"),
        (r.NeedsOffload(server="sat", interface="bond0", devices=(ETH1,)), "output of `ethtool -k eth1`"),
        (r.NeedsOffload(server="sat", interface="bond0"), "output of `ethtool -k bond0`"),
        (r.NeedsOffload(server="sat", interface=None, devices=(ETH1,)), "--server sat:eth1=file:PATH takes the"),
        (r.NeedsOffload(server="sat", interface=None), "--server sat:INTERFACE=ssh://root@HOST reads it"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, r.Reason) else "",
)
def test_the_advice_names_the_device_that_lacks_the_fact(reason: r.Reason, how: str) -> None:
    assert how in str(NAMESAKES.how(reason))


def test_a_state_that_is_too_old_has_the_age_of_its_own_server() -> None:
    def old(interface: str, days: int) -> Server:
        at = TAKEN_AT - timedelta(days=days)
        return server("sat", State.UNKNOWN, interface=interface, reason=TooOld(observed_at=at, max_age=86400.0))

    unread = server("sat", State.UNKNOWN, interface="eth2", reason=Failure(detail="refused"))
    wording = Wording(inventory(servers=(unread, old("eth0", 5), old("eth1", 9))))
    age = TooOld(observed_at=None, max_age=None)
    eth0, eth1, unnamed = (
        wording.sentence(r.NeedsOffload(server="sat", interface=interface, why=age))
        for interface in ("eth0", "eth1", None)
    )
    refused = wording.sentence(r.NeedsOffload(server="sat", interface="eth0", why=Failure(detail="refused")))

    assert "5 days ago" in eth0
    assert "9 days ago" in eth1
    assert "5 days ago" in unnamed
    assert refused.endswith(": refused")


def test_only_a_gap_of_age_shows_how_old_a_fact_is() -> None:
    item = ServerItem(server="sat", source="ssh://sat")
    gaps = (
        Gap(item=item, cause=TooOld(observed_at=TAKEN_AT - timedelta(days=5), max_age=None), about=GapAbout.AGE),
        Gap(item=item, cause=Failure(detail="refused"), about=GapAbout.SERVER),
    )

    assert "5 days ago" in Wording(inventory(gaps=gaps)).sentence(r.NeedsRenewal(item=item))
    assert "too old to be used" in Wording(inventory(gaps=gaps[1:])).sentence(r.NeedsRenewal(item=item))


def test_offload_that_only_other_devices_leave_unknown_is_not_reported_as_unread() -> None:
    """A bond whose members are not all listed may send through any NIC; a member's team may fill."""
    wording = Wording(inventory())
    read = r.NeedsOffload(server="sat", interface="eth0")

    assert wording.sentence(read).endswith(": not all devices above and below it are known")
    assert wording.sentence(msgspec.structs.replace(read, devices=(ETH1,))).endswith("on eth1: not read")
    assert wording.sentence(r.NeedsOffload(server="sat", interface=None)).endswith(": not read")
