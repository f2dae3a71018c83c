"""A hypervisor that is a virtual machine, and a server that may be the host around it."""

import pytest

from tests.build import bond, bridge, bridged, device, domain, hypervisor, nic, read_server, sends, tap
from tests.correlator.scenes import finding_of, scene
from virtscan.model import Backing, DeviceKind, Mac, Machine, ServerDevice, State
from virtscan.model.reasons import NeedsOuterHost

VIRTIO = (bond("bond2", "eth4"), nic("eth4", driver="virtio_net"))
NIC = nic("eth0", mac=Mac("3c:fd:fe:00:00:01"))
VNET = tap("vnet0")
DUMMY = device("dummy0", DeviceKind.UNKNOWN, backing=Backing.VIRTUAL)
ON, OFF = sends, State.OFF
OUTER = NeedsOuterHost(server="satellite", hypervisor="hv1", outer="satellite")


@pytest.mark.parametrize(
    ("devices", "more", "rule"),
    [
        ((ON(bridge("br0", "eth0")), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(bridge("br0", "eth0", "dummy0")), ON(NIC), ON(DUMMY)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(NIC), ON(bridge("br1", "vnet0")), ON(VNET)), {"machine": Machine.PHYSICAL}, "R10"),
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R14"),
        # By declaration it is another machine; that is the answer to the same missing fact of any other server.
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET)), {"physical": True}, "R10"),
        # The NIC fills in the checksums of frames to other machines only.
        ((ON(bridge("br0", "eth0", "vnet0")), ON(NIC, OFF), ON(VNET)), {"machine": Machine.PHYSICAL}, "R14"),
        ((ON(bridge("br0", "eth0", "vnet0"), OFF), ON(NIC), ON(VNET)), {"machine": Machine.PHYSICAL}, "R5"),
    ],
)
def test_a_bare_metal_server_with_taps_may_run_a_hypervisor_that_is_a_virtual_machine(
    devices: tuple[ServerDevice, ...], more: dict[str, Machine | bool], rule: str
) -> None:
    finding = finding_of(scene(servers=(read_server(*devices, **more),), host_devices=VIRTIO))

    assert finding.rule == rule
    assert (OUTER in finding.missing) is (rule == "R14")


def test_a_bare_metal_hypervisor_does_not_run_on_a_server() -> None:
    devices = (ON(bridge("br0", "eth0", "vnet0")), ON(NIC), ON(VNET))

    assert finding_of(scene(servers=(read_server(*devices, machine=Machine.PHYSICAL),))).rule == "R10"


@pytest.mark.parametrize(("bridge_state", "rule"), [(State.ON, "R14"), (OFF, "R5")])
def test_a_nic_fills_no_checksum_of_frames_from_its_hypervisor_to_a_nested_one(bridge_state: State, rule: str) -> None:
    nested = (nic("eth4", driver="virtio_net", mac=Mac("52:54:00:00:0f:01")), bond("bond2", "eth4"))
    host = hypervisor(
        "hv0", domain("nested", bridged(mac="52:54:00:00:0f:01")), devices=(bridge("br0", "eth0", "vnet0"), NIC, VNET)
    )
    satellite = read_server(sends(bridge("br0", "eth0", "vnet0"), bridge_state), sends(NIC, OFF), sends(VNET))

    assert finding_of(scene(servers=(satellite,), host_devices=nested, others=(host,))).rule == rule
