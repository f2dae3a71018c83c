"""Small inventories in which one interface, of domain web01 on hv1, is looked at."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from virtscan.correlator import correlate
from virtscan.model import (
    Device,
    Domain,
    Finding,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    NotJudged,
    Policy,
    Server,
)

BOOTING = "52:54:00:93:76:af"
SERVING = "52:54:00:00:00:01"
OTHER = "52:54:00:00:00:02"


def satellite(**more: Any) -> Server:
    """A server with TX checksum offload on, whose MAC is declared."""
    return server(**({"macs": (Mac(SERVING),), "declared_macs": (Mac(SERVING),)} | more))


def provisioner(nic: Interface | None = None, **more: Any) -> Domain:
    """The domain that the server runs in."""
    return domain("sat", nic or macvtap(mac=SERVING), **more)


def scene(
    interface: Interface | None = None,
    *,
    servers: Iterable[Server] | None = None,
    beside: Iterable[Domain] = (),
    others: Iterable[Hypervisor] = (),
    host_devices: Iterable[Device] | None = None,
    devices: Iterable[Device] = (),
    kernel: str | None = UNFIXED_KERNEL,
    policy: Policy | None = None,
    gaps: Iterable[Any] = (),
    **host: Any,
) -> Inventory:
    """Put an interface on hv1 (bond2 over two NICs, kernel unfixed, and `devices`), with one server unless given."""
    here = hypervisor(
        "hv1",
        domain("web01", interface or macvtap()),
        *beside,
        kernel=kernel,
        devices=(*(hypervisor().devices if host_devices is None else host_devices), *devices),
        **host,
    )
    return inventory(
        here,
        *others,
        servers=(satellite(),) if servers is None else tuple(servers),
        policy=policy or Policy(),
        gaps=tuple(gaps),
    )


def judged(looked_at: Inventory) -> Finding | NotJudged:
    """Return the finding of web01's interface, or why it has none."""
    report = correlate(looked_at)
    findings = [finding for finding in report.findings if finding.hypervisor == "hv1" and finding.domain == "web01"]
    if findings:
        (finding,) = findings
        return finding
    here, *others = looked_at.hypervisors
    rest = replace(here, domains=tuple(other for other in here.domains if other.name != "web01"))
    left = Counter(report.not_judged) - Counter(correlate(replace(looked_at, hypervisors=(rest, *others))).not_judged)
    (reason,) = left.elements()
    return reason


def finding_of(looked_at: Inventory) -> Finding:
    """Return the finding of web01's interface, which has one."""
    judgement = judged(looked_at)
    assert isinstance(judgement, Finding)
    return judgement
