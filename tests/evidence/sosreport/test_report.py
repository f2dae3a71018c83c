"""The facts about a host in its report."""

from datetime import UTC, datetime, timedelta

import pytest

from virtscan.evidence.sosreport import Sosreport
from virtscan.model import Processor

NOON = datetime(2022, 2, 10, 12, 0, tzinfo=UTC)


def report(files: dict[str, str], written: datetime | float | None = None) -> Sosreport:
    seconds = written.timestamp() if isinstance(written, datetime) else written
    return Sosreport(
        files={name: text.encode() for name, text in files.items()},
        modified={} if seconds is None else dict.fromkeys(files, seconds),
    )


@pytest.mark.parametrize(
    ("files", "kernel"),
    [
        ({"uname": "Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP Wed\n"}, "2.6.32-279.el6.x86_64"),
        ({"sos_commands/kernel/uname_-a": "Linux kvm01 6.1.0-18-amd64 #1\n", "uname": "Linux a 1 b"}, "6.1.0-18-amd64"),
        ({"proc/sys/kernel/osrelease": "5.4.0-97-generic\n"}, "5.4.0-97-generic"),
        ({"uname": "SunOS a 5.11 b\n"}, None),
        ({"uname": "Linux\n"}, None),
        ({"uname": "Linux a \x1b[31m b\n"}, None),
        ({}, None),
    ],
)
def test_the_kernel_is_that_of_uname(files: dict[str, str], kernel: str | None) -> None:
    assert report(files).kernel == kernel


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"sos_commands/host/hostname": "kvm01\n", "etc/hostname": "old\n"}, "kvm01"),
        ({"sos_commands/general/hostname": "\n", "etc/hostname": "kvm01.example.com\n"}, "kvm01.example.com"),
        ({"hostname": "\x1b[31mkvm01"}, None),
        ({}, None),
    ],
)
def test_the_host_names_itself(files: dict[str, str], name: str | None) -> None:
    assert report(files).host_name == name


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"proc/cpuinfo": "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\n"}, 2),
        ({"proc/cpuinfo": "# processors    : 2\nprocessor 0: version = FF\nprocessor 1: version = FF\n"}, 2),
        ({"sos_commands/processor/lscpu": "Architecture: x86_64\nCPU(s):              16\n"}, 16),
        ({"proc/cpuinfo": "nothing"}, None),
    ],
)
def test_cpus_are_counted(files: dict[str, str], cpus: int | None) -> None:
    assert report(files).cpus == cpus


def test_memory_is_that_of_the_kernel() -> None:
    assert report({"proc/meminfo": "MemTotal:       131072000 kB\nMemFree: 1 kB\n"}).memory_mib == 128000
    assert report({"proc/meminfo": "MemTotal: much"}).memory_mib is None


@pytest.mark.parametrize(
    ("files", "moment"),
    [
        ({"sos_commands/date/date": "Thu Feb 10 12:00:00 UTC 2022\n"}, NOON),
        ({"sos_commands/general/date": "Thu Feb 10 12:00:00 GMT 2022\n"}, NOON),
        ({"date": "Thu 10 Feb 2022 12:00:00 PM UTC\n"}, NOON),
        ({"date": "Thu 10 Feb 2022 12:00:00 UTC\n"}, NOON),
        (
            {"sos_commands/date/date_--utc": "Thu Feb 10 12:00:00 UTC 2022", "date": "Thu Feb 10 17:30:00 IST 2022"},
            NOON,
        ),
        (
            {
                "sos_commands/systemd/timedatectl": """
      Local time: Thu 2022-02-10 13:00:00 CET
  Universal time: Thu 2022-02-10 12:00:00 UTC
        RTC time: Thu 2022-02-10 12:00:00
       Time zone: Europe/Berlin (CET, +0100)"""
            },
            NOON,
        ),
        ({"date": "Thu Feb 30 12:00:00 UTC 2022\n"}, None),
        ({"date": "Donnerstag\n"}, None),
        ({}, None),
    ],
)
def test_the_time_is_that_printed_by_the_host(files: dict[str, str], moment: datetime | None) -> None:
    assert report(files).taken_at == moment


def test_time_of_the_file_is_used_if_the_zone_is_ambiguous() -> None:
    local = {"sos_commands/date/date": "Thu Feb 10 13:00:00 CET 2022\n"}

    assert report(local, NOON).taken_at == NOON
    assert report(local).taken_at == NOON + timedelta(hours=1)


def test_a_file_that_was_copied_later_does_not_make_the_report_younger() -> None:
    copied = report({"sos_commands/date/date": "Thu Feb 10 13:00:00 CET 2022\n"}, NOON + timedelta(days=300))

    assert copied.taken_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize("seconds", [1e300, float("nan"), float("inf"), -1e300])
def test_an_impossible_date_gives_none(seconds: float) -> None:
    assert report({"uname": "x"}, seconds).taken_at is None
    assert report({"uname": "x"}, NOON).taken_at == NOON


LSCPU = """\
Architecture:            x86_64
CPU(s):                  64
Model name:              Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz
Thread(s) per core:      2
Core(s) per socket:      16
Socket(s):               2
CPU max MHz:             3500.0000
CPU MHz:                 2900.000
NUMA node(s):            4
Model name:              BIOS Model name
"""


@pytest.mark.parametrize(
    ("text", "processor"),
    [
        (
            LSCPU,
            Processor(
                model="Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz", mhz=3500, sockets=2, cores=16, threads=2, numa_nodes=4
            ),
        ),
        ("Socket(s): -\nCore(s) per socket: 0\nCPU MHz: static\n", Processor()),
        ("", Processor()),
    ],
)
def test_the_processors_are_those_of_lscpu(text: str, processor: Processor) -> None:
    assert report({"sos_commands/processor/lscpu": text}).processor == processor


def test_free_memory_is_what_the_kernel_has_available() -> None:
    text = "MemTotal: 2097152 kB\nMemFree: 1024 kB\nMemAvailable: 1048576 kB\n"

    assert (report({"proc/meminfo": text}).memory_mib, report({"proc/meminfo": text}).memory_free_mib) == (2048, 1024)
    assert report({"proc/meminfo": "MemTotal: 1024 kB\n"}).memory_free_mib is None
