"""A scenario: the way of the server's frames, a VM, services, and the rule that has to decide."""

from enum import Enum

import msgspec

from virtscan.correlator.kernel import read_kernel
from virtscan.model import Fix, SourceMode, State

UNFIXED = "2.6.32-279.el6.x86_64"
"""RHEL 6.3's kernel, measured to be unfixed: it loses the mark of a partial checksum."""


class Way(Enum):
    """The way of the server's frames to the device that the VM's macvtap stands on."""

    LOSSY = "lossy"
    """Through a relay that loses the mark of a partial checksum, as an unfixed hypervisor's kernel does."""
    DIRECT = "direct"
    """Through a veth under the device, with the mark."""
    GUEST = "guest on the same device"
    """From a guest's virtual NIC through a macvtap on the same device."""
    VLAN = "guest on a VLAN over the device"
    """From a guest's virtual NIC through a macvtap on a VLAN of the device: the two never meet."""
    HOST_MACVLAN = "host macvlan on the same device"
    """From the hypervisor itself, through a macvlan in bridge mode."""
    CONTAINER_MACVLAN = "container on a macvlan of the same device"
    CONTAINER_PORT = "container's veth in the bridge"
    HAIRPIN = "hairpin"
    """Out through a device that fills in checksums, as a NIC does, and back from a switch that hairpins: server and VM
    are on one device, in VEPA mode."""
    MACHINE = "another machine"
    """From a machine whose NIC fills in checksums, over the cable."""


class Sender(Enum):
    """The devices that the server sends through; each has the offload on unless a step turns it off."""

    NIC = "one NIC"
    BRIDGE = "its bridge with its own MAC"
    """A bridge of the guest over its NIC; only the NIC has a MAC that libvirt has assigned."""
    BOND = "its bond, eth0 alone switched"
    """A bond over two NICs, of which the other one is active: the problem report's workaround."""


class Lower(Enum):
    """Kind of the source device."""

    VETH = "veth"
    BRIDGE = "bridge"
    BOND = "bond"
    VLAN = "VLAN on a bond"


class Firmware(Enum):
    """Firmware of the VM."""

    BIOS = "BIOS"
    UEFI = "UEFI"


class Service(Enum):
    """Service that answers DHCP, and the protocol of the boot file."""

    DHCPD_TFTP = "dhcpd and tftpd"
    """DHCP through a raw socket, which fills in its own checksums; TFTP through a plain one."""
    DNSMASQ = "dnsmasq"
    """Both through plain sockets."""
    DHCPD_HTTP = "dhcpd and HTTP"
    """The boot file by TCP, from iPXE."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One boot and one scan: the server's TX checksum offload, and the rule that decides under an unfixed kernel."""

    offload: State
    rule: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One hypervisor with one server and one VM, which is started anew for each step.

    `lower` is None for a bond where the kernel has them, and a veth elsewhere. With `unfixed` the hypervisor's
    `uname` names `UNFIXED`, and a guest's virtual NIC loses the mark, as that kernel does. With `csum_off` the VM's own
    XML turns partial checksums off in both directions. With `apart` the VM can't reach the server.
    """

    way: Way
    steps: tuple[Step, ...]
    sender: Sender = Sender.NIC
    model: str = "virtio"
    mode: SourceMode = SourceMode.BRIDGE
    firmware: Firmware = Firmware.BIOS
    service: Service = Service.DHCPD_TFTP
    lower: Lower | None = None
    unfixed: bool = False
    csum_off: bool = False
    apart: bool = False

    @property
    def needs_bond(self) -> bool:
        """Return True if its devices include a bond."""
        return self.lower in {Lower.BOND, Lower.VLAN} or self.sender is Sender.BOND

    @property
    def needs_nic(self) -> bool:
        """Return True if a NIC has to stand under the source device; only the lab's own guest has one to spare."""
        return self.way is Way.VLAN

    @property
    def needs_stand_in(self) -> bool:
        """Return True if a program of the lab stands for the fault, or for the device that prevents it."""
        return self.way in {Way.LOSSY, Way.HAIRPIN, Way.MACHINE} or self.needs_nic

    @property
    def is_on_hypervisor(self) -> bool:
        """Return True if the server is the hypervisor itself."""
        return self.way is Way.HOST_MACVLAN

    def rule(self, step: Step, release: str, build: str) -> str:
        """Return the rule that has to decide a step on a hypervisor whose kernel is this (`uname -r`, `uname -v`)."""
        given = read_kernel(UNFIXED) if self.unfixed else read_kernel(release, build)
        return "R2" if given.fix is Fix.FIXED else step.rule

    @property
    def name(self) -> str:
        """Return what distinguishes it from the others."""
        parts = [self.way.value, f"{self.model} in {self.mode.value} mode"]
        parts += [f"through {self.sender.value}"] if self.sender is not Sender.NIC else []
        parts += [self.firmware.value] if self.firmware is not Firmware.BIOS else []
        parts += [self.service.value] if self.service is not Service.DHCPD_TFTP else []
        parts += [f"on a {self.lower.value}"] if self.lower is not None else []
        parts += ["the VM's csum off"] if self.csum_off else []
        parts += ["mark lost"] if self.unfixed and not self.needs_stand_in else []
        is_switched = len(self.steps) > 1
        parts += ["offload switched off between two boots" if is_switched else f"offload {self.steps[0].offload.value}"]
        return ", ".join(parts)
