"""Requirements of scenarios, and those that a machine lacks, with the package that has them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tests.lab.scenario import Firmware, Lower, Scenario, Sender, Service


class Machine(Protocol):
    """Facts about a machine that the lab needs."""

    def is_root(self) -> bool: ...

    def makes_namespaces(self) -> bool: ...

    def has_program(self, name: str) -> bool: ...

    def has_file(self, *patterns: str) -> bool: ...

    def makes(self, device: str) -> bool: ...


class _Need(msgspec.Struct, frozen=True):
    """Programs, or one file in any of several places, with the package of each family of distributions."""

    debian: str
    fedora: str
    programs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    what: str = ""


_ALWAYS = (
    _Need("util-linux", "util-linux", ("unshare", "nsenter", "setpriv")),
    _Need("iproute2", "iproute", ("ip",)),
    _Need("ethtool", "ethtool", ("ethtool",)),
    _Need("tcpdump", "tcpdump", ("tcpdump",)),
    _Need("libvirt-clients", "libvirt-client", ("virsh",)),
    _Need("libvirt-daemon", "libvirt-daemon", ("libvirtd", "virt-ssh-helper")),
    _Need("qemu-system-x86", "qemu-system-x86-core", ("qemu-system-x86_64",)),
    _Need(
        "libvirt-daemon-driver-qemu",
        "libvirt-daemon-driver-qemu",
        files=("usr/lib*/libvirt/connection-driver/*_qemu.so", "usr/lib/*/libvirt/connection-driver/*_qemu.so"),
        what="libvirt's driver for QEMU",
    ),
    _Need(
        "ipxe-qemu",
        "ipxe-roms-qemu",
        files=("usr/lib/ipxe/qemu/pxe-virtio.rom", "usr/share/qemu/pxe-virtio.rom", "usr/share/ipxe/qemu/*.rom"),
        what="iPXE for QEMU's NICs",
    ),
)
_DHCPD = _Need("isc-dhcp-server", "dhcp-server", ("dhcpd",))
_BY_SERVICE = {
    Service.DHCPD_TFTP: (_DHCPD, _Need("tftpd-hpa", "tftp-server", ("in.tftpd",))),
    Service.DNSMASQ: (_Need("dnsmasq-base", "dnsmasq", ("dnsmasq",)),),
    Service.DHCPD_HTTP: (_DHCPD,),
}
_UEFI = _Need(
    "ovmf",
    "edk2-ovmf",
    files=("usr/share/OVMF/OVMF_CODE*.fd", "usr/share/edk2/ovmf/OVMF_CODE*.fd"),
    what="UEFI firmware for VMs (OVMF)",
)
_DEVICES = {Lower.BRIDGE: ("bridge",), Lower.BOND: ("bond",), Lower.VLAN: ("bond", "vlan")}
_SENDERS = {Sender.BRIDGE: ("bridge",), Sender.BOND: ("bond",)}
_MODULES = {"veth": "veth", "macvtap": "macvtap", "bridge": "bridge", "bond": "bonding", "vlan": "8021q"}


def playable(scenario: Scenario, machine: Machine) -> bool:
    """Return True if the machine's kernel makes the devices of a scenario."""
    return all(machine.makes(kind) for kind in _devices(scenario))


def lacking(here: Sequence[Scenario], machine: Machine, nested: Sequence[Scenario] = ()) -> list[str]:
    """Return everything that keeps the machine from playing them, a line each.

    Args:
        here: What it plays itself.
        machine: The machine.
        nested: What a guest with another kernel plays, with this machine's programs.
    """
    absent = [line for need in _needs((*here, *nested)) for line in _absent(need, machine)]
    if not machine.is_root():
        return ["rights: network namespaces, macvtap and libvirtd are root's; run it as root", *absent]
    if not all(machine.has_program(name) for name in ("ip", "unshare")):
        return absent  # whether the kernel makes a device can't be tried
    if not machine.makes_namespaces():
        return ["rights: root may not make namespaces here; a container needs all privileges for it", *absent]
    devices = dict.fromkeys(kind for scenario in here for kind in ("veth", "macvtap", *_devices(scenario)))
    return absent + [
        f"kernel: it makes no {kind} device; it lacks {_MODULES[kind]}, or the right to load it"
        for kind in devices
        if not machine.makes(kind)
    ]


def _devices(scenario: Scenario) -> tuple[str, ...]:
    lower = () if scenario.lower is None else _DEVICES.get(scenario.lower, ())
    return (*lower, *_SENDERS.get(scenario.sender, ()))


def _needs(scenarios: Sequence[Scenario]) -> Iterator[_Need]:
    yield from _ALWAYS
    yield from dict.fromkeys(need for scenario in scenarios for need in _BY_SERVICE[scenario.service])
    if any(scenario.firmware is Firmware.UEFI for scenario in scenarios):
        yield _UEFI


def _absent(need: _Need, machine: Machine) -> Iterator[str]:
    packages = f"install {need.debian} (Debian, Ubuntu) or {need.fedora} (Fedora, RHEL)"
    for name in need.programs:
        if not machine.has_program(name):
            yield f"program {name}: {packages}"
    if need.files and not machine.has_file(*need.files):
        yield f"{need.what}: {packages}"


class ThisMachine:
    """The machine that the lab runs on."""

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def makes_namespaces(self) -> bool:
        return _succeeds(["unshare", "--mount", "--net", "--pid", "--fork", "mount", "--make-rprivate", "/"])

    def has_program(self, name: str) -> bool:
        return shutil.which(name) is not None

    def has_file(self, *patterns: str) -> bool:
        return any(True for pattern in patterns for _ in Path("/").glob(pattern))

    def makes(self, device: str) -> bool:
        """Try it in a network namespace that is gone afterwards; the kernel may load a module for it.

        Left to the kernel, loading `bonding` would make a bond0 on the machine itself.
        """
        pair = "ip link add vsprobe type veth peer name vsfar"
        script = {
            "veth": pair,
            "macvtap": f"{pair} && ip link add link vsprobe name vstap type macvtap mode bridge",
            "bridge": "ip link add vsprobe type bridge",
            "bond": "[ -d /sys/module/bonding ] || modprobe bonding max_bonds=0; ip link add vsprobe type bond",
            "vlan": f"{pair} && ip link add link vsprobe name vsvlan type vlan id 100",
        }[device]
        return _succeeds(["unshare", "--net", "sh", "-c", script])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
