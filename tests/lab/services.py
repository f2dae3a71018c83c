"""What runs in the server's namespace: DHCP, the boot file's service, the ssh server; and the relay on the way."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import assert_never

from tests.harness.qemu_host import QemuHost
from tests.harness.sshd import Sshd
from tests.lab.outcome import MARK
from tests.lab.scenario import Scenario, Service, Way
from tests.lab.topology import LOGIN_ADDRESS, RELAYED, SERVER_ADDRESS, SERVER_DEVICE, SWITCH, in_server

BOOT_FILE = "boot.ipxe"
_RELAY = Path(__file__).with_name("relay.py")
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
    """A service is not there any more, so that a boot proves nothing."""


class Services:
    """The running services; what they print is in files of the folder."""

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
        """See that all of them still run.

        Raises:
            ServiceError: One ended by itself; with the last that it said.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ServiceError(f"{name} ended: {self._log(name).read_text(errors='replace')[-200:].strip()}")

    def start(self, host: QemuHost, name: str, *command: str) -> None:
        with self._log(name).open("wb") as output:
            self._running[name] = subprocess.Popen(
                host.entering(*command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def commands(self, scenario: Scenario) -> Iterator[tuple[str, list[str]]]:
        """Each service's name and its command line inside the hypervisor."""
        if scenario.way in {Way.LOSSY, Way.HAIRPIN}:
            between = RELAYED if scenario.way is Way.LOSSY else (SWITCH,)
            yield "relay", [sys.executable, str(_RELAY), *between]
        match scenario.service:
            case Service.DHCPD_TFTP:
                yield "dhcpd", in_server(*self._dhcpd(BOOT_FILE))
                yield (
                    "tftpd",
                    in_server(
                        "in.tftpd", "--foreground", "--address", f"{SERVER_ADDRESS}:69", "--secure", str(self._files)
                    ),
                )
            case Service.DHCPD_HTTP:
                yield "dhcpd", in_server(*self._dhcpd(f"http://{SERVER_ADDRESS}/{BOOT_FILE}"))
                web = ["-m", "http.server", "--bind", SERVER_ADDRESS, "--directory", str(self._files), "80"]
                yield "http", in_server(sys.executable, *web)
            case Service.DNSMASQ:
                yield "dnsmasq", in_server(*self._dnsmasq())
            case _:
                assert_never(scenario.service)

    def _dhcpd(self, file: str) -> list[str]:
        config, leases = self._folder / "dhcpd.conf", self._folder / "dhcpd.leases"
        config.write_text(_DHCPD.format(address=SERVER_ADDRESS, file=file), encoding="ascii")
        leases.touch()
        # Where AppArmor confines /usr/sbin/dhcpd to its own folders, it does so by this path.
        program = shutil.copy2(shutil.which("dhcpd") or "dhcpd", self._folder / "dhcpd")
        return [str(program), "-4", "-f", "-d", "--no-pid", "-cf", str(config), "-lf", str(leases), SERVER_DEVICE]

    def _dnsmasq(self) -> list[str]:
        return [
            *("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--port=0", "--pid-file"),
            *(f"--interface={SERVER_DEVICE}", "--bind-interfaces", "--dhcp-range=10.77.0.50,10.77.0.90"),
            *(f"--dhcp-leasefile={self._folder / 'dnsmasq.leases'}", "--no-ping", f"--dhcp-boot={BOOT_FILE}"),
            *("--enable-tftp", f"--tftp-root={self._files}"),
        ]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


@contextmanager
def running_services(host: QemuHost, scenario: Scenario, folder: Path) -> Iterator[tuple[Services, Sshd]]:
    """Start all of a scenario's services; they end with the hypervisor, whose processes they are."""
    services = Services(folder)
    for name, command in services.commands(scenario):
        services.start(host, name, *command)
    keys = folder / "ssh"
    keys.mkdir()
    with ExitStack() as stack:
        sshd = Sshd(keys, address=LOGIN_ADDRESS, entering=host.entering(*in_server()))
        stack.callback(sshd.stop)
        yield services, sshd


def _boot_file() -> str:
    """A script for iPXE, filled up so that it takes as many packets as a boot loader does."""
    padding = f"# {'.' * 97}\n" * (_BOOT_FILE_SIZE // 100)
    return f"#!ipxe\n{padding}echo {MARK}\nsleep 3600\n"
