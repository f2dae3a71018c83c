"""Reader of a hypervisor's sosreport: the facts that libvirt reports, and further ones."""

import re
from pathlib import Path
from time import monotonic

from virtscan import analyzer
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.connectors.sosreport.guests import is_guest_file, is_version, read_domains, read_networks
from virtscan.errors import AnalyzerError, ConnectorError, SosreportError
from virtscan.evidence import sosreport
from virtscan.evidence.sosreport import Sosreport
from virtscan.model import Device, Domain, GapAbout, Observed, Target
from virtscan.model.gaps.causes import BadDocument, Failure, MacsReplaced, NotInReport
from virtscan.model.gaps.items import FactName, HostFact, NamedDevice, NodeDevice, ReportFile

_NODE_DEVICES = "sos_commands/virsh/virsh_-r_nodedev-dumpxml_"
_VERSION = re.compile(
    r"^(?:Running against daemon|Using library: libvirt):? (\d{1,3})\.(\d{1,3})\.(\d{1,3})$", re.MULTILINE
)
_REPLACED = "53:4f:53:"
"""Beginning of the MACs that `sos clean` writes (sos/cleaner/mappings/mac_map.py): "SOS". They are group MACs, which no
device has.

The same MAC is replaced in the same way in all reports that are cleaned together, but not in other sources.
"""
SOURCE = "sosreport"


def read(target: Target, draft: HostDraft) -> None:
    """Deliver the facts of the report at the target's address: host, domains, networks in use, and all devices.

    All of it is as old as the report. A server that is not found by its MAC may still be here if `sos clean` replaced
    the MACs, so then the report counts as incomplete.

    Raises:
        ConnectorError: It can't be read, or not to its end; items delivered before count.
    """
    started = monotonic()
    try:
        report = sosreport.open_sosreport(Path(target.address))
    except SosreportError as error:
        raise ConnectorError(str(error)) from error
    _read_host(report, target, draft)
    domains = read_domains(report, draft)
    networks = {network.name: network for network in read_networks(report, domains, draft)}
    devices = _read_devices(report, [analyzer.resolve(domain, networks) for domain in domains], draft)
    macs = [device.mac for device in devices] + [nic.mac for domain in domains for nic in domain.interfaces]
    if any(mac is not None and mac.startswith(_REPLACED) for mac in macs):
        draft.gap(HostFact(uri=draft.uri, fact=FactName.MACS), MacsReplaced(), GapAbout.HYPERVISOR)
    for name, reason in report.skipped.items():
        if not is_guest_file(name):
            draft.gap(ReportFile(uri=draft.uri, file=name), Failure(detail=reason), GapAbout.DEVICE)
    draft.add(HostFacts(read_seconds=monotonic() - started))
    if report.cut_short is not None:
        raise ConnectorError(report.cut_short)


def _read_host(report: Sosreport, target: Target, draft: HostDraft) -> None:
    taken_at = report.taken_at
    kernel = report.kernel
    facts = HostFacts(
        name=report.host_name,
        cpus=report.cpus,
        memory_mib=report.memory_mib,
        memory_free_mib=report.memory_free_mib,
        processor=report.processor,
        kernel=None if kernel is None else Observed(value=kernel, source=SOURCE, observed_at=taken_at),
        kernel_build=report.kernel_build,
        daemon=_daemon(report),
        machine=report.machine,
        system_uuid=report.system_uuid,
        lists_all_devices=sosreport.lists_all_devices(report),
        observed_at=taken_at,
    )
    draft.add(facts)
    missing = {
        FactName.KERNEL: kernel is None and target.kernel is None,
        FactName.CPUS: facts.cpus is None,
        FactName.MEMORY: facts.memory_mib is None,
    }
    for fact, is_missing in missing.items():
        if is_missing:
            draft.gap(HostFact(uri=draft.uri, fact=fact), NotInReport(), GapAbout.DEVICE)


def _daemon(report: Sosreport) -> Observed[int] | None:
    """Return libvirt's version: sos runs virsh on the host itself, whose client and daemon are of one package."""
    versions = (
        _VERSION.search(data.decode(errors="replace")) for name, data in report.files.items() if is_version(name)
    )
    for version in filter(None, versions):
        major, minor, micro = (int(part) for part in version.groups())
        return Observed(value=major * 1_000_000 + minor * 1000 + micro, source=SOURCE, observed_at=report.taken_at)
    return None


def _read_devices(report: Sosreport, domains: list[Domain], draft: HostDraft) -> list[Device]:
    """Deliver all devices, and return them.

    One under a macvtap that the report lacks is a gap; a bridge alone may be one that libvirt makes when needed.
    """
    devices = {device.name: device for device in sosreport.read_devices(report)}
    attachments = [a for domain in domains for interface in domain.interfaces for a in interface.attachments]
    delivered = [*devices.values(), *_node_devices(report, draft)]
    draft.add(*delivered)
    for name in sorted({a.device for a in attachments if a.device is not None and a.mode is not None}):
        if name not in devices:
            draft.gap(NamedDevice(uri=draft.uri, device=name), NotInReport(), GapAbout.DEVICE)
    return delivered


def _node_devices(report: Sosreport, draft: HostDraft) -> list[Device]:
    """Return the node devices that newer versions of sos collect from libvirt."""
    devices: list[Device] = []
    for name, text in report.named(_NODE_DEVICES):
        try:
            device = analyzer.read_node_device(text, source=f"{SOURCE}: virsh nodedev-dumpxml")
        except AnalyzerError as error:
            item = NodeDevice(uri=draft.uri, node_device=name)
            draft.gap(item, BadDocument(detail=str(error)), GapAbout.DEVICE)
        else:
            devices += [] if device is None else [device]
    return devices
