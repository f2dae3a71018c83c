"""Rulings on servers outside a hypervisor are made once for all servers; those that do not answer are left out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from tests.correlator.fleets import inventories
from tests.correlator.test_properties import many
from virtscan.correlator.evaluator import Evaluator
from virtscan.correlator.servers.outside import Outside
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged


@pytest.mark.long
@settings(many, max_examples=60)
@given(st.data())
def test_leaving_servers_out_equals_ruling_on_the_others_alone(data: DataObject) -> None:
    inventory = aged(data.draw(inventories(least_servers=2)))
    index = ServerIndex(inventory)
    numbers = range(len(index.servers))
    silent = data.draw(st.frozensets(st.sampled_from(numbers)))
    by_name = {server.name: number for number, server in enumerate(index.servers)}
    for host in inventory.hypervisors:
        evaluator = Evaluator(index, host)
        for domain in host.domains:
            for interface in domain.interfaces:
                for point in evaluator.points(domain, interface):
                    ruled = [(by_name[one.server], one) for one in point.rulings if one.stack is not None]
                    left = Outside.of(ruled, len(numbers)).but(silent, {})
                    alone = Outside.of([one for one in ruled if one[0] not in silent], len(numbers))
                    assert (left.rulings, left.numbers, left.positions) == (
                        alone.rulings,
                        alone.numbers,
                        alone.positions,
                    )
                    assert left.reaches == {number: alone.reaches[number] for number in numbers if number not in silent}
                    assert left.reaches_without(()) == set(left.reaches.values())
