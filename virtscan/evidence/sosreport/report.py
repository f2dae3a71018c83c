"""The kept files of a sosreport, and the facts about its host that every reader needs."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from virtscan import hostnet
from virtscan.evidence.sosreport.processor import read_lscpu
from virtscan.files import moment
from virtscan.model import Machine, Processor

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}")
_UNAME = re.compile(
    r"Linux \S+ \S+ (?P<build>#[ -~]{1,200}?)(?: (?:x86_64|i[3-6]86|aarch64|arm\w*|ppc64\w*|s390x?|riscv64|unknown))*"
    r"(?: GNU/Linux)?"
)
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_DATE = re.compile(
    r"\b[A-Z][a-z]{2} (?:(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})|(?P<day2>\d{1,2}) (?P<month2>[A-Z][a-z]{2}))"
    r"(?: (?P<year2>\d{4}))?\s+(?P<time>\d{1,2}:\d{2}:\d{2})(?: (?P<half>[AP]M))? (?P<zone>\S+)(?: (?P<year>\d{4}))?"
)
"""`Thu Feb 10 16:19:19 UTC 2022` (C), `Thu 10 Feb 2022 04:19:19 PM UTC` (en_US)."""
_UNIVERSAL = re.compile(r"Universal time: [A-Z][a-z]{2} (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) UTC")
_ZONES = timedelta(hours=14, minutes=5)
"""Largest offset of a time zone from UTC, plus a few minutes for collecting the report."""


class Sosreport(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """The kept files of a sosreport.

    Names are relative to the report's root, which mirrors the host's. `links` are symbolic links, not followed.
    `modified` holds seconds since 1970; `executable` are the files with an executable bit, `exposed` those that
    other users than the owner may read. `skipped` has the reason for each wanted file that was not kept. `cut_short` is
    the reason why the report was not read to its end; None if it was.
    """

    files: Mapping[str, bytes]
    links: Mapping[str, str] = {}
    modified: Mapping[str, float] = {}
    executable: frozenset[str] = frozenset()
    exposed: frozenset[str] = frozenset()
    skipped: Mapping[str, str] = {}
    cut_short: str | None = None

    def text(self, *names: str) -> str | None:
        """Return the first of these files that exists and is not empty, else None."""
        contents = (self.files[name] for name in names if name in self.files)
        return next((data.decode(errors="replace") for data in contents if data.strip()), None)

    def named(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield the files whose names have this prefix, with the rest of the name, in the order of names."""
        for name in sorted(self.files):
            if name.startswith(prefix):
                yield name.removeprefix(prefix), self.files[name].decode(errors="replace")

    @property
    def kernel(self) -> str | None:
        """Return the release of the running kernel; None if unknown or not Linux."""
        words = (self.text("sos_commands/kernel/uname_-a", "uname") or "").split()
        release = words[2] if len(words) > 2 and words[0] == "Linux" else self._word("proc/sys/kernel/osrelease")
        return release if release and _RELEASE.fullmatch(release) else None

    @property
    def kernel_build(self) -> str | None:
        """Return the running kernel's build, `uname -v`; None where `uname -a` does not show it."""
        printed = _UNAME.fullmatch((self.text("sos_commands/kernel/uname_-a", "uname") or "").strip())
        return printed["build"] if printed else None

    @property
    def host_name(self) -> str | None:
        """Return the host's own name."""
        name = self._word(
            "sos_commands/host/hostname",
            "sos_commands/general/hostname",
            "hostname",
            "proc/sys/kernel/hostname",
            "etc/hostname",
        )
        return name if name and _HOST.fullmatch(name) else None

    @property
    def machine(self) -> Machine:
        """Return the kind of machine that the host runs on."""
        flags = re.search(r"^flags\s*:.*\shypervisor\b", self.text("proc/cpuinfo") or "", re.MULTILINE)
        return hostnet.read_machine(
            dmi=self._dmi,
            words=[hostnet.read_hostnamectl(text) for _, text in self.named("sos_commands/host/hostnamectl")],
            container=hostnet.is_container_group(self.text("proc/1/cgroup") or ""),
            hypervisor_flag=flags is not None,
        )

    @property
    def system_uuid(self) -> str | None:
        """Return the uuid that the firmware has; None where it is unknown or a placeholder."""
        return hostnet.system_uuid(self._dmi.uuid)

    @property
    def _dmi(self) -> hostnet.Dmi:
        decoded = hostnet.read_dmidecode(self.text("dmidecode", "sos_commands/hardware/dmidecode") or "")
        return decoded if decoded != hostnet.Dmi() else hostnet.read_dmi_files(dict(self.named("sys/class/dmi/id/")))

    @property
    def cpus(self) -> int | None:
        """The number of CPUs that are online."""
        listed = len(re.findall(r"^processor\s*:?\s*\d+", self.text("proc/cpuinfo") or "", re.MULTILINE))
        counted = re.search(
            r"^CPU\(s\):\s*(\d{1,6})\s*$", self.text("sos_commands/processor/lscpu") or "", re.MULTILINE
        )
        return listed or (int(counted[1]) if counted else None)

    @property
    def memory_mib(self) -> int | None:
        """Return the total memory that the kernel reports."""
        return self._memory("MemTotal")

    @property
    def memory_free_mib(self) -> int | None:
        """Return the available memory; None with kernels before 3.14, which do not print it."""
        return self._memory("MemAvailable")

    @property
    def processor(self) -> Processor:
        """Return the processors."""
        return read_lscpu(self.text("sos_commands/processor/lscpu") or "")

    def _memory(self, key: str) -> int | None:
        match = re.search(rf"^{key}:\s*(\d{{1,15}}) kB", self.text("proc/meminfo") or "", re.MULTILINE)
        return int(match[1]) // 1024 if match else None

    @property
    def taken_at(self) -> datetime | None:
        """The time of the report, in UTC.

        It is taken from the output of `timedatectl` or `date`. The short name of a time zone is ambiguous, so then the
        file's modification time counts if it is consistent with the printed time. Without either output it is the
        modification time of the newest file.
        """
        universal = _UNIVERSAL.search(self.text("sos_commands/systemd/timedatectl", "date") or "")
        if universal:
            return datetime.fromisoformat(f"{universal[1]}+00:00")
        for name in ("sos_commands/date/date_--utc", "sos_commands/date/date", "sos_commands/general/date", "date"):
            if (printed := _DATE.search(self.text(name) or "")) and (wall := _wall_time(printed)):
                written = moment(self.modified.get(name))
                if printed["zone"] in {"UTC", "GMT"} or written is None or abs(written - wall) > _ZONES:
                    return wall
                return written
        return max(filter(None, map(moment, self.modified.values())), default=None)

    def _word(self, *names: str) -> str | None:
        return next(iter((self.text(*names) or "").split()), None)


def _wall_time(printed: re.Match[str]) -> datetime | None:
    """Return the time as printed, taken for UTC."""
    month, day = printed["month"] or printed["month2"], printed["day"] or printed["day2"]
    clock = f"{printed['time']} {printed['half']}" if printed["half"] else printed["time"]
    form = "%d %b %Y %I:%M:%S %p" if printed["half"] else "%d %b %Y %H:%M:%S"
    try:
        wall = datetime.strptime(f"{day} {month} {printed['year'] or printed['year2']} {clock}", form)  # noqa: DTZ007 next line
    except ValueError:
        return None
    return wall.replace(tzinfo=UTC)
