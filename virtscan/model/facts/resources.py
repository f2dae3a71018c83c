"""Resources of domains and of their hosts, for capacity planning."""

import msgspec

from virtscan.model.states import Closed, State


class DiskMode(Closed):
    """Handling of a guest's writes to a disk."""

    PERSISTENT = "persistent"
    TRANSIENT = "transient"
    READ_ONLY = "read-only"


class Disk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of a domain, or another drive: `device` is disk, cdrom, floppy or lun.

    `target` is its name in the guest's definition (vda). `path` is a file, a block device or a folder, or
    `PROTOCOL:NAME` of a network's source; a volume of a pool has `pool` and `volume` instead. An empty drive has
    neither. `capacity_mib` is the guest's view of the size, from the daemon's statistics.
    """

    target: str | None = None
    device: str = "disk"
    bus: str | None = None
    format: str | None = None
    path: str | None = None
    pool: str | None = None
    volume: str | None = None
    mode: DiskMode = DiskMode.PERSISTENT
    capacity_mib: int | None = None


class Resources(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Resources of a domain, and further facts of its definition; facts that the source lacks are None or UNKNOWN.

    `os` is the libosinfo identifier. `cores` are those of one socket, dies included; `threads` those of a core.
    `max_vcpus` and `max_memory_mib` are its limits while it runs; `max_memory_mib` is None without slots for
    more. `balloon_mib` is its memory under the balloon now, `reserved_mib` the guaranteed part. `numa_nodes` are the
    guest's.
    """

    machine: str | None = None
    os: str | None = None
    description: str | None = None
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    max_vcpus: int | None = None
    cpu_shares: int | None = None
    max_memory_mib: int | None = None
    balloon_mib: int | None = None
    reserved_mib: int | None = None
    hugepages: bool = False
    numa_nodes: int | None = None
    disks: tuple[Disk, ...] = ()
    paused: State = State.UNKNOWN
    autostart: State = State.UNKNOWN
    has_snapshot: State = State.UNKNOWN


class Processor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The processors of a host. `cores` are those of one socket, `threads` those of a core."""

    model: str | None = None
    mhz: int | None = None
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    numa_nodes: int | None = None

    @property
    def all_cores(self) -> int | None:
        """Return the cores of all sockets."""
        return None if self.sockets is None or self.cores is None else self.sockets * self.cores

    @property
    def all_threads(self) -> int | None:
        """Return the threads of all cores."""
        return None if self.all_cores is None or self.threads is None else self.all_cores * self.threads
