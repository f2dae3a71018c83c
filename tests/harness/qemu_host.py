"""A hypervisor of the tests' own: libvirtd with QEMU as root, in namespaces of mounts, network and processes.

What the system has of libvirt is hidden by empty folders, so that neither sees the other; and when it ends, the
kernel ends every virtual machine and removes every device with it.
"""

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.harness.launching import tied
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG

DEVICE = "vsbond2"
"""A real device (one end of a veth pair) that macvtap can stand on."""

PROJECT = Path(__file__).parents[2]

_SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
_NAMESPACES = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")

_SETUP = f"""\
set -e
umask 022
mount --make-rprivate /
mount -t sysfs sysfs /sys
for folder in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt /run/netns; do
    mkdir -p $folder
    mount -t tmpfs tmpfs $folder
done
cat > /etc/libvirt/qemu.conf <<CONF
# root may open /dev/kvm where it exists: else QEMU is probed anew at every call
user = "root"
group = "root"
stdio_handler = "file"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
CONF
cat > /etc/libvirt/libvirtd.conf <<CONF
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "4:stderr"
CONF
# Debian's libvirt looks for this user even if another is used, and only the package with its services makes it.
for file in passwd group; do
    if ! getent $file libvirt-qemu >/dev/null; then
        {{ cat /etc/$file; echo libvirt-qemu:x:64055:64055::/:/bin/false; }} > /etc/libvirt/$file
        mount --bind /etc/libvirt/$file /etc/$file
    fi
done
ip link set lo up
seq "$1" | sed 's/.*/link add vsa& group 77 type veth peer name vsb& group 77/' | ip -batch -
ip link del group 77
ip link add {DEVICE} type veth peer name vsfar
ip link set {DEVICE} up
ip link set vsfar up
ip link add link {DEVICE} name vsprobe type macvtap mode bridge
ip link del vsprobe
# The first process has to reap orphans, or libvirtd never sees the end of a QEMU.
libvirtd --pid-file /run/libvirt/libvirtd.pid & wait
"""


class NoQemuHostError(Exception):
    """This machine can't run one, with the reason."""


class QemuHost:
    """The running hypervisor."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._sockets = Path(f"/proc/{pid}/root/run/libvirt")

    @property
    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:  # the file is there before the daemon listens
            return client.connect_ex(str(self._sockets / "libvirt-sock-ro")) == 0

    def uri(self, *, read_only: bool = True) -> str:
        """For a client outside of its namespaces."""
        return f"qemu+unix:///system?socket={self._sockets}/libvirt-sock{'-ro' if read_only else ''}"

    def entering(self, *command: str) -> list[str]:
        """The command line that runs a command in the project's folder, inside, where it is `qemu:///system`.

        What is still running there when the host ends is ended by the kernel.
        """
        namespaces = ("--mount", "--net", "--pid")
        return ["nsenter", "--target", str(self.pid), *namespaces, f"--wd={PROJECT}", "--", *command]

    def run(self, *command: str) -> str:
        """Run a command inside and give what it prints."""
        entered = self.entering(*command)
        return subprocess.run(
            entered, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LONG
        ).stdout


@contextmanager
def running_qemu_host() -> Iterator[QemuHost]:
    """Start one for a test and end it again; skip the test where that can't be."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(qemu_host())
        except NoQemuHostError as error:
            cannot_run(str(error))
        yield host


@contextmanager
def qemu_host() -> Iterator[QemuHost]:
    """Start one and end it again.

    Raises:
        NoQemuHostError: It can't run here.
    """
    if os.geteuid() != 0:
        raise NoQemuHostError("only root can start a libvirtd with QEMU in namespaces of its own")
    for program in ("libvirtd", "qemu-system-x86_64", "unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(program, path=_SBIN) is None:
            raise NoQemuHostError(f"{program} is not installed")
    # However this process ends, unshare ends with it, and with unshare everything inside.
    with _reserved_pairs() as pairs, tempfile.TemporaryFile() as output:
        command = tied("unshare", *_NAMESPACES, "sh", "-c", _SETUP, "sh", pairs)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            host = _wait(process)
            if host is None:
                output.seek(0)
                said = output.read().decode(errors="replace")[-500:]
                raise NoQemuHostError(f"no libvirtd with QEMU can be started here: {said}")
            yield host
        finally:
            process.kill()
            process.wait()


@contextmanager
def _reserved_pairs() -> Iterator[int]:
    """Yield how many pairs of devices to make, and remove again, before those that are wanted.

    The kernel numbers devices in each network namespace anew, and calls a macvtap's file /dev/tapNUMBER in the one
    /dev that all of them share: without numbers of its own, this libvirtd could open the file of another process's
    virtual machine, and would have its frames. A name of a socket keeps others from the same numbers meanwhile.
    """
    taken = {int(path.name.removeprefix("tap")) for path in Path("/dev").glob("tap[0-9]*")}
    free = [pairs for pairs in range(50, 2000, 50) if taken.isdisjoint(range(2 * pairs, 2 * pairs + 100))]
    random.shuffle(free)
    with socket.socket(socket.AF_UNIX) as name:
        for pairs in free:
            try:
                name.bind(f"\0virtscan-macvtap-{pairs}")
            except OSError:
                continue
            yield pairs
            return
    raise NoQemuHostError("there are macvtap devices with every number that could be used")


def _wait(process: "subprocess.Popen[bytes]") -> QemuHost | None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(int(LONG) * 20):
        if process.poll() is not None:
            return None
        if inside := children.read_text().split():
            host = QemuHost(int(inside[0]))
            if host.is_ready:
                return host
        time.sleep(0.05)
    return None
