"""A hypervisor as its sosreport: what libvirt would have told, and what it could not."""

from pathlib import Path
from time import monotonic

from virtscan import analyzer, sosreport
from virtscan.connectors.reading import HostFacts, Reading
from virtscan.connectors.sosreport_guests import is_guest_file, read_domains, read_networks
from virtscan.errors import AnalyzerError, ConnectorError, SosreportError
from virtscan.model import Device, DeviceName, Domain, GapAbout, Observed, Target
from virtscan.sosreport import Sosreport

_NODE_DEVICES = "sos_commands/virsh/virsh_-r_nodedev-dumpxml_"
SOURCE = "sosreport"


def shown(address: str) -> str:
    """The address as it is shown: `sosreport:` and the path."""
    return f"sosreport:{address.encode(errors='backslashreplace').decode()}"


def host_name(address: str) -> str:
    """The name that the path gives to its hypervisor, as long as the report does not say its own."""
    return sosreport.report_name(address)


def read(target: Target, reading: Reading) -> None:
    """Deliver what the report at the target's address tells: host, domains, and what their interfaces lead to.

    As in a live scan, networks and devices are those that an interface leads to. All of it is as old as the report.

    Raises:
        ConnectorError: It can't be read, or not to its end; what was delivered before counts.
    """
    started = monotonic()
    try:
        report = sosreport.open_sosreport(Path(target.address))
    except SosreportError as error:
        raise ConnectorError(str(error)) from error
    _read_host(report, target, reading)
    domains = read_domains(report, reading)
    networks = {network.name: network for network in read_networks(report, domains, reading)}
    _read_devices(report, [analyzer.resolve(domain, networks) for domain in domains], reading)
    for name, reason in report.skipped.items():
        if not is_guest_file(name):
            reading.gap(name, reason, GapAbout.DEVICE)
    reading.add(HostFacts(read_seconds=monotonic() - started))
    if report.cut_short is not None:
        raise ConnectorError(report.cut_short)


def _read_host(report: Sosreport, target: Target, reading: Reading) -> None:
    taken_at = report.taken_at
    kernel = report.kernel
    facts = HostFacts(
        name=report.host_name,
        cpus=report.cpus,
        memory_mib=report.memory_mib,
        kernel=None if kernel is None else Observed(value=kernel, source=SOURCE, observed_at=taken_at),
        observed_at=taken_at,
    )
    reading.add(facts)
    missing = {
        "kernel": kernel is None and target.kernel is None,
        "CPUs": facts.cpus is None,
        "memory": facts.memory_mib is None,
    }
    for subject, is_missing in missing.items():
        if is_missing:
            reading.gap(subject, "the report does not tell", GapAbout.DEVICE)


def _read_devices(report: Sosreport, domains: list[Domain], reading: Reading) -> None:
    """Deliver the devices that interfaces are attached to, and all below them.

    One under a macvtap of which nothing is told is a gap; a bridge alone may be one that libvirt makes when needed.
    """
    devices = {device.name: device for device in sosreport.read_devices(report)}
    attachments = [a for domain in domains for interface in domain.interfaces for a in interface.attachments]
    waiting = [a.device for a in attachments if a.device is not None]
    reached: set[DeviceName] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += devices[name].lower if name in devices else ()
    reading.add(*(devices[name] for name in sorted(reached & devices.keys())))
    reading.add(*(device for device in _node_devices(report, reading) if device.name in reached))
    for name in sorted({a.device for a in attachments if a.device is not None and a.mode is not None}):
        if name not in devices:
            reading.gap(f"device {name}", "the report does not tell of it", GapAbout.DEVICE)


def _node_devices(report: Sosreport, reading: Reading) -> list[Device]:
    """What newer versions of sos have of libvirt's own view."""
    found: list[Device] = []
    for name, text in report.named(_NODE_DEVICES):
        try:
            device = analyzer.read_node_device(text, source=f"{SOURCE}: virsh nodedev-dumpxml")
        except AnalyzerError as error:
            reading.gap(f"node device {name}", str(error), GapAbout.DEVICE)
        else:
            found += [] if device is None else [device]
    return found
