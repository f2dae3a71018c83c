"""NICs that fill in partial checksums, and MACs that only a NIC has."""

import pytest

from tests.build import device, hypervisor, nic, tap
from virtscan.correlator.devices.nic import NicKind, belongs_to_a_nic, is_nic, may_be_nic, nic_kind
from virtscan.model import Backing, Device, DeviceKind, Mac, Machine

FILLING, VIRTUAL, UNKNOWN = NicKind
REAL, QEMU, LOCAL = "b4:96:91:00:00:04", "52:54:00:00:00:04", "02:00:00:00:00:04"
REPLACED = "53:4f:53:00:00:04"  # by `sos clean`


@pytest.mark.parametrize(
    ("driver", "declared", "machine", "mac", "expected"),
    [
        # The driver decides, whatever else is known.
        *(
            (driver, True, Machine.PHYSICAL, REAL, VIRTUAL)
            for driver in ("virtio_net", "vmxnet", "vmxnet3", "hv_netvsc", "xen-netfront", "ibmveth")
        ),
        *((driver, False, Machine.VIRTUAL, QEMU, FILLING) for driver in ("ixgbe", "iavf", "mlx5_core", "qeth")),
        # Hypervisors emulate these, and frames reach them unchanged; one that is passed through has its maker's MAC.
        *((driver, True, Machine.PHYSICAL, QEMU, VIRTUAL) for driver in ("e1000", "e1000e", "igb", "8139cp")),
        *((driver, False, Machine.VIRTUAL, REAL, FILLING) for driver in ("e1000", "e1000e", "igb", "8139cp")),
        # Without a MAC of either, it may be both, and the host decides.
        *(("e1000", False, Machine.VIRTUAL, mac, VIRTUAL) for mac in (None, LOCAL, REPLACED)),
        *(("e1000", False, Machine.PHYSICAL, mac, FILLING) for mac in (None, LOCAL, REPLACED)),
        *(("e1000", False, Machine.UNKNOWN, mac, UNKNOWN) for mac in (None, LOCAL, REPLACED)),
        # What the host is comes before its declaration, and that before the MAC.
        (None, True, Machine.VIRTUAL, REAL, VIRTUAL),
        (None, True, Machine.CONTAINER, REAL, VIRTUAL),
        (None, True, Machine.UNKNOWN, QEMU, FILLING),
        (None, True, Machine.UNKNOWN, None, FILLING),
        (None, False, Machine.PHYSICAL, QEMU, FILLING),
        (None, False, Machine.VIRTUAL, REAL, VIRTUAL),
        (None, False, Machine.CONTAINER, REAL, VIRTUAL),
        # The MAC is the last resort.
        *(
            (None, False, Machine.UNKNOWN, f"{start}:00:00:04", VIRTUAL)
            for start in (
                *("52:54:00", "00:50:56", "00:0c:29", "00:05:69", "00:16:3e", "00:15:5d", "08:00:27"),
                # Defaults of VMware, oVirt, Proxmox VE, Nutanix AHV and Parallels, which MECHANISM.md does not list.
                *("00:1c:14", "00:1a:4a", "bc:24:11", "50:6b:8d", "00:1c:42"),
            )
        ),
        (None, False, Machine.UNKNOWN, LOCAL, UNKNOWN),
        (None, False, Machine.UNKNOWN, None, UNKNOWN),
        (None, False, Machine.UNKNOWN, REAL, FILLING),
    ],
)
def test_driver_then_host_then_declaration_then_mac_decide(
    driver: str | None, declared: bool, machine: Machine, mac: str | None, expected: NicKind
) -> None:
    device = nic("eth4", driver=driver, mac=None if mac is None else Mac(mac))

    assert nic_kind(device, hypervisor(physical=declared, machine=machine)) is expected


@pytest.mark.parametrize(
    ("mac", "permanent", "expected"),
    [(LOCAL, REAL, FILLING), (REAL, QEMU, VIRTUAL), (REAL, LOCAL, UNKNOWN), (None, REAL, FILLING)],
)
def test_the_permanent_mac_counts_where_a_bond_has_changed_the_other(
    mac: str | None, permanent: str, expected: NicKind
) -> None:
    device = nic("eth4", driver=None, mac=None if mac is None else Mac(mac), permanent_mac=Mac(permanent))

    assert nic_kind(device, hypervisor()) is expected


@pytest.mark.parametrize(
    ("nic_device", "expected"),
    [
        (nic("eth4"), True),
        (device("eth4", DeviceKind.UNKNOWN, backing=Backing.PHYSICAL), True),
        (device("team0", DeviceKind.UNKNOWN, "eth4", backing=Backing.PHYSICAL), False),
        (device("bond0", DeviceKind.BOND, backing=Backing.PHYSICAL), False),
        (device("eth4", DeviceKind.ETHERNET), False),
        (tap("vnet0"), False),
    ],
)
def test_a_nic_is_on_a_bus_and_has_nothing_below_it(nic_device: Device, expected: bool) -> None:
    assert is_nic(nic_device) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("eth4", True), ("lom1", True), ("lo", False), ("vnet0", False), ("macvtap0", False), ("veth1a", False)],
)
def test_the_name_shows_a_device_that_is_no_nic(name: str, expected: bool) -> None:
    assert may_be_nic(device(name, DeviceKind.UNKNOWN)) is expected


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        (REAL, True),
        ("00:16:3e:00:00:01", True),
        (QEMU, True),
        ("02:42:ac:11:00:02", False),
        ("fe:54:00:00:00:01", False),
        ("06:00:00:00:00:01", False),
        ("00:00:5e:00:01:07", False),
        ("00:00:5e:00:02:07", False),
        ("00:00:5e:00:53:07", False),
        ("00:00:0c:07:ac:01", False),
        ("00:00:0c:9f:f0:01", False),
        ("00:00:0c:9f:e0:01", True),
        ("00:05:73:a0:00:01", False),
        ("00:07:b4:00:01:01", False),
        ("00:07:b4:01:01:01", True),
        ("00:00:00:00:00:00", False),
        ("01:00:5e:00:00:01", False),
        ("ff:ff:ff:ff:ff:ff", False),
        ("53:54:00:00:00:01", False),
        ("not a mac", False),
    ],
)
def test_local_shared_and_group_macs_belong_to_no_nic(mac: str, expected: bool) -> None:
    assert belongs_to_a_nic(Mac(mac)) is expected
