"""The VM that boots, and what libvirt is told of the server; through `virsh` on the hypervisor's own libvirtd."""

import os
from pathlib import Path

from tests.harness.qemu_host import QemuHost
from tests.lab.scenario import Firmware, Scenario, Way
from tests.lab.topology import SERVER_MAC
from virtscan.model import DeviceName, SourceMode

NAME = "client"
MAC = "52:54:00:93:76:af"
URI = "qemu:///system"
_TAP = "cd /sys/class/net/macvtap*/tap* && echo $(basename $PWD) $(cat dev)"


class Guest:
    """The VM; `console` is where its firmware writes."""

    def __init__(self, host: QemuHost, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self._console = folder / "console"
        self._read = 0

    def define_server(self, way: Way, device: DeviceName) -> None:
        """Tell libvirt where the server is plugged in: its namespace stands for a VM, of which this is the record."""
        self._virsh("define", self._document("server", server_xml(way, device)))

    def boot(self, scenario: Scenario, device: DeviceName) -> None:
        """Start the VM."""
        self._console.touch()
        self._virsh("create", self._document(NAME, client_xml(scenario, device, self._console)))
        self._check_tap()

    def boot_again(self) -> None:
        """Push its reset button: what it wrote until now counts no more."""
        self._read = len(self._console.read_bytes())
        self._virsh("reset", NAME)

    def printed(self) -> str:
        """What it wrote since it was started or reset last."""
        return self._console.read_bytes()[self._read :].decode(errors="replace")

    def _check_tap(self) -> None:
        """The file of the VM's macvtap is in a /dev that is shared with other network namespaces; is it its own?

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
    """A VM without a disk, under software emulation, so that it runs wherever QEMU does."""
    uefi = scenario.firmware is Firmware.UEFI
    firmware = " firmware='efi'" if uefi else ""
    # OVMF writes to the serial port by itself; SeaBIOS and the option ROMs under it have to be told.
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


def server_xml(way: Way, device: DeviceName) -> str:
    """The server with its MAC: on macvtap where its namespace is on a macvlan, else plugged into the device itself."""
    match way:
        case Way.SAME_LOWER:
            plug = f"<interface type='direct'><source dev='{device}' mode='{SourceMode.BRIDGE.value}'/>"
        case Way.HAIRPIN:
            plug = f"<interface type='direct'><source dev='{device}' mode='{SourceMode.VEPA.value}'/>"
        case _:
            plug = f"<interface type='bridge'><source bridge='{device}'/>"
    return (
        "<domain type='qemu'><name>server</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
        f"<devices>{plug}<mac address='{SERVER_MAC}'/><model type='virtio'/></interface></devices></domain>"
    )
