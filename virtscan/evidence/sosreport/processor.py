"""The processors of a host, as `lscpu` prints them."""

import re

from virtscan.model import Processor

_LINE = re.compile(r"^([A-Z][^:\n]{0,40}):[^\S\n]*(.{1,200}?)[^\S\n]*$", re.MULTILINE)
_SPEED = re.compile(r"\d{1,6}([.]\d{1,9})?")


def read_lscpu(text: str) -> Processor:
    """Read the output of `lscpu`; a value that it lacks, or prints as `-`, is None."""
    lines = dict(reversed(_LINE.findall(text)))  # of repeated ones the first counts
    speeds = (lines.get(key, "") for key in ("CPU max MHz", "CPU MHz"))
    return Processor(
        model=lines.get("Model name"),
        mhz=next((int(float(speed)) for speed in speeds if _SPEED.fullmatch(speed)), None),
        sockets=_number(lines.get("Socket(s)")),
        cores=_number(lines.get("Core(s) per socket")),
        threads=_number(lines.get("Thread(s) per core")),
        numa_nodes=_number(lines.get("NUMA node(s)")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[1-9]\d{0,5}", text) else None
