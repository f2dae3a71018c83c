"""Judging servers by classes of those that look alike equals judging each server alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from tests.build import (
    UNFIXED_KERNEL,
    bond,
    bridged,
    domain,
    failure,
    hypervisor,
    inventory,
    macvtap,
    nic,
    own_nics,
    read_server,
    sends,
    server,
)
from tests.correlator.fleets import ELSEWHERE, SEGMENTS, hypervisors, inventories
from tests.correlator.test_properties import many
from tests.correlator.test_remembered import night_after
from virtscan.correlator import correlate
from virtscan.correlator.devices.attachment import AttachmentPoints
from virtscan.correlator.evaluator import Evaluator, conclude
from virtscan.correlator.kernel import kernel_state
from virtscan.correlator.positions.route import positions
from virtscan.correlator.positions.seen_place import seen_from
from virtscan.correlator.servers.outside import stack_towards
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.correlator.table import Ruling
from virtscan.correlator.table.cases import rule_at
from virtscan.correlator.table.evaluation import Evaluation, PointEvaluation
from virtscan.model import (
    Device,
    DomainState,
    Finding,
    Gap,
    GapAbout,
    Hypervisor,
    Inventory,
    Mac,
    Machine,
    NotJudged,
    Persistence,
    Server,
    State,
    Verdict,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.model.gaps.items import OtherItem


@st.composite
def variants(draw: DrawFn, server: Server, macs: tuple[Mac, ...]) -> Server:
    """A server that is like this one but for its name and one thing; `macs` are where a server may be."""
    mac = draw(st.sampled_from((*macs, *ELSEWHERE)))
    lasting = Persistence(tx_checksum=draw(st.sampled_from(State)), setting=SettingInWords(text="ifcfg"))
    change: dict[str, Any] = draw(
        st.sampled_from(
            (
                {},
                {},
                {"tx_checksum": draw(st.sampled_from(State)), "devices": ()},
                {"tx_checksum": State.OFF, "persistence": lasting, "devices": ()},
                {"interface": draw(st.sampled_from((None, "eth0", "eth1")))},
                {"segments": SEGMENTS[:1]},
                {"macs": (), "declared_macs": ()},
                *({"macs": (mac,), "declared_macs": (mac,), "devices": ()},) * 4,
            )
        )
    )
    return replace(server, name=f"c{draw(st.integers(0, 5))}", **change)


@st.composite
def far(draw: DrawFn, number: int) -> Hypervisor:
    """A hypervisor with MACs of its own, of which one may be that of two copies."""
    macs = tuple(Mac(f"52:54:00:00:{number:02x}:{place:02x}") for place in range(3))
    host = draw(hypervisors(number, macs))
    nics = [
        replace(nic, index=0, attachments=nic.attachments[:1]) for domain in host.domains for nic in domain.interfaces
    ]
    guests = tuple(domain(f"{host.name}-{nic.mac}", nic) for nic in nics)
    copies = tuple(replace(domain, name=f"{domain.name}-copy") for domain in guests[: draw(st.integers(0, 2))])
    pair = domain(f"{host.name}-pair", nics[1], replace(nics[2], index=1))
    return replace(host, domains=draw(st.sampled_from((host.domains, (*guests, *copies), (guests[0], pair)))))


@st.composite
def crowds(draw: DrawFn) -> Inventory:
    """Random inventories with many servers, most of them like others, some under one name, some seen earlier."""
    before = draw(inventories())
    beyond = (draw(far(8)), draw(far(9)))
    macs = tuple(
        nic.mac for host in beyond for domain in host.domains for nic in domain.interfaces if nic.mac is not None
    )
    like = draw(st.sampled_from(before.servers))
    crowd = tuple(draw(variants(like, macs)) for _ in range(draw(st.integers(4, 12))))
    kernel = draw(st.sampled_from(("2.6.32-279.el6.x86_64", None)))
    after = replace(
        before,
        hypervisors=tuple(
            replace(host, kernel=None, declared_kernel=kernel, daemon=None) for host in (*before.hypervisors, *beyond)
        ),
        servers=(*before.servers, *crowd),
    )
    unread = draw(st.sampled_from((None, None, None, *(host.name for host in after.hypervisors))))
    return aged(after if unread is None else night_after(after, unread))


def ruled_alone(index: ServerIndex, host: Hypervisor, point: PointEvaluation, number: int) -> Iterator[Ruling]:
    """Rule on each place of one server, wherever that is."""
    stacks = AttachmentPoints(host, index.fleet.devices_of(host.name)).stacks
    for at in index.placed[number]:
        seen = seen_from(at.place, host.name, index.fleet)
        if seen.outside is not None:
            for where in index.outer_hosts.positions(at.stack, seen.outside, point.point, at.remembered):
                yield rule_at(kernel_state(host), point.point, stack_towards(at, where, host.name, index.fleet), where)
        for place in seen.inside:
            stack = at.here if place is at.place else at.stack
            for position in positions(stack, place, point.point, stacks):
                yield rule_at(kernel_state(host), point.point, stack, position)


def evaluated(looked_at: Inventory, index: ServerIndex) -> Iterator[tuple[Hypervisor, Evaluator, Evaluation]]:
    for host in looked_at.hypervisors:
        evaluator = Evaluator(index, host)
        for guest in host.domains:
            for interface in guest.interfaces:
                evaluation = evaluator.evaluate(guest, interface)
                if not isinstance(evaluation, NotJudged):
                    yield index.fleet.hypervisors[host.name], evaluator, evaluation


def by_server(point: PointEvaluation) -> Counter[tuple[object, ...]]:
    """Return how often each server is ruled on with each result."""
    return Counter(
        (ruling.rule.id, ruling.rank, ruling.confidence, stack.server.name, stack.interface, stack.server.interface)
        for ruling in point.rulings
        for stack in ruling.stacks
    )


@pytest.mark.long
@settings(many, max_examples=60)
@given(crowds())
def test_the_rulings_in_full_are_those_on_each_server_alone(looked_at: Inventory) -> None:
    index = ServerIndex(looked_at)
    for host, evaluator, evaluation in evaluated(looked_at, index):
        for point in evaluator.in_full(evaluation):
            answering = [
                ruling
                for number in range(len(index.servers))
                if number not in point.excluded
                for ruling in ruled_alone(index, host, point, number)
            ]
            if answering:
                assert Counter(map(repr, point.rulings)) == Counter(map(repr, answering))
                assert [ruling.sort_key for ruling in point.rulings] == sorted(server.sort_key for server in answering)
            else:
                assert all(ruling.stack is None for ruling in point.rulings)


def assert_rulings_hold_for_all(looked_at: Inventory) -> None:
    index = ServerIndex(looked_at)
    for _, evaluator, evaluation in evaluated(looked_at, index):
        full = evaluator.in_full(evaluation)
        alone = conclude(full, evaluation.candidates, index.fleet)

        assert isinstance(alone, Evaluation)
        assert [by_server(point) for point in evaluation.points] == [by_server(point) for point in full]
        assert [point.reach for point in evaluation.points] == [point.reach for point in full]
        assert replace(evaluation.ruling, alike=()) == alone.ruling
        assert evaluation.doubts == alone.doubts
        assert (evaluation.confidence, evaluation.disagree, evaluation.reach) == (
            alone.confidence,
            alone.disagree,
            alone.reach,
        )
        assert (evaluation.decided.point, evaluation.decided.contradicted) == (
            alone.decided.point,
            alone.decided.contradicted,
        )


def at_risk_alone(looked_at: Inventory, finding: Finding) -> set[tuple[str, str]]:
    """Return the servers, by name and interface, that alone put an interface at risk."""
    index = ServerIndex(looked_at)
    host = next(host for host in looked_at.hypervisors if host.name == finding.hypervisor)
    key = finding.origin, finding.domain
    judged = next(each for each in host.domains if (each.origin, each.name) == key)
    points = Evaluator(index, host).points(judged, judged.interfaces[finding.index])
    stacks = [ruling.stack for point in points for ruling in point.rulings if ruling.rule.verdict is Verdict.AT_RISK]
    return {(stack.server.name, stack.interface or "") for stack in stacks if stack is not None}


@pytest.mark.long
@settings(many, max_examples=120)
@given(crowds())
def test_a_ruling_on_one_server_holds_for_all_that_look_alike(looked_at: Inventory) -> None:
    assert_rulings_hold_for_all(looked_at)


FIRST, SECOND = Mac("52:54:00:01:00:01"), Mac("52:54:00:01:00:02")


def virtio(number: int) -> tuple[Device, ...]:
    """The devices of a hypervisor that is a virtual machine."""
    macs = {name: Mac(f"52:54:00:0a:{number:02x}:0{name[-1]}") for name in ("eth4", "eth5")}
    return bond(), *(nic(name, driver="virtio_net", mac=mac) for name, mac in macs.items())


def beyond(name: str, mac: Mac, **more: Any) -> Hypervisor:
    """A hypervisor with the domain that a server is."""
    return hypervisor(name, domain(f"{name}-guest", bridged(mac=mac)), **more)


def here(**more: Any) -> Hypervisor:
    return hypervisor("here", domain("web01", macvtap()), kernel=UNFIXED_KERNEL, **more)


GAP = Gap(item=OtherItem(text="one domain"), cause=failure("no reply"), about=GapAbout.DOMAIN, hypervisor="here")
ON = (server("s1", macs=(FIRST,)), server("s2", macs=(SECOND,)))
OFF = read_server(sends(nic("eth0", mac=FIRST), State.OFF), name="s1"), server("s2", State.OFF, macs=(SECOND,))
OUTER = hypervisor("outer", domain("far2-vm", bridged(mac=str(virtio(2)[1].mac))))
RUNS_ON = server("s1", runs_on="far1"), server("s2", macs=(str(own_nics("far2")[0].mac),))


@pytest.mark.parametrize(
    "looked_at",
    [
        inventory(
            here(lists_all_domains=False),
            beyond("far1", FIRST),
            hypervisor("far2", domain("far2-guest", bridged(mac=SECOND), state=DomainState.INACTIVE)),
            servers=ON,
        ),
        inventory(
            here(lists_all_domains=False),
            beyond("far1", FIRST, lists_all_devices=False),
            beyond("far2", SECOND, lists_all_devices=False, devices=virtio(2)),
            servers=ON,
        ),
        inventory(
            here(devices=virtio(0)), beyond("far1", FIRST), beyond("far2", SECOND, lists_all_devices=False), servers=ON
        ),
        inventory(
            here(lists_all_domains=False),
            beyond("far1", FIRST, devices=virtio(1)),
            beyond("far2", SECOND, devices=virtio(2)),
            OUTER,
            servers=ON,
        ),
        inventory(
            here(devices=virtio(0)), beyond("far1", FIRST), beyond("far2", SECOND, lists_all_domains=False), servers=ON
        ),
        inventory(
            here(devices=(), machine=Machine.VIRTUAL),
            beyond("far1", FIRST),
            hypervisor("far2", domain("far2-guest", bridged(mac=SECOND)), domain("far2-vm")),
            servers=ON,
        ),
        inventory(here(), beyond("far1", FIRST), beyond("far2", SECOND), servers=OFF, gaps=(GAP,)),
        inventory(here(), hypervisor("far1"), hypervisor("far2"), servers=RUNS_ON, gaps=(GAP,)),
    ],
    ids=[
        "stopped",
        "virtual",
        "leaves",
        "carried",
        "may carry",
        "has another domain",
        "observed",
        "declared to run there",
    ],
)
def test_servers_that_differ_in_one_fact_are_judged_separately(looked_at: Inventory) -> None:
    assert_rulings_hold_for_all(looked_at)


@pytest.mark.long
@settings(many, max_examples=40)
@given(crowds())
def test_a_finding_lists_all_servers_that_alone_put_the_interface_at_risk(looked_at: Inventory) -> None:
    for finding in correlate(looked_at).findings:
        listed = {(other.server, other.server_interface or "") for other in finding.others}
        if finding.verdict is Verdict.AT_RISK:
            decides = (finding.server or "", finding.server_interface or "")
            assert listed == at_risk_alone(looked_at, finding) - {decides}
        else:
            assert not listed


@pytest.mark.parametrize("servers", [20, 400])
def test_many_servers_need_no_more_rulings_than_few(servers: int) -> None:
    macs = [f"52:54:00:00:{number // 256:02x}:{number % 256:02x}" for number in range(servers // 2)]
    inside = [server(f"inside{number}", macs=(mac,)) for number, mac in enumerate(macs)]
    lost = [server(f"lost{number}") for number in range(servers // 2)]
    guests = [domain(f"guest{number}", macvtap(mac=mac)) for number, mac in enumerate(macs)]
    hosts = [hypervisor(f"hv{number}", *guests[number::10]) for number in range(10)]
    here = hypervisor("here", domain("web01", macvtap(mac="52:54:00:ff:00:01")))
    looked_at = inventory(*hosts, here, servers=(*inside, *lost))
    ((*_, evaluated_interface),) = (
        evaluation for evaluation in evaluated(looked_at, ServerIndex(looked_at)) if evaluation[0].name == "here"
    )

    assert len(evaluated_interface.points[0].rulings) == 2
    assert sum(map(len, (ruling.stacks for ruling in evaluated_interface.points[0].rulings))) == servers
