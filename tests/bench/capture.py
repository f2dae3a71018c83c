"""`trace` on a capture of a gigabyte, against reading the file."""

import hashlib
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench.measuring import Row, usage_of
from tests.harness.launching import VIRTSCAN
from tests.trace.build import pcap

GIGABYTE = 1 << 30
MEMORY_MIB = 120
_OTHER_PAYLOAD = 1400
"""Bytes of a frame that belongs to no boot: most of a capture is something else."""


def rows() -> list[Row]:
    """Measure with a file that is made for it and removed again."""
    with tempfile.TemporaryDirectory(prefix="virtscan-") as folder:
        path = Path(folder) / "large.pcap"
        size = _make(path)
        began = perf_counter()
        with path.open("rb") as file:
            hashlib.file_digest(file, "md5")
        read = perf_counter() - began
        used = usage_of([*VIRTSCAN, "trace", str(path), "--format", "json"])
    what = f"trace of {size / GIGABYTE:.1f} GiB"
    return [
        Row(
            benchmark=f"{what}: an MD5 of the file",
            measured=used.seconds / read,
            limit=8,
            detail=f"{used.seconds:.1f} s, {used.cpu:.1f} s CPU, {size / used.seconds / 1e6:.0f} MB/s; {read:.1f} s",
        ),
        Row(benchmark=f"{what}: memory", measured=used.kibibytes / 1024, limit=MEMORY_MIB, unit="MiB"),
    ]


def _make(path: Path) -> int:
    """Write the same second of other traffic again and again."""
    frame = bytes.fromhex("525400000001525400000002080045000578000000004006") + bytes(_OTHER_PAYLOAD)
    part = pcap([(number / 1000, frame) for number in range(1000)])
    head, body = part[:24], part[24:]
    with path.open("wb") as file:
        file.write(head)
        while file.tell() < GIGABYTE:
            file.write(body)
        return file.tell()
