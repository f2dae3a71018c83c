"""A real PostgreSQL of our own: a cluster in a temporary folder, on a unix socket, as an unprivileged user."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.launching import tied
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG

_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # the machine is not what these tests let fail
    "autovacuum": "off",
    "max_connections": "20",
    "shared_buffers": "32MB",
}
_USER = "virtscan"
_IN_MEMORY = "/dev/shm"
"""A cluster has a thousand files, and each database some hundred."""

_ROOM = 2 << 30
"""Bytes that must be free there: the databases of all tests have 0.7 GB, and a container may grant 64 MB."""


class PostgreSQL:
    """A running server; `url` names one of its databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0
        data = folder / "data"
        log = folder / "log"
        _run("initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = (f"-c{key}={value}" for key, value in _OPTIONS.items())
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                _unprivileged(*tied(_program("postgres"), "-D", data, "-k", folder, *options)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + LONG
        while time.monotonic() < end and self._process.poll() is None:
            if b"ready to accept connections" in log.read_bytes():
                return
            time.sleep(0.02)
        self.stop()
        pytest.fail(f"PostgreSQL does not run: {log.read_text()}")

    def new_database(self) -> str:
        """Make an empty database; return its URL."""
        self._made += 1
        name = f"test{self._made}"
        self.psql("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def psql(self, name: str, statements: str) -> str:
        """Run SQL; return the rows, their values separated by `|`."""
        options = ("-h", self.folder, "-U", _USER, "-d", name, "-v", "ON_ERROR_STOP=1", "-qAtX")
        return _run("psql", *options, text=statements)

    def new_user(self, password: str) -> str:
        """Make a user who must log in with this password; return the name."""
        self._made += 1
        name = f"user{self._made}"
        secret = password.replace("'", "''")
        self.psql("postgres", f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{secret}'")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all {name} scram-sha-256\n{rules.read_text()}")
        self.psql("postgres", "SELECT pg_reload_conf()")
        return name

    def dump(self, name: str) -> str:
        """Return a database as SQL."""
        return _run("pg_dump", "-h", self.folder, "-U", _USER, "-d", name, "--inserts", "--no-owner")

    @contextmanager
    def frozen(self, url: str) -> Iterator[Callable[[], None]]:
        """Yield a function that stops the server's processes for this database; they go on afterwards."""
        name = url.partition("@/")[2].partition("?")[0]
        lock = threading.Lock()  # under load the function may be called after the end: then it stops none
        stopped: list[int] = []
        is_over = False

        def freeze() -> None:
            pids = self.psql("postgres", f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'").split()
            with lock:
                stopped.extend([] if is_over else map(int, pids))
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)

        try:
            yield freeze
        finally:
            with lock:
                is_over = True
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)

    @contextmanager
    def unresponsive(self) -> Iterator[None]:
        """Stop the process that accepts connections: they are made, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End at once: nothing of it is kept."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server that is gone afterwards; the folder's path is short, because a socket's has 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_IN_MEMORY if _has_room() else "/tmp"))
    server = None
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        server = PostgreSQL(folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    return os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


def _program(name: str) -> Path:
    """The newest of the installed ones: Debian has them beside each other, and not on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    path = shutil.which(name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ["PATH"]]))
    if path is None:
        cannot_run("PostgreSQL is not installed")
    return Path(path)


def _unprivileged(*command: str) -> list[str]:
    """A command line for another user than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


def _run(name: str, *arguments: object, text: str | None = None) -> str:
    done = subprocess.run(
        _unprivileged(str(_program(name)), *map(str, arguments)),
        input=text or "",
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
