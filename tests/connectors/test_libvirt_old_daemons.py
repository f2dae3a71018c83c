"""Daemons of RHEL 6, which have only the older calls."""

from collections.abc import Iterable
from pathlib import Path

import libvirt
import msgspec
import pytest

from tests.harness.definitions import COMPUTER, bond_xml, card_xml, direct, domain_xml, macvtap_network, on_network
from tests.harness.libvirt_scan import scan
from tests.harness.libvirtd import Libvirtd
from tests.harness.rpc_proxy import Call, Procedure, RpcProxy, proxy_to
from virtscan.connectors.observations import Mark
from virtscan.model import Domain, DomainState, GapAbout, HostStatus, State
from virtscan.views.wording.gaps import reason

NEWEST = {"0.8.1": 194, "0.9.10": 263, "0.10.1": 282}
"""The newest procedure of a release; only from 0.9.13 (273) on all domains are one list, from 0.10.2 (283) the rest."""


@pytest.fixture
def address(libvirtd: Libvirtd, proxy: RpcProxy) -> str:
    path = libvirtd.definitions(
        "el6",
        *(domain_xml(f"on{number}", direct("bond2")) for number in range(3)),
        *(domain_xml(f"off{number}", on_network("pxe"), running=False) for number in range(3)),
        macvtap_network("pxe", "bond3"),
        macvtap_network("unused", "bond4"),
        bond_xml("bond2", "eth4"),
        bond_xml("bond3", "eth6"),
        bond_xml("bond4", "eth8"),
        COMPUTER,
        card_xml("eth4"),
        card_xml("eth6"),
        card_xml("eth8"),
    )
    return libvirtd.unix(path, socket=proxy.socket)


@pytest.mark.parametrize("release", NEWEST)
@pytest.mark.parametrize("domain", [libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE])
def test_an_old_daemon_gives_the_facts_of_a_new_one(address: str, proxy: RpcProxy, release: str, domain: int) -> None:
    new, _ = scan(address)
    proxy.calls.clear()
    proxy.newest, proxy.unknown_from = NEWEST[release], domain

    old, gaps = scan(address)

    assert gaps == ()
    assert old.status is HostStatus.COMPLETE
    assert len(old.domains) == 6
    has_lists = NEWEST[release] >= Procedure.LIST_ALL_DOMAINS
    domains = new.domains if has_lists else _unmarked(new.domains)
    assert (old.domains, old.networks, old.devices) == (domains, new.networks, new.devices)
    assert proxy.calls[Procedure.DOMAIN_XML] == 6
    looked_up = 0 if has_lists else 3
    assert proxy.calls[Procedure.LOOK_UP_BY_ID] == proxy.calls[Procedure.LOOK_UP_BY_NAME] == looked_up
    assert proxy.calls[Procedure.NETWORK_XML] == 1
    assert proxy.calls[Procedure.INTERFACE_XML] == 2
    assert proxy.calls[Procedure.NODE_DEVICE_XML] == len({"eth4", "eth6", "computer"})


def _unmarked(domains: Iterable[Domain]) -> tuple[Domain, ...]:
    """Return domains without the facts that only lists of newer daemons have."""
    unknown = {mark.value: State.UNKNOWN for mark in Mark}
    return tuple(domain.with_shape(msgspec.structs.replace(domain.packed.shape, **unknown)) for domain in domains)


def test_the_next_start_of_every_running_domain_is_read_from_an_old_daemon(address: str, proxy: RpcProxy) -> None:
    proxy.newest = NEWEST["0.8.1"]

    hypervisor, gaps = scan(address, next_start=True)

    assert gaps == ()
    assert proxy.calls[Procedure.DOMAIN_XML] == 6 + 3
    assert len(hypervisor.domains) == 6


