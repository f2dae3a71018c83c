import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.build import domain, macvtap
from virtscan.connectors import ansible_facts
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.model import GapAbout, HostStatus, Machine, Observed, Plan, Target, TargetKind
from virtscan.scanning import collect
from virtscan.views.wording.gaps import subject

FACTS = {
    "ansible_hostname": "hv1",
    "ansible_kernel": "2.6.32-431.el6.x86_64",
    "ansible_kernel_version": "#1 SMP Fri Nov 22",
    "ansible_system_vendor": "Dell Inc.",
    "ansible_product_name": "PowerEdge R640",
    "ansible_product_uuid": "4C4C4544-0042-3510-8052-B4C04F4E3731",
    "ansible_processor_vcpus": 16,
    "ansible_memtotal_mb": 64000,
    "ansible_date_time": {"iso8601": "2026-10-01T00:00:00Z"},
    "ansible_bond2": {"device": "bond2", "type": "bonding", "slaves": ["eth4", "eth5"]},
    "ansible_eth4": {"device": "eth4", "type": "ether", "pciid": "0000:04:00.0"},
    "ansible_eth9": {"device": "eth9", "type": "ether", "pciid": "0000:09:00.0"},
}
TAKEN_AT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    for host in ("hv1.example.com", "hv2.example.com"):
        (tmp_path / "cache" / host).write_text(json.dumps(FACTS | {"ansible_hostname": host[:3]}))
    return tmp_path / "cache"


def draft() -> HostDraft:
    box = HostDraft(Target(kind=TargetKind.XML, address="hv1"), name="hv1", uri="hv1")
    box.add(domain("web01", macvtap("bond2")))
    return box


def test_facts_give_the_kernel_and_the_lower_devices(cache: Path) -> None:
    box = draft()

    ansible_facts.read(str(cache), box)
    hypervisor, gaps = box.close()

    assert gaps == ()
    assert hypervisor.kernel == Observed(value="2.6.32-431.el6.x86_64", source="ansible", observed_at=TAKEN_AT)
    assert (hypervisor.cpus, hypervisor.memory_mib) == (16, 64000)
    assert [(device.name, device.lower, device.observed_at) for device in hypervisor.devices] == [
        ("bond2", ("eth4", "eth5"), TAKEN_AT),
        ("eth4", (), TAKEN_AT),
        ("eth9", (), TAKEN_AT),
    ]
    assert hypervisor.kernel_build == "#1 SMP Fri Nov 22"
    assert (hypervisor.machine, hypervisor.system_uuid) == (Machine.PHYSICAL, "4c4c4544-0042-3510-8052-b4c04f4e3731")
    assert not hypervisor.lists_all_devices


@pytest.mark.parametrize(("interfaces", "complete"), [(["bond2", "eth4", "eth9"], True), (["bond2", "lo"], False)])
def test_facts_about_every_interface_list_all_devices(tmp_path: Path, interfaces: list[str], complete: bool) -> None:
    (tmp_path / "hv1").write_text(json.dumps(FACTS | {"ansible_interfaces": interfaces}))
    box = draft()

    ansible_facts.read(str(tmp_path), box)

    assert box.close()[0].lists_all_devices is complete


def test_facts_of_the_host_itself_take_precedence(cache: Path) -> None:
    box = draft()
    box.add(HostFacts(kernel=Observed(value="6.1.0", source="ssh"), cpus=8))

    ansible_facts.read(str(cache), box)
    hypervisor, _ = box.close()

    assert hypervisor.kernel is not None
    assert (hypervisor.kernel.value, hypervisor.cpus, hypervisor.memory_mib) == ("6.1.0", 8, 64000)


def test_facts_that_cannot_be_read_hide_nothing_else(tmp_path: Path) -> None:
    box = draft()

    ansible_facts.read(str(tmp_path / "none"), box)
    hypervisor, (gap,) = box.close()

    assert (subject(gap), gap.about) == ("hv1 facts of Ansible", GapAbout.DEVICE)
    assert hypervisor.status is HostStatus.COMPLETE


def test_nothing_is_added_to_a_reading_that_is_over() -> None:
    box = draft()
    box.close()

    box.add_if_unknown(HostFacts(name="late"))

    assert box.name == "hv1"


def test_a_scan_takes_the_facts_of_the_host_that_it_reads(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "hv2").mkdir()
    (tmp_path / "hv2" / "web01.xml").write_text("<domain type='kvm'><name>web01</name></domain>")
    target = Target(kind=TargetKind.XML, address=str(tmp_path / "hv2"), facts=str(cache))

    (hypervisor,) = collect(Plan(targets=(target,))).hypervisors

    assert hypervisor.kernel is not None
    assert hypervisor.kernel.source == "ansible"
