"""A real sshd of our own on a high port, with its own keys, and a client configured for it."""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.launching import tied
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.ports import reserved_port

_SBIN = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"

_SERVER = """\
ListenAddress {address}
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""

_CLIENT = """\
IdentityFile {folder}/user_key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {folder}/known_hosts
GlobalKnownHostsFile /dev/null
"""


class Sshd:
    """A running sshd, and beside it all that a client needs.

    `client` is an executable that takes ssh's own arguments and reads `config` only: fit for VIRTSCAN_SSH and for
    libvirt's `command=`. `known_hosts`, `authorized_keys` and `config` may be changed while it runs. It listens on
    `port` of `address`, in the network that the command `entering` leads into. Its one user is `user`, else who runs
    the tests.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        options: tuple[str, ...] = (),
        *,
        address: str = "127.0.0.1",
        entering: Sequence[str] = (),
        user: str | None = None,
    ) -> None:
        self.folder = folder
        self.address = address
        self.user = user or getpass.getuser()
        self.port = port
        self.identity = folder / "user_key"
        self.host_key = folder / "host_key"
        self.known_hosts = folder / "known_hosts"
        self.authorized_keys = folder / "authorized_keys"
        self.config = folder / "ssh_config"
        self.client = folder / "ssh"
        self.log = folder / "sshd.log"
        make_key(self.identity)
        make_key(self.host_key)
        self.authorized_keys.write_bytes(self.identity.with_suffix(".pub").read_bytes())
        self.know(self.host_key)
        self.config.write_text(_CLIENT.format(folder=folder))
        self.client.write_text(f'#!/bin/sh\nexec ssh -F "{self.config}" "$@"\n')
        self.client.chmod(0o755)
        config = folder / "sshd_config"
        config.write_text(
            _SERVER.format(folder=folder, address=address, port=self.port) + "".join(f"{line}\n" for line in options)
        )
        self._start(config, entering)

    @property
    def destination(self) -> str:
        return f"{self.user}@{self.address}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def know(self, key: Path) -> None:
        """Make this key the one that the client expects."""
        self.known_hosts.write_text(f"[{self.address}]:{self.port} {key.with_suffix('.pub').read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _start(self, config: Path, entering: Sequence[str]) -> None:
        program = shutil.which("sshd", path=_SBIN)
        if program is None:
            cannot_run("sshd is not installed")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # without this folder a root's sshd refuses to run
        self._process = subprocess.Popen(
            tied(*entering, program, "-D", "-f", config, "-E", self.log), stdin=subprocess.DEVNULL
        )
        # Not by connecting to it: the process that answers a connection keeps the port for a moment after `stop`.
        end = time.monotonic() + LONG
        while time.monotonic() < end and self._process.poll() is None:
            if self.log.exists() and "Server listening on" in self.log.read_text():
                return
            time.sleep(0.01)
        self.stop()
        pytest.fail(f"sshd does not run: {self.log.read_text()}")


@contextmanager
def running_sshd(folder: Path, *options: str) -> Iterator[Sshd]:
    """An sshd with further lines of sshd_config."""
    with reserved_port() as port:
        sshd = Sshd(folder, port, options)
        try:
            yield sshd
        finally:
            sshd.stop()


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A running sshd which virtscan's ssh can reach."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    with running_sshd(folder) as running:
        monkeypatch.setenv("VIRTSCAN_SSH", str(running.client))
        yield running


def make_key(path: Path) -> None:
    """A new key without a passphrase at this path, and its public half beside it with `.pub`."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, stdin=subprocess.DEVNULL)
