"""The embedded fleet, once through libvirt's test driver and once as sosreports: the same facts, the same verdicts."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.build import ONLY_BONDS, TAKEN_AT
from tests.evidence.sosreport.build import COMPRESSIONS, Compression, Link, as_archive, as_folder
from tests.harness.patience import LONG
from tests.harness.sosreport import sosreport_of
from tests.readme import PROJECT
from virtscan import offload
from virtscan.config.default_uri import DefaultUri
from virtscan.config.file.document import read_document
from virtscan.config.merge import Options, make_plan
from virtscan.connectors import naming, sosreport
from virtscan.connectors.host_draft import HostDraft
from virtscan.correlator.judging import judge
from virtscan.model import (
    Domain,
    Hypervisor,
    Inventory,
    Plan,
    Report,
    ServerTarget,
    SourceKind,
    State,
    Target,
    TargetKind,
    Verdict,
)
from virtscan.model.reasons import KernelKnown, Reason
from virtscan.scanning import collect
from virtscan.views.wording.gaps import subject

FLEET = PROJECT / "fixtures" / "fleet"
MACS = {"satellite": "52:54:00:5a:7e:01", "cobbler": "3c:fd:fe:77:00:01"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The fleet's plan, without the host that is switched off."""
    path = FLEET / "virtscan.toml"
    document = read_document(path.read_text(), path=path, environment={})
    whole, _warnings = make_plan(
        document, Options(), folder=FLEET, default_uri=DefaultUri("qemu:///system", "the default")
    )
    return msgspec.structs.replace(whole, targets=whole.targets[:3])


@pytest.fixture(scope="module")
def live(plan: Plan) -> Inventory:
    """A scan of the fleet as if made at the date of the sosreports, so that the facts of both have the same age."""
    inventory = collect(plan, taken_at=TAKEN_AT)
    then = tuple(msgspec.structs.replace(hypervisor, observed_at=TAKEN_AT) for hypervisor in inventory.hypervisors)
    return msgspec.structs.replace(inventory, hypervisors=then)


def read(target: Target) -> Hypervisor:
    draft = HostDraft(target, name=naming.name(target), uri=naming.shown(target))  # as a scan does
    sosreport.read(target, draft)
    hypervisor, gaps = draft.close()
    assert [gap for gap in gaps if "kernel" not in subject(gap)] == []
    return hypervisor


def as_reports(plan: Plan, folder: Path, compression: Compression | None) -> list[Hypervisor]:
    """The plan's hypervisors from sosreports, which contain their kernels."""
    hypervisors = []
    for target in plan.targets:
        assert target.name is not None
        tree = sosreport_of(target.address, host=target.name, kernel=target.kernel)
        path = folder / target.name
        made = as_folder(path, tree) if compression is None else as_archive(path, tree, compression)
        file = msgspec.structs.replace(target, kind=TargetKind.SOSREPORT, address=str(made), name=None, kernel=None)
        hypervisors.append(read(file))
    return hypervisors


def verdicts(report: Report) -> list[object]:
    """Return all that is judged, but for the documents' names and for whether the kernel is declared."""
    return [
        msgspec.structs.replace(finding.concluding(because=tuple(map(_observed, finding.because))), origin="")
        for finding in report.findings
    ]


def _observed(reason: Reason) -> Reason:
    return msgspec.structs.replace(reason, declared=False) if isinstance(reason, KernelKnown) else reason


def facts(hypervisor: Hypervisor) -> dict[str, object]:
    """The facts that must be equal both ways; source and time of reading differ.

    libvirt lists devices that no interface leads to by name and MAC only.
    """
    return {
        "name": hypervisor.name,
        "status": hypervisor.status,
        "kernel": hypervisor.kernel.value if hypervisor.kernel else hypervisor.declared_kernel,
        "lists_all_domains": hypervisor.lists_all_domains,
        "cpus": hypervisor.cpus,
        "memory_mib": hypervisor.memory_mib,
        "domains": {anonymous(domain) for domain in hypervisor.domains},
        "networks": hypervisor.networks,
        "macs": {device.name: device.mac for device in hypervisor.devices},
        "devices": {
            device.name: (device.kind, device.lower, device.backing, device.vlan_id)
            for device in hypervisor.devices
            if device.name in _attached(hypervisor)
        },
    }


def _attached(hypervisor: Hypervisor) -> set[str | None]:
    """Return the devices that interfaces lead to, and all below them."""
    lower = {device.name: device.lower for device in hypervisor.devices}
    waiting = [a.device for domain in hypervisor.domains for i in domain.interfaces for a in i.attachments]
    reached: set[str | None] = set()
    while waiting:
        name = waiting.pop()
        if name is not None and name not in reached:
            reached.add(name)
            waiting += lower.get(name, ())
    return reached


def anonymous(domain: Domain) -> Domain:
    """Return the domain without the source's name, and without facts that no file of a report has."""
    shape = msgspec.structs.replace(domain.packed.shape, autostart=State.UNKNOWN, has_snapshot=State.UNKNOWN)
    return msgspec.structs.replace(domain, origin="").with_shape(shape)


@pytest.mark.parametrize("compression", [None, *COMPRESSIONS])
def test_sosreports_give_the_facts_and_verdicts_of_the_live_scan(
    plan: Plan, live: Inventory, tmp_path: Path, compression: Compression | None
) -> None:
    hypervisors = as_reports(plan, tmp_path, compression)

    assert [facts(hypervisor) for hypervisor in hypervisors] == [facts(hypervisor) for hypervisor in live.hypervisors]
    report = judge(msgspec.structs.replace(live, hypervisors=tuple(hypervisors), policy=ONLY_BONDS))
    assert len(report.findings) == 18
    assert verdicts(report) == verdicts(judge(msgspec.structs.replace(live, policy=ONLY_BONDS)))


