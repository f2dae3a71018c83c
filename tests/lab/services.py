"""The services of the server: DHCP and the boot file's; and the programs that its frames pass on their way."""

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from tests.harness.qemu_host import QemuHost
from tests.lab.outcome import MARK
from tests.lab.scenario import Scenario, Service, Way
from tests.lab.topology import (
    RELAYED,
    SERVER,
    SERVER_ADDRESS,
    SWITCH,
    VirtualNic,
    inside,
    sending_device,
    virtual_nics,
)
from tests.lab.virtual_nic import READY
from virtscan.model import DeviceName

BOOT_FILE = "boot.ipxe"
_RELAY = Path(__file__).with_name("relay.py")
_VIRTUAL_NIC = Path(__file__).with_name("virtual_nic.py")
_READY_SECONDS = 60
_BOOT_FILE_SIZE = 50_000

_DHCPD = """\
subnet 10.77.0.0 netmask 255.255.255.0 {{
  range 10.77.0.50 10.77.0.90;
  next-server {address};
  filename "{file}";
  ping-check false;
}}
"""


class ServiceError(Exception):
    """A service does not run, so that a boot proves nothing."""


class Services:
    """The running services; their output is in files of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._files = folder / "files"
        self._files.mkdir()
        (self._files / BOOT_FILE).write_text(_boot_file(), encoding="ascii")
        (self._files / BOOT_FILE).chmod(0o644)
        self._files.chmod(0o755)
        folder.chmod(0o755)

    def check(self) -> None:
        """Check that all of them still run.

        Raises:
            ServiceError: One ended by itself; with the end of its output.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ServiceError(f"{name} ended: {self._log(name).read_text(errors='replace')[-200:].strip()}")

    def start(self, host: QemuHost, name: str, *command: str) -> None:
        """Start a command on the hypervisor."""
        with self._log(name).open("wb") as output:
            self._running[name] = subprocess.Popen(
                host.entering(*command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def plug(self, host: QemuHost, nic: VirtualNic) -> None:
        """Connect a virtual NIC, and wait until it is.

        Raises:
            ServiceError: It can't be connected.
        """
        plug = f"/dev/tap$(cat /sys/class/net/{nic.plug}/ifindex)" if nic.is_macvtap else nic.plug
        # The server has the tap, and the cable's far end; a macvtap's file belongs to no namespace.
        enter = f"ip netns exec {SERVER} {shlex.quote(sys.executable)} {shlex.quote(str(_VIRTUAL_NIC))}"
        program = f"exec {enter} {nic.tap} {plug} {nic.does}"
        self.start(host, f"nic-{nic.tap}", "sh", "-c", program)
        end = time.monotonic() + _READY_SECONDS
        while READY not in self._log(f"nic-{nic.tap}").read_text(errors="replace"):
            self.check()
            if time.monotonic() > end:
                raise ServiceError(f"nic-{nic.tap}: not connected within {_READY_SECONDS} s")
            time.sleep(0.1)

    def commands(self, scenario: Scenario) -> Iterator[tuple[str, list[str]]]:
        """Return each service's name and its command line inside the hypervisor."""
        if scenario.way in {Way.LOSSY, Way.HAIRPIN}:
            between = RELAYED if scenario.way is Way.LOSSY else (SWITCH,)
            yield "relay", [sys.executable, str(_RELAY), *between]
        server = inside(scenario)
        device = sending_device(scenario.sender)
        match scenario.service:
            case Service.DHCPD_TFTP:
                yield "dhcpd", [*server, *self._dhcpd(device, BOOT_FILE)]
                options = ["--foreground", "--address", f"{SERVER_ADDRESS}:69", "--secure", str(self._files)]
                yield "tftpd", [*server, "in.tftpd", *options]
            case Service.DHCPD_HTTP:
                yield "dhcpd", [*server, *self._dhcpd(device, f"http://{SERVER_ADDRESS}/{BOOT_FILE}")]
                web = ["-m", "http.server", "--bind", SERVER_ADDRESS, "--directory", str(self._files), "80"]
                yield "http", [*server, sys.executable, *web]
            case Service.DNSMASQ:
                yield "dnsmasq", [*server, *self._dnsmasq(device)]
            case _:
                assert_never(scenario.service)

    def _dhcpd(self, device: DeviceName, file: str) -> list[str]:
        config, leases = self._folder / "dhcpd.conf", self._folder / "dhcpd.leases"
        config.write_text(_DHCPD.format(address=SERVER_ADDRESS, file=file), encoding="ascii")
        leases.touch()
        # Where AppArmor confines /usr/sbin/dhcpd to its own folders, it does so by this path.
        program = shutil.copy2(shutil.which("dhcpd") or "dhcpd", self._folder / "dhcpd")
        return [str(program), "-4", "-f", "-d", "--no-pid", "-cf", str(config), "-lf", str(leases), device]

    def _dnsmasq(self, device: DeviceName) -> list[str]:
        return [
            *("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--port=0", "--pid-file"),
            *(f"--interface={device}", "--bind-interfaces", "--dhcp-range=10.77.0.50,10.77.0.90"),
            *(f"--dhcp-leasefile={self._folder / 'dnsmasq.leases'}", "--no-ping", f"--dhcp-boot={BOOT_FILE}"),
            *("--enable-tftp", f"--tftp-root={self._files}"),
        ]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def start_services(host: QemuHost, scenario: Scenario, folder: Path) -> Services:
    """Start all of a scenario's services; they end with the hypervisor, whose processes they are."""
    services = Services(folder)
    for nic in virtual_nics(scenario):
        services.plug(host, nic)
    for name, command in services.commands(scenario):
        services.start(host, name, *command)
    return services


def _boot_file() -> str:
    """Return a script for iPXE, filled up so that it takes as many packets as a boot loader does."""
    padding = f"# {'.' * 97}\n" * (_BOOT_FILE_SIZE // 100)
    return f"#!ipxe\n{padding}echo {MARK}\nsleep 3600\n"
