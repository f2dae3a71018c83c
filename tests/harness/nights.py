"""A fleet that is scanned every night as cron does it, with a fake clock."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

FIRST = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)

NIGHT = """
import datetime
import virtscan.scanning.collecting as collecting
from virtscan.__main__ import main

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp({seconds}, tz)

collecting.datetime = Clock
main()
"""

DOMAIN = """<domain type='kvm'><name>{name}</name><uuid>00000000-0000-1000-8000-{number:012}</uuid>
<memory unit='MiB'>1024</memory><vcpu>1</vcpu><os><type>hvm</type><boot dev='network'/></os><devices>
<interface type='direct'><mac address='52:54:00:00:00:{number:02x}'/><source dev='bond2' mode='bridge'/>
<model type='virtio'/></interface></devices></domain>"""


class Night(msgspec.Struct, frozen=True):
    """The output of a night, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def subject(self) -> str:
        """The first line."""
        return self.out.partition("\n")[0]


class Fleet:
    """Hypervisors as folders of definitions, scanned every night."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.night = 0
        self.define("hv1", "satellite", 1)
        self.define("hv1", "web01", 2)
        self.define("hv2", "app01", 3)
        self.configure()

    def define(self, host: str, name: str, number: int) -> None:
        (self.folder / host).mkdir(exist_ok=True)
        (self.folder / host / f"{name}.xml").write_text(DOMAIN.format(name=name, number=number))

    def configure(self, *, offload: str = "on", waiver: str = "", hosts: tuple[str, ...] = ("hv1", "hv2")) -> None:
        tables = "".join(
            f'[[hypervisor]]\nxml = "{name}"\nname = "{name}"\nkernel = "2.6.32-279.el6.x86_64"\nphysical = true\n'
            for name in hosts
        )
        server = f'[[server]]\nname = "satellite"\ninterface = "eth0"\noffload = "{offload}"\n'
        (self.folder / "virtscan.toml").write_text(f'{tables}{server}mac = ["52:54:00:00:00:01"]\n{waiver}')

    def lose(self, host: str) -> None:
        (self.folder / host).rename(self.folder / f"{host}.away")

    def bring_back(self, host: str) -> None:
        (self.folder / f"{host}.away").rename(self.folder / host)

    def scan(self, *more: str, url: str | None = None) -> Night:
        taken_at = FIRST + timedelta(days=self.night, seconds=self.night % 3)
        self.night += 1
        last = str(self.folder / "last.json")
        night = ("--since", last, "--save", last) if url is None else ("--since", url, "--history", url)
        done = subprocess.run(
            [sys.executable, "-c", NIGHT.format(seconds=taken_at.timestamp()), "scan", "--config",
             str(self.folder / "virtscan.toml"), *night, *more],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Night(done.stdout, done.stderr, done.returncode)
