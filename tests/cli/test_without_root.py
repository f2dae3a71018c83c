"""The account for cron of docs/operations.md: no root, neither on the hypervisor nor on a server."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from tests.connectors.test_libvirt_system import direct, domain_xml
from tests.harness.patience import LONG
from tests.harness.ports import reserved_port
from tests.harness.qemu_host import DEVICE, PROJECT, QemuHost, running_qemu_host
from tests.harness.sshd import Sshd

pytestmark = [pytest.mark.system, pytest.mark.slow]

ACCOUNT = "virtscan"
NUMBER = 64066
HOME = "/run/libvirt/account"
"""A user, its group and home, which exist only in the namespace of the test."""

MAKE_ACCOUNT = f"""\
set -e
umask 022
for file in passwd group; do grep -v '^{ACCOUNT}:' /etc/$file >/run/libvirt/$file; done
echo '{ACCOUNT}:x:{NUMBER}:{NUMBER}::{HOME}:/bin/sh' >>/run/libvirt/passwd
echo '{ACCOUNT}:x:{NUMBER}:' >>/run/libvirt/group
for file in passwd group; do mount --bind /run/libvirt/$file /etc/$file; done
"""


def let_in(*paths: Path) -> str:
    """The script by which everybody can reach these folders, though a folder above them may be root's alone."""
    closed = {
        next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 1), None) for path in paths
    }
    kept = dict(enumerate(path for path in paths if closed & set(path.parents)))
    return "\n".join(
        [
            "set -e",
            "umask 022",
            *(
                f"mkdir -p /run/libvirt/kept{n}; mount --rbind '{path}' /run/libvirt/kept{n}"
                for n, path in kept.items()
            ),
            *(f"mount -t tmpfs -o mode=755 tmpfs '{folder}'" for folder in closed - {None}),
            *(f"mkdir -p '{path}'; mount --rbind /run/libvirt/kept{n} '{path}'" for n, path in kept.items()),
        ]
    )


@pytest.fixture(scope="module")
def host() -> Iterator[QemuHost]:
    with running_qemu_host() as host:
        writer = libvirt.open(host.uri(read_only=False))
        writer.defineXML(domain_xml("web01", direct("52:54:00:93:76:af"))).create()
        writer.close()
        host.run("sh", "-c", MAKE_ACCOUNT)
        host.run("sh", "-c", let_in(Path(sys.prefix), Path(sys.base_prefix), PROJECT))
        yield host


@pytest.fixture(scope="module")
def sshd(host: QemuHost) -> Iterator[Sshd]:
    """An sshd on the hypervisor, whose client the account may use."""
    with tempfile.TemporaryDirectory(prefix="virtscan-account-") as name, reserved_port() as port:
        folder = Path(name)
        server = Sshd(folder, port, entering=host.entering(), user=ACCOUNT)
        for path in (folder, *folder.iterdir()):
            os.chown(path, NUMBER, NUMBER)
        os.chown(folder / "host_key", 0, 0)
        host.run("install", "-D", "--mode=644", str(server.config), f"{HOME}/.ssh/config")
        try:
            yield server
        finally:
            server.stop()


def scan_as_account(host: QemuHost, *options: str) -> dict[str, Any]:
    """Scan as the account, inside the host's namespaces; return the report."""
    become = ("setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups", "--no-new-privs", "env")
    environment = (f"HOME={HOME}", f"PYTHONPATH={PROJECT}", "LC_ALL=C.UTF-8")
    command = (sys.executable, "-m", "virtscan", "scan", "--host-timeout", "10m", "--format", "json", *options)
    done = subprocess.run(
        host.entering(*become, *environment, *command),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=LONG,
        check=False,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)  # Any: JSON
    return report


def test_an_account_reads_the_domains_and_the_offload_of_a_server(host: QemuHost, sshd: Sshd) -> None:
    uri = f"qemu+ssh://{sshd.destination}/system"
    server = f"satellite:{DEVICE}=ssh://{sshd.destination}"

    report = scan_as_account(host, "--ssh-facts", "-c", uri, "--server", server)

    assert (report["gaps"], [row["status"] for row in report["hypervisors"]]) == ([], ["complete"])
    (finding,) = report["findings"]
    assert (finding["domain"], finding["confidence"], finding["missing"]) == ("web01", "high", [])
    assert [row["tx_checksum"] for row in report["servers"]] == ["on"]


def test_an_account_opens_the_read_only_socket_of_its_own_machine(host: QemuHost) -> None:
    report = scan_as_account(host)

    assert (report["gaps"], [row["uri"] for row in report["hypervisors"]]) == ([], ["qemu:///system"])
    assert [row["domain"] for row in report["findings"]] == ["web01"]
