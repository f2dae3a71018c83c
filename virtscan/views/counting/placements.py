"""Every interface with its host device and its finding, from which several views count."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from virtscan.correlator.devices.nic import nic_kind
from virtscan.correlator.devices.stack import follow
from virtscan.correlator.findings.exposure import exposure
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    Exposure,
    Finding,
    FindingKey,
    Hypervisor,
    Interface,
    Report,
    SourceMode,
)
from virtscan.model.natural import by_name


class Placement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An interface in its place.

    Of several devices that are possible it is on the one that its finding is about, else on the first, which libvirt
    assigns first. `kind` is None where no device is known.
    """

    hypervisor: Hypervisor
    domain: Domain
    interface: Interface
    device: DeviceName | None
    mode: SourceMode | None
    kind: DeviceKind | None
    lower: tuple[DeviceName, ...]
    segment: str | None
    finding: Finding | None

    @property
    def boots_from_network(self) -> bool:
        """Return True if its domain's definition lists the network, regardless of provisioning records."""
        return exposure(self.domain, self.interface, frozenset()) is Exposure.BOOTS


class DomainPlacements(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A domain with its interfaces in their places, and its findings, those for its next start included."""

    hypervisor: Hypervisor
    domain: Domain
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]


def placements(report: Report) -> Iterator[DomainPlacements]:
    """Yield every domain, judged or not, by the names of hypervisor and domain.

    The persistent definition of a running domain is not another domain; only its findings are given.
    """
    findings: dict[FindingKey, Finding] = {}
    next_starts: defaultdict[tuple[str, str | None], list[Finding]] = defaultdict(list)
    for item in report.findings:
        findings[item.key] = item
        if item.next_start:
            next_starts[item.hypervisor, item.uuid].append(item)
    for hypervisor in sorted(report.inventory.hypervisors, key=by_name):
        devices = {device.name: device for device in hypervisor.devices}
        for domain in sorted(hypervisor.present_domains, key=by_name):
            places = tuple(_place(hypervisor, domain, interface, findings, devices) for interface in domain.interfaces)
            own = [place.finding for place in places if place.finding is not None]
            yield DomainPlacements(
                hypervisor=hypervisor,
                domain=domain,
                placements=places,
                findings=(*own, *next_starts.pop((hypervisor.name, domain.uuid), ())),
            )


def _place(
    hypervisor: Hypervisor,
    domain: Domain,
    interface: Interface,
    findings: Mapping[FindingKey, Finding],
    devices: Mapping[DeviceName, Device],
) -> Placement:
    finding = findings.get(FindingKey.of(hypervisor.name, domain, interface))
    if finding is not None:
        return Placement(
            hypervisor=hypervisor,
            domain=domain,
            interface=interface,
            device=finding.source_device,
            mode=finding.source_mode,
            kind=finding.device_kind,
            lower=finding.lower_devices,
            segment=finding.segment,
            finding=finding,
        )
    device, mode = next(((place.device, place.mode) for place in interface.attachments), (None, None))
    stack = follow(devices, device, lambda nic: nic_kind(nic, hypervisor))
    return Placement(
        hypervisor=hypervisor,
        domain=domain,
        interface=interface,
        device=device,
        mode=mode,
        kind=None if device is None else stack.kind,
        lower=stack.lower,
        segment=None if device is None else hypervisor.segments.get(device),
        finding=None,
    )
