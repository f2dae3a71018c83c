"""A libvirtd of the tests' own: private sockets, configuration and state; ended by its process id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.launching import tied
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.ports import reserved_port
from tests.harness.sshd import Sshd

_NOBODY = 65534
_END_SECONDS = 20


_NETCAT = """\
#!{python}
import socket, sys, threading
daemon = socket.socket(socket.AF_UNIX)
daemon.connect(sys.argv[-1])
def pump(read, write):
    while data := read(65536):
        write(data)
threading.Thread(target=pump, args=(sys.stdin.buffer.raw.read, daemon.sendall), daemon=True).start()
pump(daemon.recv, sys.stdout.buffer.raw.write)
"""


class Libvirtd:
    """A running daemon that serves libvirt's test driver over a unix socket and on 127.0.0.1.

    As root it is run as user nobody, so that it stays out of everything that belongs to the system's own daemon.
    """

    def __init__(self, folder: Path, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self.socket = folder / "sock" / "libvirt-sock"
        self.port = port
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def definitions(self, name: str, *documents: str) -> Path:
        """Write a node file, which makes a host of the test driver; the file's name is the host's."""
        path = self.folder / f"{name}.xml"
        path.write_text(node(*documents))
        path.chmod(0o644)
        return path

    def unix(self, definitions: Path, *, socket: Path | None = None) -> str:
        return f"test+unix://{definitions}?socket={socket or self.socket}"

    def tcp(self, definitions: Path, *, port: int | None = None) -> str:
        return f"test+tcp://127.0.0.1:{port or self.port}{definitions}"

    def ssh(self, definitions: Path, sshd: Sshd, *, netcat: Path) -> str:
        """Return a URI that leads through this sshd, and through a program that is written there as netcat."""
        netcat.write_text(_NETCAT.format(python=sys.executable))
        netcat.chmod(0o755)
        where = f"{sshd.user}@127.0.0.1:{sshd.port}{definitions}"
        return f"test+ssh://{where}?command={sshd.client}&netcat={netcat}&socket={self.socket}"

    def stop(self) -> None:
        """Freeze it: it keeps its connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running_libvirtd() -> Iterator[Libvirtd]:
    """Start one and end it again."""
    with reserved_port() as port, _running_on(port) as daemon:
        yield daemon


@contextmanager
def _running_on(port: int) -> Iterator[Libvirtd]:
    program = shutil.which("libvirtd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        cannot_run("no libvirtd is installed")
    # Short, because a socket's path must be; and outside of pytest's folders, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="virtscan-", dir="/tmp"))
    folder.chmod(0o755)
    configuration = _configuration(folder, port)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            tied(program, "--listen", "--config", configuration, "--pid-file", folder / "pid"),
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=False,
            **_as_nobody(folder),
        )
    daemon = Libvirtd(folder, port, process)
    try:
        _wait(daemon, process)
        yield daemon
    finally:
        daemon.resume()
        process.terminate()
        try:
            process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            # 11.3 was seen to wait without end for workers whose client had gone in mid-call.
            process.kill()
            process.wait()
        shutil.rmtree(folder)


def node(*documents: str) -> str:
    """A host of the test driver with 16 CPUs and 64 GiB."""
    return (
        "<node><cpu><mhz>2000</mhz><model>test</model><active>16</active><nodes>1</nodes><sockets>2</sockets>"
        f"<cores>8</cores><threads>1</threads></cpu><memory>67108864</memory>{''.join(documents)}</node>"
    )


def _configuration(folder: Path, port: int) -> Path:
    for name in ("sock", "home", "run"):
        (folder / name).mkdir(mode=0o755)
    path = folder / "libvirtd.conf"
    path.write_text(
        f"""\
listen_tls = 0
listen_tcp = 1
listen_addr = "127.0.0.1"
tcp_port = "{port}"
auth_tcp = "none"
auth_unix_rw = "none"
unix_sock_dir = "{folder}/sock"
log_outputs = "3:file:{folder}/log"
"""
    )
    return path


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "HOME": f"{folder}/home",
        "XDG_RUNTIME_DIR": f"{folder}/run",
        "XDG_CONFIG_HOME": f"{folder}/home",
        "XDG_CACHE_HOME": f"{folder}/home",
    }


def _as_nobody(folder: Path) -> dict[str, Any]:  # Any: arguments of Popen differ in type
    if os.geteuid() != 0:
        return {}
    for path in (folder, *folder.iterdir()):
        os.chown(path, _NOBODY, _NOBODY)
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _wait(daemon: Libvirtd, process: "subprocess.Popen[bytes]") -> None:
    """Until both sockets answer."""
    for _ in range(int(LONG) * 50):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", daemon.port)).close()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(daemon.socket))
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"libvirtd did not start: {(daemon.folder / 'output').read_text()}")