def test_a_failed_list_of_an_old_daemon_is_a_gap(address: str, proxy: RpcProxy) -> None:
    proxy.newest = NEWEST["0.8.1"]
    proxy.answers[Procedure.LIST_DEFINED_DOMAINS] = lambda call: call.error(
        libvirt.VIR_ERR_RPC, "too many remote undefs: 2000 > 1024"
    )

    hypervisor, (gap,) = scan(address)

    assert hypervisor.status is HostStatus.FAILED
    assert "--xml" in reason(gap)


def test_a_failed_look_up_is_a_gap(address: str, proxy: RpcProxy) -> None:
    proxy.newest = NEWEST["0.8.1"]
    proxy.answers[Procedure.LOOK_UP_BY_NAME] = lambda call: call.error(libvirt.VIR_ERR_ACCESS_DENIED, "no")

    hypervisor, (gap,) = scan(address)

    assert hypervisor.status is HostStatus.FAILED
    assert "access rules" in reason(gap)


class Changing:
    """A host whose one domain is started or stopped by itself, while it is being listed."""

    def __init__(self, daemon: Libvirtd, proxy: RpcProxy) -> None:
        self.address = daemon.unix(Path("/default"), socket=proxy.socket)
        self._proxy = proxy
        self._writer = libvirt.open(daemon.unix(Path("/default")))
        self.domain = self._writer.lookupByName("test")

    def close(self) -> None:
        del self.domain
        self._writer.close()

    def start_at(self, procedure: Procedure, *, call: int = 1) -> None:
        self.domain.destroy()
        self._at(procedure, call, self.domain.create)

    def stop_at(self, procedure: Procedure, *, call: int = 1) -> None:
        self._at(procedure, call, self.domain.destroy)

    def _at(self, procedure: Procedure, number: int, change: object) -> None:
        calls = iter(range(1, 100))

        def answer(_call: Call) -> None:
            if next(calls) == number and callable(change):
                change()

        self._proxy.answers[procedure] = answer


@pytest.mark.parametrize(
    ("procedure", "call", "starts"),
    [
        (Procedure.NUM_OF_DOMAINS, 1, True),
        (Procedure.NUM_OF_DEFINED_DOMAINS, 1, True),
        (Procedure.LOOK_UP_BY_NAME, 1, True),
        (Procedure.NUM_OF_DOMAINS, 2, True),
        (Procedure.LOOK_UP_BY_ID, 1, False),
        (Procedure.NUM_OF_DEFINED_DOMAINS, 1, False),
        (Procedure.NUM_OF_DOMAINS, 2, False),
    ],
)
def test_a_domain_that_is_started_or_stopped_between_two_lists_is_read_once(
    own_libvirtd: Libvirtd, procedure: Procedure, call: int, starts: bool
) -> None:
    with proxy_to(own_libvirtd.socket) as proxy:
        proxy.newest = NEWEST["0.8.1"]
        changing = Changing(own_libvirtd, proxy)
        (changing.start_at if starts else changing.stop_at)(procedure, call=call)
        hypervisor, gaps = scan(changing.address)
        changing.close()

    assert gaps == ()
    assert [domain.name for domain in hypervisor.domains] == ["test"]


def test_a_running_domain_has_the_running_state(address: str, proxy: RpcProxy) -> None:
    proxy.newest = NEWEST["0.8.1"]

    hypervisor, _ = scan(address)

    assert {domain.name: domain.state for domain in hypervisor.domains} == {
        **{f"on{number}": DomainState.ACTIVE for number in range(3)},
        **{f"off{number}": DomainState.INACTIVE for number in range(3)},
    }


def test_a_network_that_vanishes_before_it_is_looked_up_is_a_gap(address: str, proxy: RpcProxy) -> None:
    proxy.newest = NEWEST["0.8.1"]
    proxy.answers[Procedure.LOOK_UP_NETWORK] = lambda call: call.error(libvirt.VIR_ERR_NO_NETWORK, "gone")

    hypervisor, (gap,) = scan(address)

    assert gap.about is GapAbout.NETWORK
    assert len(hypervisor.domains) == 6
