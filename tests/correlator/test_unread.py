"""Hypervisors by what was not read of them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap
from virtscan.correlator.unread import unread_of
from virtscan.model import Gap, GapAbout, HostStatus, Interface, Inventory, Policy
from virtscan.model.gaps.causes import NotInReport
from virtscan.model.gaps.items import FactName, HostFact


def gap(about: GapAbout, host: str | None = "hv1", subject: str = "hv1") -> Gap:
    return gap_in_words(subject=subject, reason="timeout", about=about, hypervisor=host)


def judged_with(*gaps: Gap, max_age: float | None = None, guest: Interface | None = None, **host: Any) -> Inventory:
    policy = Policy(max_age=max_age)
    return inventory(hypervisor("hv1", domain("d", guest or macvtap()), **host), gaps=gaps, policy=policy)


@pytest.mark.parametrize(
    ("looked_at", "is_incomplete", "unread"),
    [
        (judged_with(), False, ()),
        (judged_with(status=HostStatus.PARTIAL), True, ("hv1",)),
        (judged_with(status=HostStatus.FAILED), True, ("hv1",)),
        (judged_with(lists_all_domains=False), True, ()),
        (judged_with(guest=Interface(index=0, type="user")), True, ()),
        (judged_with(gap(GapAbout.DOMAIN)), True, ()),
        (judged_with(gap(GapAbout.HYPERVISOR)), True, ("hv1",)),
        (judged_with(gap(GapAbout.HYPERVISOR, None, "hv9")), False, ("hv9",)),
        (judged_with(gap(GapAbout.HYPERVISOR, "hv9")), False, ("hv9",)),
        (judged_with(gap(GapAbout.DOMAIN, None)), False, ()),
        *(
            (judged_with(gap(about)), False, ())
            for about in GapAbout
            if about not in {GapAbout.DOMAIN, GapAbout.HYPERVISOR}
        ),
        (judged_with(max_age=60.0), False, ()),
        (judged_with(max_age=60.0, observed_at=TAKEN_AT - timedelta(seconds=61)), True, ("hv1",)),
        (judged_with(max_age=60.0, observed_at=None), True, ("hv1",)),
        (judged_with(observed_at=None), False, ()),
    ],
)
def test_a_hypervisor_that_may_hide_a_domain_is_incomplete_and_one_not_read_is_unread(
    looked_at: Inventory, is_incomplete: bool, unread: tuple[str, ...]
) -> None:
    state = unread_of(looked_at)

    assert ("hv1" in state.incomplete, state.hosts) == (is_incomplete, frozenset(unread))


@pytest.mark.parametrize("about", GapAbout)
def test_a_gap_about_a_domain_or_a_device_is_one_of_its_hypervisor(about: GapAbout) -> None:
    unread = unread_of(judged_with(gap(about)))

    assert (unread.domains == {"hv1"}) is (about in {GapAbout.DOMAIN, GapAbout.HYPERVISOR})
    assert (unread.devices == {"hv1"}) is (about is GapAbout.DEVICE)


def test_a_hypervisor_whose_list_of_domains_may_be_shorter_is_incomplete_but_lacks_nothing_known() -> None:
    unread = unread_of(judged_with(lists_all_domains=False))

    assert unread.incomplete == {"hv1"}
    assert not unread.lacking


@pytest.mark.parametrize("fact", FactName)
def test_only_a_fact_about_devices_hides_devices(fact: FactName) -> None:
    lacking = Gap(
        item=HostFact(uri="sosreport:hv1", fact=fact), cause=NotInReport(), about=GapAbout.DEVICE, hypervisor="hv1"
    )

    is_about_devices = fact in {
        FactName.BY_SSH,
        FactName.OF_ANSIBLE,
        FactName.DOMAINS,
        FactName.INTERFACES,
        FactName.MACS,
        FactName.NODE_DEVICES,
    }
    assert (unread_of(judged_with(lacking)).devices == {"hv1"}) is is_about_devices
