"""Results to an inventory, without reading anything."""

import pytest

from tests.build import TAKEN_AT, bond, device, failure, gap_in_words, hypervisor, nic, read_server, sends, server
from virtscan.model import DeviceKind, GapAbout, HostStatus, Inventory, Policy, Server, State
from virtscan.model.gaps.causes import Failure
from virtscan.scanning import HostResult
from virtscan.scanning.assembling import assemble
from virtscan.scanning.jobs.results import JobResult
from virtscan.views.wording.gaps import reason, subject


def assembled(*results: JobResult) -> Inventory:
    return assemble(results, policy=Policy(), scope=None, taken_at=TAKEN_AT)


def test_results_of_each_kind_stay_in_their_order_whatever_is_between() -> None:
    first, second = (HostResult(hypervisor=hypervisor(name)) for name in ("hv2", "hv1"))

    inventory = assembled(first, server("b"), second, server("a"))

    assert [host.name for host in inventory.hypervisors] == ["hv2", "hv1"]
    assert [server.name for server in inventory.servers] == ["b", "a"]


def test_gaps_use_the_unique_name_of_their_host() -> None:
    gap = gap_in_words(subject="domain web01", reason="gone", about=GapAbout.DOMAIN, hypervisor="hv1")
    first = HostResult(hypervisor=hypervisor("hv1", uri="qemu+ssh://a/system", status=HostStatus.FAILED))
    second = HostResult(hypervisor=hypervisor("hv1", uri="qemu+ssh://b/system", status=HostStatus.FAILED), gaps=(gap,))

    inventory = assembled(first, second)

    assert [host.name for host in inventory.hypervisors] == ["hv1 (qemu+ssh://a/system)", "hv1 (qemu+ssh://b/system)"]
    assert [gap.hypervisor for gap in inventory.gaps] == ["hv1 (qemu+ssh://b/system)"]


def test_a_name_that_looks_like_a_unique_name_stays_its_own() -> None:
    hosts = (hypervisor(name, uri="u") for name in ("hv1 (u)", "hv1", "hv1"))

    inventory = assembled(*(HostResult(hypervisor=host) for host in hosts))

    assert [host.name for host in inventory.hypervisors] == ["hv1 (u)", "hv1 (u) #2", "hv1 (u) #3"]


ADDRESS = ("192.0.2.1/24",)
ETH0, ETH1 = nic("eth0", addresses=ADDRESS), nic("eth1", addresses=ADDRESS)


def unnamed(*states: State) -> Server:
    """Return a server with a NIC of each state, each with an address, none of them named."""
    devices = [sends(device, tx) for device, tx in zip((ETH0, ETH1), states, strict=True)]
    reason = failure("several devices; name the serving interface: eth0, eth1")
    return read_server(*devices, interface=None, tx_checksum=State.UNKNOWN, reason=reason)


def member(reason: Failure | None = None) -> Server:
    """Return a server that is named by a member of a bond, with its offload off; the other one's was not read."""
    other = sends(nic("eth1"), State.UNKNOWN, reason=reason)
    return read_server(sends(nic("eth0"), State.OFF), sends(bond("bond0", "eth0", "eth1"), State.UNKNOWN), other)


@pytest.mark.parametrize(
    ("server", "reasons"),
    [
        pytest.param(server(tx_checksum=State.ON), [], id="known"),
        pytest.param(server(tx_checksum=State.UNKNOWN), ["ssh: connection refused"], id="not read"),
        pytest.param(unnamed(State.ON, State.OFF), [], id="unnamed, every stack known"),
        pytest.param(unnamed(State.OFF, State.OFF), [], id="unnamed, every stack the same"),
        pytest.param(
            unnamed(State.OFF, State.UNKNOWN),
            ["several devices; name the serving interface: eth0, eth1"],
            id="unnamed, one unknown",
        ),
        pytest.param(member(reason=failure("no such device")), ["eth1: no such device"], id="another member not read"),
        pytest.param(member(), ["TX checksum offload of bond0, eth1 is unknown"], id="nothing said about the others"),
        pytest.param(
            read_server(sends(device("bond0", DeviceKind.BOND, lower_complete=False))),
            ["the devices below bond0 are not listed"],
            id="members not listed",
        ),
    ],
)
def test_a_server_is_a_gap_if_its_offload_over_all_paths_is_unknown(server: Server, reasons: list[str]) -> None:
    gaps = assembled(server).gaps

    assert [reason(gap) for gap in gaps] == reasons
    assert all(subject(gap) == f"server satellite ({server.source})" for gap in gaps)
    assert all(gap.about is GapAbout.SERVER for gap in gaps)
