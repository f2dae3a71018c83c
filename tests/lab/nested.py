"""Scenarios under another kernel, in a guest: those for whose devices this machine's has no driver, or all.

The guest is a VM of QEMU under software emulation, with this machine's root file system by 9p, read-only. It has a
processor, memory, serial ports, and a NIC on a cable that leads nowhere. So the very same lab, with the same programs,
runs in it on another kernel; the VM that boots there is emulated by an emulated machine.
"""

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import msgspec

from tests.harness.qemu_host import PROJECT
from tests.lab.guest_kernel import Kernel, fetch_busybox, fetch_kernel
from tests.lab.initramfs import Entry, archive
from tests.lab.scenario import Scenario
from tests.lab.table import Row

_CACHE = PROJECT / "build" / "lab"
_SECONDS = 1200
_SECONDS_OF_A_STEP = 600
_PATIENCE = 8
"""Factor by which a boot may take longer there than here; three was seen."""

IN_GUEST = "VIRTSCAN_LAB_IN_GUEST"
"""The environment variable that is set in the guest, whose NIC the lab may use."""


class NestedError(Exception):
    """The guest ended before all was played."""


_MODULES = (
    *("virtio_pci", "9pnet_virtio", "9p", "veth", "macvtap", "bridge", "bonding", "8021q", "tun", "af_packet", "e1000"),
)

# Nothing that a 3.14 kernel lacks, such as overlayfs. Only /run can be written to, for the project may be in /tmp, and
# what the harness mounts for libvirt.
_INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
for module in {modules}; do insmod /modules/$module.ko; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro root /new
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs devtmpfs /new/dev
mount -t tmpfs tmpfs /new/run
mkdir -p /new/dev/pts /new/dev/shm /new/dev/net /new/run/lab
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
[ -c /new/dev/net/tun ] || mknod /new/dev/net/tun c 10 200
ip link set lo up
hostname nested
exec switch_root /new /bin/sh -c {command}
"""
# `b` of sysrq resets the machine at once; QEMU ends then (`-no-reboot`).
_COMMAND = """\
export HOME=/run/lab TMPDIR=/run/lab PATH={path} PYTHONPATH={project} PYTHONDONTWRITEBYTECODE=1 {marked}=1
cd {project} && {python} -m tests.lab --rows --patience {patience}{only} >/dev/ttyS1 2>/dev/ttyS0 </dev/null
sync
echo b >/proc/sysrq-trigger
sleep 60
"""


def play_nested(scenarios: Sequence[Scenario], kernel: Kernel | None = None, *, real: bool = False) -> Iterator[Row]:
    """Play scenarios in one guest; one row for each step, as it is done.

    An error that keeps them from being played is a row as well.

    Args:
        scenarios: What to play.
        kernel: The guest's; None for Debian's.
        real: They are scenarios of `for_kernel`.
    """
    steps = [(scenario.name, step.offload.value) for scenario in scenarios for step in scenario.steps]
    rows = _rows(scenarios, kernel, real=real)
    for done in range(len(steps)):
        try:
            yield next(rows)
        except (NestedError, OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
            yield from (Row(scenario=name, offload=offload, against=str(error)) for name, offload in steps[done:])
            return
    rows.close()


def _rows(scenarios: Sequence[Scenario], given: Kernel | None, *, real: bool) -> Generator[Row]:
    busybox = fetch_busybox(_CACHE)
    kernel = given or fetch_kernel(_CACHE)
    seconds = _SECONDS + _SECONDS_OF_A_STEP * sum(len(scenario.steps) for scenario in scenarios)
    with tempfile.TemporaryDirectory(prefix="virtscan-lab-") as name:
        folder = Path(name)
        first = folder / "initramfs"
        first.write_bytes(_first_files(kernel, busybox, scenarios, real=real))
        printed = folder / "rows"
        printed.touch()
        console = folder / "console"
        log = folder / "qemu.log"
        with log.open("wb") as output:
            guest = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *_qemu(kernel, first, printed, console)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            for line in _lines(guest, printed, seconds):
                row = msgspec.json.decode(line, type=Row)
                yield msgspec.structs.replace(row, scenario=f"{row.scenario} (nested, kernel {kernel.release})")
        finally:
            guest.kill()
            guest.wait()
        raise NestedError(f"the guest ended: {_last_lines(console) or _last_lines(log) or 'without output'}")


def _last_lines(path: Path) -> str:
    """Return the end of a console, without the kernel's last line about the reset."""
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    said = [line.strip() for line in lines if line.strip() and "sysrq: Resetting" not in line]
    return "; ".join(said[-3:])


def _lines(guest: "subprocess.Popen[bytes]", printed: Path, seconds: float) -> Iterator[bytes]:
    """Return every whole line that the guest writes, until it ends or its time is over."""
    end = time.monotonic() + seconds
    given = 0
    running = True
    while running and time.monotonic() < end:
        time.sleep(1)
        running = guest.poll() is None
        lines = printed.read_bytes().split(b"\n")[:-1]
        yield from (line for line in lines[given:] if line.strip())
        given = len(lines)


def _qemu(kernel: Kernel, first: Path, rows: Path, console: Path) -> list[str]:
    return [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048"),
        *("-kernel", str(kernel.image), "-initrd", str(first)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-serial", f"file:{console}", "-serial", f"file:{rows}"),
        *("-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=root,mount_tag=root"),
        *("-netdev", "hubport,id=cable,hubid=0", "-device", "e1000,netdev=cable"),
    ]


def _first_files(kernel: Kernel, busybox: Path, scenarios: Sequence[Scenario], *, real: bool) -> bytes:
    modules = kernel.load_order(_MODULES)
    names = dict.fromkeys(scenario.name for scenario in scenarios)
    only = "".join(f" --only {shlex.quote(name)}" for name in names) + (" --real" if real else "")
    command = _COMMAND.format(
        marked=IN_GUEST,
        path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        project=shlex.quote(str(PROJECT)),
        python=shlex.quote(sys.executable),
        patience=_PATIENCE,
        only=only,
    )
    init = _INIT.format(modules=" ".join(name for name, _ in modules), command=shlex.quote(command))
    return archive(
        [
            *(Entry(folder) for folder in ("bin", "modules", "new")),
            Entry("bin/busybox", busybox.read_bytes()),
            *(Entry(f"modules/{name}.ko", content) for name, content in modules),
            Entry("init", init.encode()),
        ]
    )
