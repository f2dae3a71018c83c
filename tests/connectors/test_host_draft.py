import threading
from datetime import timedelta

import msgspec
import pytest

from tests.build import TAKEN_AT, bond, bridged, domain, failure, gap_in_words, macvtap, nic
from virtscan.connectors.conditional_gap import ConditionalGap
from virtscan.connectors.host_draft import DraftItem, HostDraft, HostFacts
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    GapAbout,
    HostStatus,
    Interface,
    Mac,
    Machine,
    Network,
    Observed,
    SourceMode,
    Target,
    TargetKind,
)
from virtscan.model.gaps.causes import NoAnswer
from virtscan.model.gaps.items import GuestDomain, HostNetwork
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of

PXE = Network(name="pxe", forward_mode="bridge", attachments=(Attachment(DeviceName("bond2"), SourceMode.BRIDGE),))


def draft(**target: object) -> HostDraft:
    fields: dict[str, object] = {"kind": TargetKind.LIBVIRT, "address": "qemu+ssh://hv1/system"} | target
    return HostDraft(Target(**fields), name="hv1", uri="qemu+ssh://hv1/system")  # type: ignore[arg-type] # of any field


def on_network(network: str = "pxe") -> Interface:
    return Interface(index=0, type="network", network=network)


def test_nothing_delivered_at_the_end_is_a_complete_hypervisor_without_domains() -> None:
    hypervisor, gaps = draft().close()

    assert (hypervisor.name, hypervisor.uri) == ("hv1", "qemu+ssh://hv1/system")
    assert (hypervisor.status, hypervisor.domains, gaps) == (HostStatus.COMPLETE, (), ())


@pytest.mark.parametrize(
    ("delivered", "why", "status"),
    [
        ([], None, HostStatus.COMPLETE),
        ([domain()], None, HostStatus.COMPLETE),
        ([], "refused", HostStatus.FAILED),
        ([HostFacts(cpus=4), PXE, bond()], "refused", HostStatus.FAILED),
        ([domain()], "refused", HostStatus.PARTIAL),
        ([domain(), GapAbout.DOMAIN], None, HostStatus.PARTIAL),
        ([GapAbout.DOMAIN], None, HostStatus.PARTIAL),
        ([GapAbout.DOMAIN], "refused", HostStatus.FAILED),
        ([domain(), GapAbout.HYPERVISOR], None, HostStatus.PARTIAL),
        ([domain(), GapAbout.NETWORK], None, HostStatus.COMPLETE),
        ([domain(), GapAbout.DEVICE], None, HostStatus.COMPLETE),
    ],
)
def test_the_status_shows_if_every_domain_is_known(
    delivered: list[DraftItem | GapAbout], why: str | None, status: HostStatus
) -> None:
    box = draft()
    for item in delivered:
        box.add(gap_in_words(subject="an item", reason="gone", about=item) if isinstance(item, GapAbout) else item)

    hypervisor, gaps = box.close(None if why is None else failure(why))

    assert hypervisor.status is status
    assert len(gaps) == sum(isinstance(item, GapAbout) for item in delivered) + (why is not None)


def test_gaps_have_the_name_of_the_hypervisor_and_its_own_comes_first() -> None:
    box = draft()
    box.gap(HostNetwork(uri=box.uri, network="pxe"), failure("it is gone"), GapAbout.NETWORK)
    box.gap(GuestDomain(uri=box.uri, domain="web02"), failure("it is gone"), GapAbout.DOMAIN)
    box.gap(GuestDomain(uri=box.uri, domain="web01"), failure("it is gone"), GapAbout.DOMAIN)
    box.add(HostFacts(name="hv1.example.com"))

    _, gaps = box.close(failure("connection lost"))

    assert [subject_of(gap) for gap in gaps] == [
        "qemu+ssh://hv1/system",
        "qemu+ssh://hv1/system domain web01",
        "qemu+ssh://hv1/system domain web02",
        "qemu+ssh://hv1/system network pxe",
    ]
    assert {gap.hypervisor for gap in gaps} == {"hv1.example.com"}


def test_a_failure_shows_how_much_had_been_read() -> None:
    unanswered, slow = draft(), draft()
    slow.add(domain("web01"), domain("web02"))

    late = "no answer within 30 s; check the host, or raise --host-timeout"
    assert reason_of(unanswered.close(NoAnswer(seconds=30))[1][0]) == late
    assert reason_of(slow.close(failure("stopped"))[1][0]) == "stopped; domains read before that: 2"


def test_items_after_the_end_are_dropped() -> None:
    box = draft()
    box.add(domain("in time"))
    hypervisor, gaps = box.close(failure("stopped"))

    box.add(domain("late"), HostFacts(name="late"))
    box.gap(GuestDomain(uri=box.uri, domain="late"), failure("late"), GapAbout.DOMAIN)

    assert [domain.name for domain in hypervisor.domains] == ["in time"]
    assert box.name == hypervisor.name == "hv1"
    assert len(gaps) == 1


