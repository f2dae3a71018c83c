"""The cost of planners' facts: reading the disks of a domain, keeping them, and writing a workbook."""

import re
import subprocess
import sys
import tracemalloc
from functools import partial

import libvirt

from tests.bench.host import define
from tests.bench.measuring import Row, in_turns
from tests.conftest import PROJECT
from tests.reporters.large_workbook import SCRIPT
from virtscan.analyzer import read_domains

DOMAINS, DISKS = 200, 4
TIMES = 5
_DISK = re.compile(r"    <disk .*?</disk>\n", re.DOTALL)
_MIB = 1024 * 1024


def rows() -> list[Row]:
    whole = _documents()
    without = [_DISK.sub("", document) for document in whole]
    for documents in (whole, without):
        _weight(documents)  # caches filled by the first reading belong to none of the domains
    took = in_turns({"with": partial(_read, whole), "without": partial(_read, without)}, rounds=15)
    each = {name: seconds / TIMES / DOMAINS * 1e6 for name, seconds in took.items()}
    return [
        Row(
            benchmark=f"reading a document with {DISKS} disks: one without",
            measured=took["with"] / took["without"],
            limit=1.7,
            detail=f"{each['with']:.0f} µs; {each['without']:.0f} µs",
        ),
        Row(
            benchmark=f"keeping a domain with {DISKS} disks: one without",
            measured=_weight(whole) - _weight(without),
            limit=1024,
            unit="bytes",
        ),
        *_workbook(),
    ]


def _documents() -> list[str]:
    host = libvirt.open("test:///default")
    try:
        define(host, DOMAINS)
        return [domain.XMLDesc() for domain in host.listAllDomains()]
    finally:
        host.close()


def _read(documents: list[str]) -> None:
    for _ in range(TIMES):
        read_domains(documents, origin="qemu:///system")


def _weight(documents: list[str]) -> float:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = read_domains(documents, origin="qemu:///system")
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / len(kept)


def _workbook() -> list[Row]:
    """Memory beside the document, and whether twice the rows take more than twice as long."""
    found = {count: min(_rendered(count) for _ in range(3)) for count in (15_000, 30_000)}
    (half, _), (whole, more) = found[15_000], found[30_000]
    return [
        Row(benchmark="workbook of 30,000 rows: more memory", measured=more / _MIB, limit=50, unit="MiB"),
        Row(
            benchmark="workbook of 30,000 rows: one of 15,000, a row",
            measured=whole / half / 2,
            limit=1.25,
            detail=f"{whole:.1f} s; {half:.1f} s",
        ),
    ]


def _rendered(count: int) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(count)], check=True, capture_output=True, text=True, cwd=PROJECT
    )
    seconds, more, _size = done.stdout.split()
    return float(seconds), int(more)
