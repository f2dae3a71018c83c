"""Scenarios for whose devices this machine's kernel has no driver, in a guest with a kernel that has.

The guest is a VM of QEMU under software emulation, with nothing but a processor, memory, serial ports and this
machine's root file system by 9p; what is written to that stays in its memory, and it has no network card. So the very
same lab, with the same programs, runs in it on another kernel; the VM that boots there is emulated by an emulated
machine.
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
from tests.lab.debian_kernel import DebianKernel, fetch
from tests.lab.initramfs import Entry, archive
from tests.lab.scenario import Scenario
from tests.lab.table import Row

_CACHE = PROJECT / "build" / "lab"
_SECONDS = 1200
_PATIENCE = 8
"""How much longer a boot may take there than here; three times as long was seen."""


class NestedError(Exception):
    """The guest ended before all was played."""


_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "veth", "macvtap", "bridge", "bonding", "8021q", "tun")

# `b` of sysrq resets the machine at once, and QEMU was told to end then.
_INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
for module in {modules}; do insmod /modules/$module.ko; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /lower
mount -t tmpfs tmpfs /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /new
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs devtmpfs /new/dev
mount -t tmpfs tmpfs /new/run
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
ip link set lo up
hostname nested
exec switch_root /new /bin/sh -c {command}
"""
_COMMAND = """\
export HOME=/tmp PATH={path}
cd {project} && {python} -m tests.lab --rows --patience {patience}{only} >/dev/ttyS1 2>/dev/ttyS0 </dev/null
sync
echo b >/proc/sysrq-trigger
sleep 60
"""


def play_nested(scenarios: Sequence[Scenario]) -> Iterator[Row]:
    """Play scenarios in one guest; one row for each step, as it is done.

    What keeps them from being played is a row as well.
    """
    steps = [(one.name, step.offload.value) for one in scenarios for step in one.steps]
    rows = _rows(scenarios)
    for done in range(len(steps)):
        try:
            yield next(rows)
        except (NestedError, OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
            yield from (Row(scenario=name, offload=offload, against=str(error)) for name, offload in steps[done:])
            return
    rows.close()


def _rows(scenarios: Sequence[Scenario]) -> Generator[Row]:
    kernel = fetch(_CACHE)
    with tempfile.TemporaryDirectory(prefix="virtscan-lab-") as name:
        folder = Path(name)
        first = folder / "initramfs"
        first.write_bytes(_first_files(kernel, scenarios))
        printed = folder / "rows"
        printed.touch()
        console = folder / "console"
        said = folder / "said"
        with said.open("wb") as output:
            guest = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *_qemu(kernel, first, printed, console)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            for line in _lines(guest, printed):
                row = msgspec.json.decode(line, type=Row)
                yield msgspec.structs.replace(row, scenario=f"{row.scenario} (nested, kernel {kernel.release})")
        finally:
            guest.kill()
            guest.wait()
        raise NestedError(f"the guest ended: {_last_line(console) or _last_line(said) or 'it said nothing'}")


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _lines(guest: "subprocess.Popen[bytes]", printed: Path) -> Iterator[bytes]:
    """Every whole line that the guest writes, until it ends or its time is over."""
    end = time.monotonic() + _SECONDS
    given = 0
    running = True
    while running and time.monotonic() < end:
        time.sleep(1)
        running = guest.poll() is None
        lines = printed.read_bytes().split(b"\n")[:-1]
        yield from (line for line in lines[given:] if line.strip())
        given = len(lines)


def _qemu(kernel: DebianKernel, first: Path, rows: Path, console: Path) -> list[str]:
    return [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048"),
        *("-kernel", str(kernel.image), "-initrd", str(first)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-serial", f"file:{console}", "-serial", f"file:{rows}"),
        *("-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=root,mount_tag=root"),
    ]


def _first_files(kernel: DebianKernel, scenarios: Sequence[Scenario]) -> bytes:
    modules = kernel.load_order(_MODULES)
    only = "".join(f" --only {shlex.quote(name)}" for name in dict.fromkeys(scenario.name for scenario in scenarios))
    command = _COMMAND.format(
        path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        project=shlex.quote(str(PROJECT)),
        python=shlex.quote(sys.executable),
        patience=_PATIENCE,
        only=only,
    )
    init = _INIT.format(modules=" ".join(name for name, _ in modules), command=shlex.quote(command))
    return archive(
        [
            *(Entry(folder) for folder in ("bin", "modules", "lower", "upper", "new")),
            Entry("bin/busybox", kernel.busybox.read_bytes()),
            *(Entry(f"modules/{name}.ko", content) for name, content in modules),
            Entry("init", init.encode()),
        ]
    )