def test_a_draft_is_closed_once() -> None:
    box = draft()
    box.close()

    with pytest.raises(RuntimeError):
        box.close()


def test_any_delivery_is_an_answer() -> None:
    box = draft()

    assert not box.has_answered
    box.add(HostFacts(open_seconds=0.1))
    assert box.has_answered


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_delivery_does_not_matter(backwards: bool) -> None:
    items: list[DraftItem] = [
        domain("web01", uuid="1"),
        domain("web01", uuid=None, origin="a"),
        domain("web01", uuid=None, origin="b"),
        domain("web02", macvtap("bond2")),
        Network(name="a"),
        Network(name="b"),
        bond("bond2", "eth4"),
        nic("eth4"),
        nic("eth9"),
    ]
    box = draft()
    box.add(*(reversed(items) if backwards else items))
    for name in ("b", "a") if backwards else ("a", "b"):
        box.gap(HostNetwork(uri=box.uri, network=name), failure("gone"), GapAbout.NETWORK)

    hypervisor, gaps = box.close()

    assert [(domain.name, domain.uuid, domain.origin) for domain in hypervisor.domains] == [
        ("web01", None, "a"),
        ("web01", None, "b"),
        ("web01", "1", "qemu:///system"),
        ("web02", None, "qemu:///system"),
    ]
    assert [network.name for network in hypervisor.networks] == ["a", "b"]
    assert [device.name for device in hypervisor.devices] == ["bond2", "eth4", "eth9"]
    assert [subject_of(gap)[-1] for gap in gaps] == ["a", "b"]


def lacking(device: str | None = None) -> ConditionalGap:
    gap = gap_in_words(subject="list of node devices", reason="not supported", about=GapAbout.DEVICE)
    return ConditionalGap(gap=gap, device=None if device is None else DeviceName(device))


@pytest.mark.parametrize(
    ("items", "is_needed"),
    [
        ([lacking()], False),
        ([lacking(), domain("web01", bridged("br0"))], False),
        ([lacking(), domain("web01", macvtap("eth4"))], True),
        ([lacking(), domain("web01", macvtap("eth4")), nic("eth4")], False),
        ([lacking(), domain("web01", macvtap("eth4")), Device(name=DeviceName("eth4"))], True),
        ([lacking(), domain("web01", macvtap("bond2")), bond("bond2", "eth4", "eth5"), nic("eth4")], True),
        ([lacking(), domain("web01", macvtap("bond2")), bond("bond2", "eth4"), nic("eth4")], False),
        ([lacking(), domain("web01", macvtap("bond2")), bond("bond2", "bond3"), bond("bond3", "bond2")], False),
        ([lacking(), domain("web01", macvtap("b")), Device(name=DeviceName("b"), kind=DeviceKind.BOND)], True),
        ([lacking(), domain("web01", macvtap("bond2")), domain("web02", macvtap("eth4")), nic("eth4")], True),
        ([lacking("eth4"), domain("web01", macvtap("eth4"))], True),
        ([lacking("eth4"), domain("web01", macvtap("eth4")), Device(name=DeviceName("eth4"))], False),
    ],
)
def test_the_lack_of_a_source_is_a_gap_only_while_a_device_under_a_macvtap_is_unknown(
    items: list[DraftItem], is_needed: bool
) -> None:
    box = draft(name="rack7")
    box.add(*items)

    _, gaps = box.close()

    assert [(subject_of(gap), gap.hypervisor) for gap in gaps] == [("list of node devices", "rack7")] * is_needed


def test_a_device_of_a_list_adds_to_its_document_unless_that_gave_another_name() -> None:
    box = draft()
    names = {"net_tap_7": "tap_7", "net_eth4": "eth4", "net_eth9": "eth9"}
    box.add_listed({key: Device(name=DeviceName(name), mac=Mac("52:54:00:00:00:01")) for key, name in names.items()})
    box.withdraw_listed("net_tap_7")
    box.withdraw_listed("never there")
    box.add(Device(name=DeviceName("tap-7")), msgspec.structs.replace(nic("eth4"), mac=Mac("52:54:00:00:00:02")))

    devices = {device.name: device.mac for device in box.close()[0].devices}

    assert devices == {"eth4": "52:54:00:00:00:02", "eth9": "52:54:00:00:00:01", "tap-7": None}


