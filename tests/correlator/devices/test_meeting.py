"""Two devices of one hypervisor: which stands on the other, and whether a VLAN lies between them."""

import pytest

from tests.build import bond, bridge, device, nic, vlan
from virtscan.correlator.devices.meeting import Relation, meeting
from virtscan.correlator.devices.nic import NicKind
from virtscan.correlator.devices.stack import follow
from virtscan.model import DeviceKind, DeviceName, State

SAME, BELOW, ABOVE, BESIDE, APART = Relation
ON, OFF, UNKNOWN = State
DEVICES = (
    bond("bond2", "eth4"),
    nic("eth4"),
    vlan("bond2.100", "bond2"),
    vlan("bond2.200", "bond2"),
    bridge("br2", "bond2"),
    device("odd", DeviceKind.UNKNOWN, "bond2"),
    bond("bond3", "eth6"),
    nic("eth6"),
    vlan("bond3.100", "bond3"),
    bridge("br3", "bond2", "bond3.100"),
    bridge("br4", "odd", "bond3.100"),
)
STACKS = {
    device.name: follow({each.name: each for each in DEVICES}, device.name, lambda _: NicKind.FILLING)
    for device in DEVICES
}


@pytest.mark.parametrize(
    ("name", "other", "stands", "vlan"),
    [
        ("bond2", "bond2", SAME, OFF),
        ("bond2", "br2", BELOW, OFF),
        ("eth4", "bond2.100", BELOW, ON),
        ("br2", "bond2", ABOVE, OFF),
        ("bond2.100", "bond2", ABOVE, ON),
        ("odd", "bond2", ABOVE, UNKNOWN),
        ("bond2.100", "bond2.200", BESIDE, ON),
        ("br2", "bond2.100", BESIDE, ON),
        ("br2", "odd", BESIDE, UNKNOWN),
        # A VLAN on another branch separates nothing.
        ("br3", "bond2", ABOVE, OFF),
        ("br4", "br2", BESIDE, UNKNOWN),
        ("bond3", "bond2", APART, OFF),
        # A device of which nothing is known is itself alone.
        ("gone", "gone", SAME, OFF),
        ("gone", "bond2", APART, OFF),
    ],
)
def test_two_devices_meet_by_what_is_below_them(name: str, other: str, stands: Relation, vlan: State) -> None:
    result = meeting(DeviceName(name), DeviceName(other), STACKS)

    assert (result.relation, result.vlan) == (stands, vlan)
