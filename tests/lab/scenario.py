"""What a scenario is made of: a way for the server's frames, a VM, services, and what must come out."""

from enum import Enum

import msgspec

from virtscan.model import SourceMode, State


class Way(Enum):
    """How the server's frames reach the device that the VM's macvtap stands on."""

    LOSSY = "lossy"
    """Through a relay that loses the mark "checksum still to be filled", as an unfixed hypervisor's kernel does."""
    DIRECT = "direct"
    """With the mark; this machine's kernel has to fill the checksum in before the VM gets the frame."""
    SAME_LOWER = "same-lower"
    """From a macvlan in bridge mode on the very same device; this machine's kernel has to fill it in as well."""
    HAIRPIN = "hairpin"
    """Out through a device that fills checksums in, as a card does, and back from a switch that hairpins: server and
    VM are on one device, in VEPA mode."""


class Lower(Enum):
    """What the source device is."""

    VETH = "veth"
    BRIDGE = "bridge"
    BOND = "bond"
    VLAN = "VLAN on a bond"


class Firmware(Enum):
    BIOS = "BIOS"
    UEFI = "UEFI"


class Service(Enum):
    """Who answers DHCP, and how the boot file comes."""

    DHCPD_TFTP = "dhcpd and tftpd"
    """DHCP through a raw socket, which fills in its own checksums; TFTP through a plain one."""
    DNSMASQ = "dnsmasq"
    """Both through plain sockets."""
    DHCPD_HTTP = "dhcpd and HTTP"
    """The boot file by TCP, from iPXE."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One boot and one scan: the server's TX checksum offload, and the rule that has to decide."""

    offload: State
    rule: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One hypervisor with one server and one VM, which boots once for each step; from the second on by a reset.

    `lower` is None for a bond where the kernel has them, and a veth elsewhere. `kernel` is what virtscan is told about
    the hypervisor's kernel; None: it finds out itself. `csum_off` says in the VM's own XML that it neither sends nor
    takes open checksums.
    """

    way: Way
    steps: tuple[Step, ...]
    model: str = "virtio"
    mode: SourceMode = SourceMode.BRIDGE
    firmware: Firmware = Firmware.BIOS
    service: Service = Service.DHCPD_TFTP
    lower: Lower | None = None
    kernel: str | None = None
    csum_off: bool = False

    @property
    def needs_bond(self) -> bool:
        return self.lower in {Lower.BOND, Lower.VLAN}

    @property
    def name(self) -> str:
        parts = [self.way.value, f"{self.model} in {self.mode.value} mode"]
        parts += [self.firmware.value] if self.firmware is not Firmware.BIOS else []
        parts += [self.service.value] if self.service is not Service.DHCPD_TFTP else []
        parts += [f"on a {self.lower.value}"] if self.lower is not None else []
        parts += ["the VM's csum off"] if self.csum_off else []
        parts += ["switched while the VM waits"] if len(self.steps) > 1 else []
        return ", ".join(parts)