def test_facts_that_no_source_gave_are_unknown_and_those_given_are_kept() -> None:
    empty, _ = draft().close()
    box = draft(physical=True, reflective=("bond2",))
    box.add(
        HostFacts(machine=Machine.PHYSICAL, system_uuid="u", local=True, daemon=Observed(value=7_000_000, source="a")),
        HostFacts(lists_all_domains=True, lists_all_devices=True),
    )
    full, _ = box.close()

    assert (empty.machine, empty.physical, empty.local, empty.daemon) == (Machine.UNKNOWN, False, False, None)
    assert (empty.lists_all_domains, empty.lists_all_devices) == (False, False)
    assert (full.machine, full.physical, full.reflective) == (Machine.PHYSICAL, True, ("bond2",))
    assert (full.system_uuid, full.local, full.daemon) == ("u", True, Observed(value=7_000_000, source="a"))
    assert (full.lists_all_domains, full.lists_all_devices) == (True, True)


@pytest.mark.parametrize(
    ("about", "why"), [(GapAbout.DOMAIN, None), (GapAbout.HYPERVISOR, None), (None, "stopped at its deadline")]
)
def test_a_list_of_domains_that_may_lack_one_is_not_of_all(about: GapAbout | None, why: str | None) -> None:
    box = draft()
    box.add(HostFacts(lists_all_domains=True), domain("web01"))
    if about is not None:
        box.gap(GuestDomain(uri=box.uri, domain="web02"), failure("gone"), about)

    assert not box.close(None if why is None else failure(why))[0].lists_all_domains


def test_a_list_of_devices_is_not_of_all_where_reading_ended_early() -> None:
    box = draft()
    box.add(HostFacts(lists_all_devices=True), domain("web01"))

    assert not box.close(failure("stopped at its deadline"))[0].lists_all_devices


def test_a_kernel_never_has_the_build_of_another() -> None:
    box = draft()
    box.add_if_unknown(HostFacts(kernel=Observed(value="6.1", source="ansible"), kernel_build="#1 SMP"))
    box.add(HostFacts(kernel=Observed(value="3.10", source="ssh")))

    hypervisor, _ = box.close()

    assert (hypervisor.kernel and hypervisor.kernel.value, hypervisor.kernel_build) == ("3.10", None)


def test_interfaces_resolve_to_the_networks_that_came_after_them() -> None:
    box = draft()
    box.add(domain("web01", on_network()), PXE)

    hypervisor, _ = box.close()

    assert hypervisor.domains[0].interfaces[0].attachments == PXE.attachments


def test_an_interface_whose_network_did_not_come_in_time_may_be_a_macvtap() -> None:
    box = draft()
    box.add(domain("web01", on_network()), domain("web02", macvtap()))

    hypervisor, _ = box.close(failure("stopped"))
    box.add(PXE)

    assert hypervisor.status is HostStatus.PARTIAL
    assert hypervisor.domains[0].interfaces[0].attachments == (Attachment(None, SourceMode.UNKNOWN),)
    assert hypervisor.domains[1].interfaces[0] == macvtap()


def test_a_later_fact_replaces_an_earlier_one_and_a_missing_one_nothing() -> None:
    kernel = Observed(value="6.1", source="ssh", observed_at=TAKEN_AT)
    box = draft()
    box.add(HostFacts(name="first", cpus=4, open_seconds=0.1, kernel=kernel))
    box.add(HostFacts(name="second", memory_mib=1024, observed_at=TAKEN_AT + timedelta(1)), HostFacts(read_seconds=2))

    hypervisor, _ = box.close()

    assert (hypervisor.name, hypervisor.cpus, hypervisor.memory_mib) == ("second", 4, 1024)
    assert (hypervisor.open_seconds, hypervisor.read_seconds) == (0.1, 2)
    assert hypervisor.observed_at == TAKEN_AT + timedelta(1)
    assert hypervisor.kernel == kernel


def test_declared_facts_are_kept_beside_the_facts_read() -> None:
    box = draft(name="ams1-hv1", site="ams1", kernel="2.6.32-279.el6", segments={"bond2": "pxe-a"})
    box.add(HostFacts(name="localhost", kernel=Observed(value="6.1", source="ssh")))

    hypervisor, _ = box.close(failure("stopped"))

    assert (hypervisor.name, hypervisor.site, hypervisor.segments) == ("ams1-hv1", "ams1", {"bond2": "pxe-a"})
    assert hypervisor.declared_kernel == "2.6.32-279.el6"
    assert hypervisor.kernel == Observed(value="6.1", source="ssh")


def test_threads_that_deliver_at_once_lose_nothing_until_the_end() -> None:
    box = draft()
    begin = threading.Barrier(9)

    def deliver(thread: int) -> None:
        begin.wait()
        for number in range(500):
            box.add(domain(f"{thread}-{number}"))

    threads = [threading.Thread(target=deliver, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    begin.wait()
    for thread in threads:
        thread.join()

    assert len({domain.name for domain in box.close()[0].domains}) == 4000
