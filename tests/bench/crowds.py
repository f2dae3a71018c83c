"""Many at once on a small machine: archives that need a CPU each, and near hosts that need one together."""

import lzma
import os
import random
import tarfile
import tempfile
from pathlib import Path

import libvirt
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.host import define
from tests.bench.measuring import Row, usage_of
from tests.evidence.sosreport.build import ROOT, add
from tests.harness.launching import VIRTSCAN
from tests.harness.libvirtd import running_libvirtd
from tests.harness.sosreport import sosreport_of

REPORTS, REPORT_BYTES = 12, 50 << 20
HOSTS, DOMAINS = 128, 1000
MEMORY_MB = 300


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="virtscan-") as folder:
        return [*_archives(Path(folder)), *_near_hosts(Path(folder))]


def _archives(folder: Path) -> list[Row]:
    report = folder / "report0.tar.xz"
    text = random.Random(0).randbytes(REPORT_BYTES).hex()  # twice as many bytes, which pack to half
    tree = sosreport_of("test:///default", host="kvm01", kernel="5.14.0") | {"var/log/journal": text}
    with lzma.open(report, "wb", preset=0) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        for name, content in tree.items():
            add(archive, f"{ROOT}/{name}", content)
    paths = [report, *(folder / f"report{number}.tar.xz" for number in range(1, REPORTS))]
    for path in paths[1:]:
        os.link(report, path)
    alone, *_ = _scan(folder, [f"--sosreport={report}"])
    took, complete, memory = _scan(folder, [f"--sosreport={path}" for path in paths])
    what = f"{REPORTS} sosreports of {REPORT_BYTES >> 20} MB"
    return _outcome(what, complete, REPORTS, memory, f"{took:.1f} s; {alone:.1f} s one alone")


def _near_hosts(folder: Path) -> list[Row]:
    with running_libvirtd() as daemon:
        uri = daemon.unix(Path("/default"))
        host = libvirt.open(uri)  # kept open: its domains last as long
        try:
            define(host, DOMAINS)
            uris = [f"{uri}&number={number}" for number in range(HOSTS)]
            took, complete, memory = _scan(folder, [part for uri in uris for part in ("-c", uri)])
        finally:
            host.close()
    return _outcome(f"{HOSTS} near hosts of {DOMAINS} domains", complete, HOSTS, memory, f"{took:.1f} s")


def _outcome(what: str, complete: int, count: int, memory: float, detail: str) -> list[Row]:
    return [
        Row(benchmark=f"{what}: complete", measured=complete, limit=count, at_most=False, unit="", detail=detail),
        Row(benchmark=f"{what}: memory", measured=memory, limit=MEMORY_MB, unit="MB"),
    ]


def _scan(folder: Path, options: list[str]) -> tuple[float, int, float]:
    """Scan in a process of its own, under the default limits, with all that is usual: an inventory and a report.

    Returns:
        Seconds, hosts that were read without a gap, and MB at most.
    """
    metrics = folder / "metrics.prom"
    outputs = [
        f"--format=prometheus={metrics}",
        f"--save={folder / 'inventory.json'}",
        f"--format=table={folder / 'risks'}",
    ]
    used = usage_of([*VIRTSCAN, "scan", "-q", *outputs, *options])
    samples = [sample for family in text_string_to_metric_families(metrics.read_text()) for sample in family.samples]
    up = sum(sample.value for sample in samples if sample.name == "virtscan_hypervisor_up")
    gaps = sum(
        sample.value for sample in samples if sample.name == "virtscan_gaps" and sample.labels["about"] != "hypervisor"
    )
    return used.seconds, int(up - gaps), used.kibibytes * 1024 / 1e6
