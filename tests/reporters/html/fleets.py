"""Fleets whose pages are worth looking at."""

from tests.build import UNFIXED_KERNEL, bond, domain, gap_in_words, hypervisor, inventory, macvtap, server
from virtscan.correlator.judging import judge
from virtscan.model import DomainState, GapAbout, Mac, Report

SITES = ("ams1", "fra1", "lon2")
KINDS = ("app", "db", "web", "ci", "mail")
UNREAD = "qemu+ssh://root@fra1-kvm99/system"


def fleet(hosts: int, vms: int) -> Report:
    """So many hypervisors with so many VMs each, all of them at risk but the two servers themselves."""
    found = []
    for host in range(hosts):
        site, number = SITES[host % 3], host * vms
        found.append(
            hypervisor(
                f"{site}-kvm{host:03}.prod.example.com",
                *(
                    domain(
                        f"{KINDS[vm % 5]}{vm:05}",
                        macvtap(f"bond{vm % 2}", mac=f"52:54:00:{vm >> 16:02x}:{vm >> 8 & 255:02x}:{vm & 255:02x}"),
                        uuid=f"6a1d0b6e-0001-4d8e-9e61-{vm:012}",
                        boot_devices=("network", "hd") if vm % 3 else ("hd",),
                        state=DomainState.ACTIVE if vm % 6 else DomainState.INACTIVE,
                        vcpus=1 + vm % 7,
                        memory_mib=1024 * (1 + vm % 9),
                        origin=f"qemu+ssh://root@{site}-kvm{host:03}/system",
                    )
                    for vm in range(number, number + vms)
                ),
                kernel=UNFIXED_KERNEL,
                site=site,
                devices=(bond("bond0", "eth0", "eth1"), bond("bond1", "eth2", "eth3")),
                segments={"bond0": "pxe-a", "bond1": "pxe-b"},
            )
        )
    servers = (
        server(macs=(Mac("52:54:00:00:00:00"),), segments=("pxe-a",)),
        server("foreman", interface="eth1", source="on", segments=("pxe-b",)),
    )
    return judge(
        inventory(*found, servers=servers, gaps=(gap_in_words(UNREAD, "no answer within 30 s", GapAbout.HYPERVISOR),))
    )
