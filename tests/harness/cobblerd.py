"""A real cobblerd of our own on a high port of 127.0.0.1, with files of its own in place of the system's."""

import os
import shutil
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.launching import tied
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.ports import reserved_port

PROJECT = Path(__file__).parents[2]

# In its own mount namespace, because the paths are fixed; the mounts are gone with the process.
_START = """
for name in etc var srv; do mount --bind "$0/$name" "/$name" || exit; done
exec "$1" -c "$2"
"""

_DAEMON = """
from cobbler import cobblerd
from cobbler.api import CobblerAPI
cobblerd.core(CobblerAPI(is_cobblerd=True))
"""


class Cobblerd:
    """A running one; `url` is where it is, `boot_files` a kernel and an initial RAM disk that it takes for such."""

    def __init__(self, folder: Path, environment: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "cobblerd.log"
        self.boot_files = {"kernel": str(folder / "vmlinuz"), "initrd": str(folder / "initrd.img")}
        for file in self.boot_files.values():
            Path(file).write_text("nothing")
        _lay_out(folder, environment, port)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                tied("unshare", "--mount", "sh", "-c", _START, folder, environment / "bin" / "python", _DAEMON),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()
        self.api: Any = xmlrpc.client.ServerProxy(self.url, allow_none=True)  # its methods have no types
        self._token = self.api.login("cobbler", "cobbler")

    def make(self, kind: str, /, **fields: object) -> None:
        """Make an item of this kind with these fields; a system's `interfaces` map names to MACs."""
        interfaces = fields.pop("interfaces", {})
        item = getattr(self.api, f"new_{kind}")(self._token)
        set_field = getattr(self.api, f"modify_{kind.removeprefix('sub')}")
        for key, value in fields.items():
            set_field(item, key, value, self._token)
        if isinstance(interfaces, Mapping):
            for name, mac in interfaces.items():
                set_field(item, "modify_interface", {f"macaddress-{name}": mac}, self._token)
        getattr(self.api, f"save_{kind.removeprefix('sub')}")(item, self._token)

    def remove(self, system: str) -> None:
        """Take a system away again."""
        self.api.remove_system(system, self._token)

    def switch_off(self, system: str) -> None:
        """Do as an installation does at its end."""
        item = self.api.get_system_handle(system, self._token)
        self.api.modify_system(item, "netboot_enabled", False, self._token)
        self.api.save_system(item, self._token)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + LONG
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with xmlrpc.client.ServerProxy(self.url) as server:
                    server.ping()
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.stop()
        pytest.fail(f"cobblerd does not run: {self.log.read_text()}")


def _lay_out(folder: Path, environment: Path, port: int) -> None:
    """The files that it finds below /etc, /var and /srv: as they were installed, and empty folders."""
    (installed,) = environment.glob("lib/python*/site-packages")
    for name in ("etc", "var"):
        shutil.copytree(installed / name, folder / name)
    for name in ("passwd", "group", "hosts", "os-release"):
        shutil.copy(Path("/etc") / name, folder / "etc" / name)
    for collection in [
        "distros",
        "files",
        "images",
        "menus",
        "mgmtclasses",
        "packages",
        "profiles",
        "repos",
        "systems",
    ]:
        (folder / "var/lib/cobbler/collections" / collection).mkdir(parents=True, exist_ok=True)
    for name in ("var/lib/cobbler/grub_config", "var/lib/cobbler/loaders", "var/log/cobbler/tasks", "srv/tftpboot"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "var/lib/cobbler/distro_signatures.json").write_text('{"breeds": {}}')
    settings = folder / "etc/cobbler/settings.yaml"
    lines = settings.read_text().splitlines()
    lines = [f"xmlrpc_port: {port}" if line.startswith("xmlrpc_port:") else line for line in lines]
    settings.write_text("\n".join(lines) + "\n")


def _environment() -> Path:
    """Return the folder in which packaging/cobblerd.sh has installed it."""
    folder = Path(os.environ.get("VIRTSCAN_COBBLER", PROJECT / ".venv" / "cobbler"))
    if os.geteuid() != 0:
        cannot_run("only root can give cobblerd files of its own below /etc and /var")
    if not (folder / "installed.txt").is_file():
        cannot_run(f"no Cobbler in {folder}: packaging/cobblerd.sh installs one")
    return folder


@contextmanager
def running_cobblerd(folder: Path) -> Iterator[Cobblerd]:
    """A cobblerd without any items yet."""
    with reserved_port() as port:
        cobblerd = Cobblerd(folder, _environment(), port)
        try:
            yield cobblerd
        finally:
            cobblerd.stop()
