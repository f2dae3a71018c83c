"""A fleet with names as long as they come, for terminals: fully qualified hosts, VMs of 4 to 75 characters."""

from pathlib import Path

import msgspec

from tests.build import (
    FIXED_KERNEL,
    UNFIXED_KERNEL,
    bond,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    nic,
    server,
)
from virtscan.cli.exit_codes import of_report
from virtscan.correlator.judging import judge
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    FailOn,
    GapAbout,
    HostStatus,
    Inventory,
    Mac,
    Offload,
    Policy,
    Server,
    ServerDevice,
    State,
    Waiver,
)
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.views import VIEWS

FOLDER = Path(__file__).parents[2] / "fixtures" / "golden" / "screens"
WIDTHS = (80, 100, 120, 200)
FILE = "fleet.json"
"""The name of the saved fleet in hints."""
LONGEST = "ams1-prod-application-server-with-a-name-of-seventy-five-characters-in-all1"

_SERVER_MAC = Mac("52:54:00:5a:7e:05")
_SUFFIX = ".prod.example.com"


def fleet() -> Inventory:
    """Three hypervisors of one domain, and one that was not read; a server with a bond, one that is declared."""
    names = ("ams1-prod-app01", "db01", LONGEST, "開発-テスト")
    hosts = (
        hypervisor(
            f"ams1-kvm01{_SUFFIX}",
            *(domain(name, macvtap(mac=f"52:54:00:00:01:0{number}")) for number, name in enumerate(names)),
            domain("satellite6", macvtap(mac=_SERVER_MAC), boot_devices=("hd",)),
            kernel=UNFIXED_KERNEL,
            site="ams1",
            devices=(bond(), nic("eth4"), nic("eth5")),
        ),
        hypervisor(
            f"ams1-kvm02{_SUFFIX}",
            domain("ams1-prod-app02", macvtap("bond2.120", mac="52:54:00:00:02:01"), boot_devices=("network", "hd")),
            domain("iso-kiosk", macvtap("bond2.120", mac="52:54:00:00:02:02")),
            kernel=None,
            site="ams1",
            devices=(bond(), nic("eth4"), nic("eth5"), _vlan()),
        ),
        hypervisor(f"fra1-kvm03{_SUFFIX}", domain("shop01", macvtap(mac="52:54:00:00:03:01")), kernel=FIXED_KERNEL),
        hypervisor(f"fra1-kvm04{_SUFFIX}", status=HostStatus.FAILED, devices=()),
    )
    gap = gap_in_words(
        f"qemu+ssh://root@fra1-kvm04{_SUFFIX}/system",
        "no answer within 30 s; check that libvirtd is running and listens on this transport",
        GapAbout.HYPERVISOR,
        f"fra1-kvm04{_SUFFIX}",
    )
    waiver = Waiver(domain="iso-kiosk", reason="boots from its ISO image, which is never on the network")
    return msgspec.structs.replace(
        inventory(*hosts, servers=(_satellite(), server(f"foreman-proxy{_SUFFIX}", source="on")), gaps=(gap,)),
        policy=Policy(waivers=(waiver,)),
    )


def _satellite() -> Server:
    members = (DeviceName("eth0"), DeviceName("eth1"))
    bond0 = Device(name=DeviceName("bond0"), kind=DeviceKind.BOND, lower=members, lower_complete=True, mac=_SERVER_MAC)
    on = Offload(tx_checksum=State.ON)
    devices = tuple(ServerDevice(device=device, offload=on) for device in (bond0, nic("eth0"), nic("eth1")))
    return server(
        f"satellite6{_SUFFIX}", interface="bond0", macs=(_SERVER_MAC,), devices=devices, lists_all_devices=True
    )


def _vlan() -> Device:
    below = (DeviceName("bond2"),)
    return Device(name=DeviceName("bond2.120"), kind=DeviceKind.VLAN, lower=below, vlan_id=120, sources=("libvirt",))


def screen(view: str, options: RenderOptions) -> str:
    """Return a view as on a terminal, with all of its rows."""
    report = msgspec.structs.replace(judge(fleet()), file=FILE)
    code = of_report(report, FailOn.LATENT)
    document = msgspec.structs.replace(VIEWS[view](report), exit_code=code)
    return REPORTERS["table"].render(document, options).decode()