def test_facts_of_a_report_are_as_old_as_the_report(plan: Plan, tmp_path: Path) -> None:
    for hypervisor in as_reports(plan, tmp_path, None):
        assert hypervisor.observed_at == TAKEN_AT
        assert hypervisor.kernel is None or hypervisor.kernel.observed_at == TAKEN_AT


def cleaned(tree: dict[str, str | bytes | Link]) -> dict[str, str | bytes | Link]:
    """Replace each MAC as `sos clean` does (sos/cleaner/mappings/mac_map.py), here without chance."""
    made = re.compile(r"\b(?!00:00:00:00:00:00|ff:ff:ff:ff:ff:ff)(?:[0-9a-f]{2}:){3}((?:[0-9a-f]{2}:){2}[0-9a-f]{2})\b")
    return {name: made.sub(r"53:4f:53:\1", text) if isinstance(text, str) else text for name, text in tree.items()}


def test_a_report_with_replaced_macs_clears_no_interface_by_the_absence_of_the_servers(
    plan: Plan, live: Inventory, tmp_path: Path
) -> None:
    hypervisors, gaps = [], []
    for target in plan.targets:
        assert target.name is not None
        tree = cleaned(sosreport_of(target.address, host=target.name, kernel=target.kernel))
        path = str(as_folder(tmp_path / target.name, tree))
        file = msgspec.structs.replace(target, kind=TargetKind.SOSREPORT, address=path, kernel=None)
        draft = HostDraft(file, name=naming.name(file), uri=naming.shown(file))
        sosreport.read(file, draft)
        hypervisor, of_report = draft.close()
        hypervisors.append(hypervisor)
        gaps += [gap for gap in of_report if "kernel" not in subject(gap)]

    satellite = tuple(server for server in live.servers if server.name == "satellite")
    before = msgspec.structs.replace(live, servers=satellite)
    report = judge(msgspec.structs.replace(before, hypervisors=tuple(hypervisors), gaps=tuple(gaps)))

    clearing = {finding.rule for finding in report.findings if finding.verdict is Verdict.NOT_AFFECTED}
    at_risk = {f.domain for f in judge(before).findings if f.is_at_risk}
    assert clearing <= {"R2", "R4"}
    assert at_risk <= {finding.domain for finding in report.findings if finding.is_at_risk or finding.is_unknown}
    assert {subject(gap).rpartition(" ")[2] for gap in gaps} == {"MACs"}


CAPTURE = PROJECT / "fixtures" / "offload" / "satellite.txt"
PERMANENT = {"eth1": " permaddr 52:54:00:5a:7e:02"}


def server_report(target: ServerTarget) -> dict[str, str | bytes | Link]:
    """A sosreport of a server: satellite sends through a bond of two NICs, any other through one NIC."""
    is_bonded = target.name == "satellite"
    top = target.interface or "eth0"
    nics = ("eth0", "eth1") if is_bonded else (top,)
    capture = (CAPTURE if is_bonded else Path(target.address)).read_text()
    networking = "sos_commands/networking/"
    files: dict[str, str | bytes | Link] = {"sos_commands/date/date": "Sun Nov 22 02:00:00 UTC 2026\n"}
    for device in dict.fromkeys((top, *nics)):
        files[f"{networking}ethtool_-k_{device}"] = capture.replace("for eth0:", f"for {device}:")
    for device in nics:
        files[f"{networking}ethtool_-i_{device}"] = "driver: virtio_net\nbus-info: 0000:00:03.0\n"
    ether = f"    link/ether {MACS[target.name]} brd ff:ff:ff:ff:ff:ff"
    links = [
        f"{number}: {nic}: <UP> mtu 1500 master {top} state UP\n{ether}{PERMANENT.get(nic, '')}\n"
        for number, nic in enumerate(nics if is_bonded else (), 2)
    ]
    bonding = "\n    bond mode balance-rr" if is_bonded else ""
    shown = f"9: {top}: <UP> mtu 1500 state UP\n{ether}{bonding}\n"
    address = f"    inet 10.77.0.2/24 brd 10.77.0.255 scope global {top}\n"
    files[f"{networking}ip_-d_address"] = "".join((*links, shown, address))
    return files


def test_servers_from_sosreports_lead_to_the_same_verdicts_too(plan: Plan, live: Inventory, tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    hypervisors = as_reports(plan, tmp_path / "hosts", "xz")
    servers = []
    for target, server in zip(plan.servers, live.servers, strict=True):
        if target.name in MACS:
            path = as_archive(tmp_path / target.name, server_report(target), "xz")
            named = target.interface if target.name == "satellite" else None
            report = msgspec.structs.replace(
                target, kind=SourceKind.SOSREPORT, address=str(path), interface=named, macs=()
            )
            servers.append(offload.READERS[SourceKind.SOSREPORT](report, timeout=LONG))
        else:
            servers.append(server)
    alone = msgspec.structs.replace(live, hypervisors=tuple(hypervisors), servers=tuple(servers))

    def bare(inventory: Inventory) -> list[object]:
        return [
            (f.hypervisor, f.domain, f.index, f.verdict, f.confidence, f.exposure, f.rule, f.server, f.server_interface)
            for f in judge(inventory).findings
        ]

    assert bare(alone) == bare(live)
