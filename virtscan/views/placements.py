"""Every interface with the host device that it is taken to be on and its finding: what several views count from."""

from collections.abc import Iterator, Mapping

import msgspec

from virtscan.correlator.exposure import exposure
from virtscan.correlator.location.nic import nic_kind
from virtscan.correlator.location.stack import follow
from virtscan.model import (
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    Exposure,
    Finding,
    Hypervisor,
    Interface,
    Report,
    SourceMode,
)


class Placement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An interface in its place.

    Of several devices that are possible it is on the one that its finding is about, else on the first, which libvirt
    gives out first. `kind` is None where no device is known.
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
        """Does its domain's definition say so? What a provisioning system plans is another matter."""
        return exposure(self.domain, self.interface, frozenset()) is Exposure.BOOTS


class DomainPlacements(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A domain with its interfaces in their places."""

    hypervisor: Hypervisor
    domain: Domain
    placements: tuple[Placement, ...]


def placements(report: Report) -> Iterator[DomainPlacements]:
    """Every domain, judged or not, in the inventory's order."""
    findings = {
        (item.hypervisor, item.origin, item.domain, item.next_start, item.index): item for item in report.findings
    }
    for hypervisor in report.inventory.hypervisors:
        devices = {device.name: device for device in hypervisor.devices}
        for domain in hypervisor.domains:
            yield DomainPlacements(
                hypervisor=hypervisor,
                domain=domain,
                placements=tuple(
                    _place(
                        hypervisor,
                        domain,
                        interface,
                        findings.get((hypervisor.name, domain.origin, domain.name, domain.next_start, interface.index)),
                        devices,
                    )
                    for interface in domain.interfaces
                ),
            )


def _place(
    hypervisor: Hypervisor,
    domain: Domain,
    interface: Interface,
    finding: Finding | None,
    devices: Mapping[DeviceName, Device],
) -> Placement:
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
