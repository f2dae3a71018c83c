"""Every reason has a sentence, with the facts in it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests import filling
from tests.build import TAKEN_AT, hypervisor, inventory, server
from virtscan.model import DeviceName, Fix, KernelBasis, Observed, State
from virtscan.model import reasons as r
from virtscan.views.wording.reasons import Wording

ALL = sorted(r.Reason.__subclasses__(), key=lambda kind: kind.__name__)
words = Wording(inventory(hypervisor("the host"), servers=(server("the server"),)))


def filled(kind: type[r.Reason]) -> Iterator[r.Reason]:
    return filling.filled(kind, lambda _field: "a name")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_reason_has_a_sentence_without_the_marks_of_code(kind: type[r.Reason]) -> None:
    for reason in filled(kind):
        said = words.sentence(reason)

        assert len(said) > 10 or isinstance(reason, r.HostObserved)  # said only where it is old
        assert not any(mark in said for mark in ("None", "<Fix", "<State", "()", "  "))


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind.__name__.startswith("Needs")], ids=lambda k: k.__name__)
def test_every_missing_fact_can_be_learnt_unless_it_was_read_long_ago(kind: type[r.Reason]) -> None:
    for reason in filled(kind):
        assert bool(words.how(reason)) is (kind is not r.NeedsRenewal)


def test_a_hypervisor_without_known_nics_is_named() -> None:
    needed = r.NeedsNicKinds(hypervisor="hv2", device=None)

    assert words.sentence(needed) == "the NICs of hv2, which may be a virtual machine of the same fleet"


def test_of_many_names_three_are_shown() -> None:
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


def test_a_declared_kernel_is_named_as_declared_and_an_observed_one_with_its_source() -> None:
    kernel = Observed(value="6.1.0", source="ssh", observed_at=TAKEN_AT)
    wording = Wording(inventory(hypervisor("hv1", kernel=None, devices=()), hypervisor("hv2")))
    known = r.KernelKnown(hypervisor="hv1", release="6.1.0", fix=Fix.FIXED, basis=KernelBasis.MAINLINE_SINCE)
    read = Wording(inventory(hypervisor("hv1", kernel=kernel.value)))

    assert "(ssh)" in read.sentence(known)
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


def test_ssh_facts_are_proposed_where_ssh_reaches_the_host() -> None:
    needed = r.NeedsKernel(hypervisor="hv1")
    by_ssh = Wording(inventory(hypervisor("hv1")))
    by_file = Wording(inventory(hypervisor("hv1", uri="xml:/dumps")))

    assert str(by_ssh.how(needed)).startswith("--ssh-facts, or kernel = ")
    assert str(by_file.how(needed)).startswith("kernel = ")
