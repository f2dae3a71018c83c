"""The VM that boots, and the record of the server; through `virsh` on the hypervisor's own libvirtd."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.harness.qemu_host import QemuHost
from tests.lab.console import Console
from tests.lab.scenario import Firmware, Scenario, Way
from tests.lab.topology import SERVER_MACS, server_nics
from virtscan.model import DeviceName, SourceMode

NAME = "client"
MAC = "52:54:00:93:76:af"
URI = "qemu:///system"
_TAP = "cd /sys/class/net/macvtap*/tap* && echo $(basename $PWD) $(cat dev)"


class Guest:
    """The VM, with the console that its firmware writes to."""

    def __init__(self, host: QemuHost, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self._console = Console(folder)
        self._runs = False

    def define_server(self, scenario: Scenario, device: DeviceName) -> None:
        """Define the domain that the server's namespace stands for, if it stands for one."""
        xml = server_xml(scenario, device)
        if xml is not None:
            self._virsh("define", self._document("server", xml))

    def boot(self, scenario: Scenario, device: DeviceName) -> None:
        """Start the VM; one that runs is ended before."""
        if self._runs:
            self._virsh("destroy", NAME)
        self._runs = True
        self._virsh("create", self._document(NAME, client_xml(scenario, device, self._console.of_next_boot())))
        self._check_tap()

    def printed(self) -> str:
        """Return what it wrote since it was started last."""
        return self._console.printed()

    def _check_tap(self) -> None:
        """Check that the file of the VM's macvtap is its own: all network namespaces share one /dev.

        Raises:
            OSError: It belongs to a device of another namespace with the same number, or is gone.
        """
        number, _, device = self._host.run("sh", "-c", _TAP).strip().partition(" ")
        node = Path("/dev", number).stat().st_rdev
        if device != f"{os.major(node)}:{os.minor(node)}":
            raise OSError(f"/dev/{number} belongs to another network namespace: play the scenario again")

    def _virsh(self, *arguments: str) -> None:
        self._host.run("virsh", "--quiet", "--connect", URI, *arguments)

    def _document(self, name: str, xml: str) -> str:
        path = self._folder / f"{name}.xml"
        path.write_text(xml, encoding="ascii")
        return str(path)


def client_xml(scenario: Scenario, device: DeviceName, console: Path) -> str:
    """Return a VM without a disk, under software emulation, so that it runs wherever QEMU does."""
    uefi = scenario.firmware is Firmware.UEFI
    firmware = " firmware='efi'" if uefi else ""
    # OVMF writes to the serial port by itself; SeaBIOS and the option ROMs under it need the option.
    detail = "<firmware><feature enabled='no' name='secure-boot'/></firmware>" if uefi else "<bios useserial='yes'/>"
    driver = "<driver><host csum='off'/><guest csum='off'/></driver>" if scenario.csum_off else ""
    return (
        f"<domain type='qemu'><name>{NAME}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>"
        f"<os{firmware}><type arch='x86_64' machine='pc'>hvm</type>{detail}"
        "<boot dev='network'/></os><features><acpi/></features>"
        f"<devices><interface type='direct'><mac address='{MAC}'/>"
        f"<source dev='{device}' mode='{scenario.mode.value}'/><model type='{scenario.model}'/>{driver}</interface>"
        f"<serial type='file'><source path='{console}'/><target port='0'/></serial></devices></domain>"
    )


def server_xml(scenario: Scenario, device: DeviceName) -> str | None:
    """Return the server as a domain: on a macvtap where its frames pass one; None for a server that is none."""
    plugs = "".join(
        f"<interface type='{plug}/><mac address='{mac}'/><model type='virtio'/></interface>"
        for plug in _plugs(scenario.way, device)
        for mac in SERVER_MACS[: len(server_nics(scenario.sender))]
    )
    if not plugs:
        return None
    return (
        "<domain type='qemu'><name>server</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
        f"<devices>{plugs}</devices></domain>"
    )


def _plugs(way: Way, device: DeviceName) -> Iterator[str]:
    """Return the type and the source of the server's interfaces, if it is a domain."""
    match way:
        case Way.GUEST:
            yield f"direct'><source dev='{device}' mode='{SourceMode.BRIDGE.value}'"
        case Way.VLAN:
            yield f"direct'><source dev='{device}.100' mode='{SourceMode.BRIDGE.value}'"
        case Way.HAIRPIN:
            yield f"direct'><source dev='{device}' mode='{SourceMode.VEPA.value}'"
        case Way.LOSSY | Way.DIRECT:
            yield f"bridge'><source bridge='{device}'"
        case Way.HOST_MACVLAN | Way.CONTAINER_MACVLAN | Way.CONTAINER_PORT | Way.MACHINE:
            return
