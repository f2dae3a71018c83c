"""Devices of a report whose pieces come from several versions of sos."""

from virtscan.evidence.sosreport import Sosreport, read_devices
from virtscan.model import Backing, DeviceKind

BONDING = "Bonding Mode: x\nSlave Interface: {}\nPermanent HW addr: 3c:fd:fe:10:01:04\n"


def report(files: dict[str, str], links: dict[str, str] | None = None) -> Sosreport:
    return Sosreport(files={name: text.encode() for name, text in files.items()}, links=links or {})


def test_each_piece_adds_its_facts_and_its_name_as_source() -> None:
    devices = read_devices(
        report(
            {
                "proc/net/bonding/bond2": BONDING.format("eth4"),
                "proc/net/vlan/config": "bond2.100 | 100 | bond2\n",
                "sos_commands/networking/ip_-s_-d_link": "6: bond2: <UP> mtu 1500\n    bond mode 802.3ad\n",
                "sos_commands/networking/ip_-o_addr": "6: bond2    inet 10.1.0.5/24 scope global bond2",
                "ip_addr": "7: bond2.100    inet 10.2.0.5/24 scope global bond2.100",
                "sos_commands/networking/brctl_show": "br0\t8000.3cfdfe100102\tno\teth2\n",
                "sos_commands/networking/ethtool_-i_eth4": "driver: ixgbe\nbus-info: 0000:19:00.0\n",
                "sys/class/net/eth3/address": "3c:fd:fe:10:01:03\n",
            },
            links={
                "sys/class/net/eth2": "../../devices/pci0000:00/0000:18:00.0/net/eth2",
                "hostname": "sos_commands/host/hostname",
            },
        )
    )

    assert [(device.name, device.kind, device.backing, device.lower) for device in devices] == [
        ("bond2", DeviceKind.BOND, Backing.UNKNOWN, ("eth4",)),
        ("bond2.100", DeviceKind.VLAN, Backing.UNKNOWN, ("bond2",)),
        ("br0", DeviceKind.BRIDGE, Backing.UNKNOWN, ("eth2",)),
        ("eth2", DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
        ("eth3", DeviceKind.UNKNOWN, Backing.UNKNOWN, ()),
        ("eth4", DeviceKind.ETHERNET, Backing.PHYSICAL, ()),
    ]
    assert [device.addresses for device in devices[:2]] == [("10.1.0.5/24",), ("10.2.0.5/24",)]
    assert devices[0].sources == (
        "sosreport: /proc/net/bonding/bond2",
        "sosreport: ip_-s_-d_link",
        "sosreport: ip_-o_addr",
    )


def test_a_report_without_network_files_has_no_devices() -> None:
    assert read_devices(report({"uname": "Linux"})) == ()
