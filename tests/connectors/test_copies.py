"""Copies of one domain in one hypervisor."""

from typing import Any

import pytest

from tests.build import bridged, domain, macvtap
from virtscan.connectors.copies import with_copies_marked
from virtscan.model import Attachment, DeviceName, Domain, DomainState, Firmware, SourceMode, State

UUID = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"
POOL = tuple(Attachment(DeviceName(name), SourceMode.BRIDGE) for name in ("bond2", "bond3"))


def copy(*interfaces: Any, state: DomainState = DomainState.UNKNOWN, **more: Any) -> Domain:
    return domain("web01", *(interfaces or (macvtap(),)), **({"uuid": UUID, "state": state} | more))


def shown(domains: tuple[Domain, ...]) -> list[tuple[DomainState, bool]]:
    return [(item.state, item.next_start) for item in domains]


LIVE = copy(state=DomainState.ACTIVE)
RUNNING = (DomainState.ACTIVE, False)
NEXT = (DomainState.INACTIVE, True)


@pytest.mark.parametrize(
    "other",
    [
        copy(macvtap("bond3")),
        copy(macvtap(attachments=POOL)),
        copy(macvtap(mode=SourceMode.VEPA, attachments=(Attachment(DeviceName("bond2"), SourceMode.VEPA),))),
        copy(macvtap(boot_order=1)),
        copy(macvtap(rom=State.OFF)),
        copy(macvtap(), bridged()),
        copy(macvtap(), boot_devices=("network",)),
        copy(macvtap(), firmware=Firmware.EFI),
        copy(macvtap(), direct_kernel=True),
        copy(macvtap("bond3"), state=DomainState.INACTIVE, next_start=True),
    ],
)
def test_a_definition_that_differs_from_the_running_domain_is_its_next_start(other: Domain) -> None:
    assert shown(with_copies_marked([LIVE, other])) == [RUNNING, NEXT]
    assert shown(with_copies_marked([other, LIVE])) == [NEXT, RUNNING]


@pytest.mark.parametrize(
    "other",
    [
        copy(),
        copy(origin="/etc/libvirt/qemu/web01.xml", vcpus=8),
        copy(macvtap(target="vnet7", source=None, network="pxe")),
        copy(state=DomainState.INACTIVE, next_start=True),
    ],
)
def test_a_definition_that_is_judged_like_the_running_domain_adds_nothing(other: Domain) -> None:
    assert with_copies_marked([other, LIVE]) == (LIVE,)


def test_running_copies_stay_and_so_do_copies_of_unknown_state() -> None:
    for copies in (
        [LIVE, LIVE],
        [copy(), copy(macvtap("bond3"))],
        [copy(uuid=None), copy(uuid=None, state=DomainState.ACTIVE)],
        [LIVE, copy(macvtap("bond3"), uuid="another")],
    ):
        assert with_copies_marked(copies) == tuple(copies)
