"""The list of paused domains."""

import libvirt
import pytest

from virtscan.connectors.libvirt.resources import suspended


@pytest.mark.parametrize(
    ("address", "others"), [("qemu+ssh://hv1/system", True), ("qemu:///system", True), ("xen:///", False)]
)
def test_a_guest_that_suspended_itself_counts_with_qemu(address: str, others: bool) -> None:
    flags = suspended(address)

    assert flags & libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED
    assert bool(flags & libvirt.VIR_CONNECT_LIST_DOMAINS_OTHER) is others
