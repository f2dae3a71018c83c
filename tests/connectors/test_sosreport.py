"""Hypervisors read from sosreports: which of several files counts, and what is missing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.build import failure
from tests.evidence.sosreport.build import Link, as_archive, as_folder
from virtscan.connectors import naming, sosreport
from virtscan.connectors.host_draft import HostDraft
from virtscan.errors import ConnectorError
from virtscan.model import (
    Attachment,
    Backing,
    DeviceKind,
    DeviceName,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Machine,
    SourceMode,
    State,
    Target,
    TargetKind,
)
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of

UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809"
VIRSH = "sos_commands/virsh/virsh_-r_"
HOST = {
    "sos_commands/kernel/uname_-a": "Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP\n",
    "sos_commands/host/hostname": "kvm01\n",
    "proc/cpuinfo": "processor : 0\nprocessor : 1\n",
    "proc/meminfo": "MemTotal: 2097152 kB\n",
    "etc/libvirt/qemu.conf": "# empty\n",
}
HEADER = " Id    Name                           State\n" + "-" * 52 + "\n"
NO_DOMAIN = {f"{VIRSH}list_--all": HEADER}
LIST = """ Id    Name                           State
----------------------------------------------------
 3     web01                          running
 -     web 02                         shut off
 -     in shutdown                    in shutdown
"""


def domain(name: str = "web01", *, uuid: str = UUID, memory: int = 1024, identifier: str = "", inner: str = "") -> str:
    return (
        f"<domain type='kvm'{identifier}><name>{name}</name><uuid>{uuid}</uuid>"
        f"<memory unit='MiB'>{memory}</memory><devices>{inner}</devices></domain>"
    )


def macvtap(device: str) -> str:
    return f"<interface type='direct'><source dev='{device}' mode='bridge'/></interface>"


def scan(
    path: Path, tree: Mapping[str, str | bytes | Link], *, kernel: str | None = None
) -> tuple[Hypervisor, tuple[Gap, ...]]:
    folder = as_folder(path / "report", {**HOST, **tree})
    target = Target(kind=TargetKind.SOSREPORT, address=str(folder), kernel=kernel)
    draft = HostDraft(target, name=naming.name(target), uri="sosreport:report")
    sosreport.read(target, draft)
    return draft.close()


def status_file(document: str) -> str:
    return f"<!-- WARNING -->\n<domstatus state='running' pid='7'>{document}</domstatus>"


def test_output_of_virsh_precedes_the_status_file_which_precedes_the_definition(tmp_path: Path) -> None:
    files = {
        f"{VIRSH}dumpxml_web01": domain(memory=1, identifier=" id='3'"),
        "var/run/libvirt/qemu/web01.xml": status_file(domain(memory=2, identifier=" id='3'")),
        "etc/libvirt/qemu/web01.xml": domain(memory=3),
    }
    for number in (1, 2, 3):
        folder = tmp_path / str(number)
        folder.mkdir()
        host, gaps = scan(folder, files)
        (only,) = host.domains
        assert (only.memory_mib, gaps) == (number, ())
        del files[next(iter(files))]


def test_a_domain_without_a_uuid_is_one_by_its_name(tmp_path: Path) -> None:
    bare = "<domain><name>web01</name></domain>"
    host, _ = scan(tmp_path, {f"{VIRSH}dumpxml_web01": bare, "etc/libvirt/qemu/web01.xml": bare})

    assert len(host.domains) == 1


def test_states_come_from_the_id_the_status_file_or_virshs_list(tmp_path: Path) -> None:
    host, gaps = scan(
        tmp_path,
        {
            f"{VIRSH}list_--all": LIST,
            f"{VIRSH}dumpxml_web01": domain(identifier=" id='3'"),
            f"{VIRSH}dumpxml_off": domain("off", uuid=UUID.replace("c7", "d7")),
            "run/libvirt/qemu/in shutdown.xml": status_file(domain("in shutdown", uuid=UUID.replace("c7", "e7"))),
            "etc/libvirt/qemu/web 02.xml": domain("web 02", uuid=UUID.replace("c7", "f7")),
            "etc/libvirt/qemu/lone.xml": domain("lone", uuid=UUID.replace("c7", "a7")),
        },
    )

    assert {domain.name: domain.state for domain in host.domains} == {
        "web01": DomainState.ACTIVE,
        "off": DomainState.INACTIVE,
        "in shutdown": DomainState.ACTIVE,
        "web 02": DomainState.INACTIVE,
        "lone": DomainState.UNKNOWN,
    }
    assert gaps == ()


def test_a_domain_that_virsh_could_not_describe_is_a_gap_unless_another_file_does(tmp_path: Path) -> None:
    broken = {f"{VIRSH}dumpxml_web01": "error: failed to get domain 'web01'\n"}
    host, gaps = scan(tmp_path, broken)
    assert host.status is HostStatus.PARTIAL
    assert [(subject_of(gap), gap.about) for gap in gaps] == [("sosreport:report domain web01", GapAbout.DOMAIN)]

    (tmp_path / "both").mkdir()
    host, gaps = scan(tmp_path / "both", broken | {"etc/libvirt/qemu/web01.xml": domain()})
    assert (host.status, gaps) == (HostStatus.COMPLETE, ())


def test_a_domain_that_virsh_lists_without_any_document_is_a_gap(tmp_path: Path) -> None:
    _, gaps = scan(tmp_path, {f"{VIRSH}list_--all": LIST, f"{VIRSH}dumpxml_web01": domain()})

    assert [subject_of(gap).removeprefix("sosreport:report ") for gap in gaps] == [
        "domain in shutdown",
        "domain web 02",
    ]


def test_a_listed_domain_is_not_covered_by_another_whose_file_has_the_same_name(tmp_path: Path) -> None:
    listed = " Id   Name    State\n 1    web 1   running\n -    web_1   shut off\n"
    hypervisor, gaps = scan(
        tmp_path,
        {
            f"{VIRSH}list_--all": listed,
            f"{VIRSH}dumpxml_web_1": "error: unexpected data '1'\n",
            f"{VIRSH}dumpxml_web_1.1": domain("web_1"),
        },
    )

    assert [domain.name for domain in hypervisor.domains] == ["web_1"]
    assert [subject_of(gap) for gap in gaps if gap.about is GapAbout.DOMAIN] == ["sosreport:report domain web 1"]
    assert hypervisor.status is HostStatus.PARTIAL


def test_a_name_is_found_in_a_list_however_virsh_printed_it(tmp_path: Path) -> None:
    names = ("würzburg", "tab\tname", r"a\x41", " lead", "日本")
    paths = {f"etc/libvirt/qemu/{number}.xml": domain(name, uuid="") for number, name in enumerate(names)}
    printed = {
        "libvirt 4.5": names,
        "UTF-8": ("würzburg", r"tab\x09name", r"a\x5cx41", " lead", "日本"),
        "C": (r"w\xff\xffrzburg", r"tab\x09name", r"a\x5cx41", " lead", r"\xff" * 6),
    }
    for locale, rows in printed.items():
        (tmp_path / locale).mkdir()
        listed = "".join([" Id   Name   State\n", *(f" -    {row}   shut off\n" for row in rows)])

        hypervisor, gaps = scan(tmp_path / locale, {f"{VIRSH}list_--all": listed} | paths)

        assert [gap for gap in gaps if gap.about is GapAbout.DOMAIN] == [], locale
        assert hypervisor.lists_all_domains, locale


def test_a_definition_that_is_a_link_to_an_unread_file_is_a_gap_unless_another_file_describes_it(
    tmp_path: Path,
) -> None:
    links = {f"etc/libvirt/qemu/{name}.xml": Link(f"/shared/{name}.xml") for name in ("web01", "web02")}
    host, gaps = scan(tmp_path, {f"{VIRSH}dumpxml_web01": domain(), **links})

    assert [domain.name for domain in host.domains] == ["web01"]
    assert [(subject_of(gap), reason_of(gap), gap.about) for gap in gaps] == [
        (
            "sosreport:report domain web02",
            "a symbolic link to /shared/web02.xml, which is not read",
            GapAbout.DOMAIN,
        )
    ]


def test_a_document_that_is_too_large_is_a_gap_at_its_domain(tmp_path: Path) -> None:
    host, gaps = scan(tmp_path, NO_DOMAIN | {f"{VIRSH}dumpxml_web01": b" " * ((16 << 20) + 1)})

    assert host.status is HostStatus.PARTIAL
    assert [subject_of(gap) for gap in gaps] == ["sosreport:report domain web01"]
    assert "exceed the limit of one file" in reason_of(gaps[0])


def test_snapshots_and_other_documents_are_not_gaps(tmp_path: Path) -> None:
    host, gaps = scan(
        tmp_path,
        {
            f"{VIRSH}net-dumpxml_default": "<network><name>default</name></network>",
            f"{VIRSH}dominfo_a_dumpxml_b": "Id: 3",
            "run/libvirt/storage/default.xml": "<poolstatus/>",
            "etc/libvirt/qemu/autostart.xml": "<pool/>",
        },
    )

    assert (host.domains, host.networks, host.status, gaps) == ((), (), HostStatus.COMPLETE, ())


NETWORK = "<network><name>pxe</name><forward mode='bridge'><interface dev='{}'/></forward></network>"
ON_NETWORK = domain(inner="<interface type='network'><source network='pxe'/></interface>")


def test_networks_that_are_used_count_once_the_best_file_first(tmp_path: Path) -> None:
    files = {
        f"{VIRSH}dumpxml_web01": ON_NETWORK,
        f"{VIRSH}net-dumpxml_pxe": NETWORK.format("bond1"),
        "run/libvirt/network/pxe.xml": f"<networkstatus>{NETWORK.format('bond2')}</networkstatus>",
        "etc/libvirt/qemu/networks/pxe.xml": NETWORK.format("bond3"),
        "etc/libvirt/qemu/networks/other.xml": "<network><name>other</name></network>",
        **{f"proc/net/bonding/bond{number}": "Bonding Mode: x\n" for number in (1, 2, 3)},
    }
    for number in (1, 2, 3):
        folder = tmp_path / str(number)
        folder.mkdir()
        host, gaps = scan(folder, files)
        assert [network.name for network in host.networks] == ["pxe"]
        assert [a.device for i in host.domains[0].interfaces for a in i.attachments] == [f"bond{number}"]
        assert gaps == ()
        del files[list(files)[1]]


@pytest.mark.parametrize(
    ("files", "reason"),
    [({}, "its XML is not in the report"), ({f"{VIRSH}net-dumpxml_pxe": "error: no such network"}, "XML")],
)
def test_a_network_that_an_interface_needs_and_that_can_not_be_read_is_a_gap(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    _, gaps = scan(tmp_path, {f"{VIRSH}dumpxml_web01": ON_NETWORK, **files})

    assert [(subject_of(gap), gap.about) for gap in gaps] == [("sosreport:report network pxe", GapAbout.NETWORK)]
    assert reason in reason_of(gaps[0])


def test_a_network_of_pci_devices_is_not_missed(tmp_path: Path) -> None:
    live = "<interface type='hostdev'><source network='vfs'><address type='pci'/></source></interface>"
    _, gaps = scan(tmp_path, {f"{VIRSH}dumpxml_web01": domain(inner=live)})

    assert gaps == ()


def test_all_devices_of_the_report_are_read(tmp_path: Path) -> None:
    host, gaps = scan(
        tmp_path,
        {
            f"{VIRSH}dumpxml_web01": domain(inner=macvtap("bond2.100")),
            "proc/net/bonding/bond2": "Bonding Mode: x\nSlave Interface: eth4\nSlave Interface: eth5\n",
            "proc/net/bonding/bond3": "Bonding Mode: x\nSlave Interface: eth6\n",
            "proc/net/vlan/config": "bond2.100 | 100 | bond2\n",
            "sos_commands/networking/ethtool_-i_eth4": "driver: ixgbe\nbus-info: 0000:19:00.0\n",
            f"{VIRSH}nodedev-dumpxml_net_eth5_3c_fd_fe_10_01_05": "<device><name>net_eth5</name><parent>pci_0</parent>"
            "<capability type='net'><interface>eth5</interface></capability></device>",
            f"{VIRSH}nodedev-dumpxml_net_eth6": "<device><name>net_eth6</name>"
            "<capability type='net'><interface>eth6</interface></capability></device>",
        },
    )

    assert gaps == ()
    assert {device.name: (device.kind, device.backing) for device in host.devices} == {
        "bond2.100": (DeviceKind.VLAN, Backing.UNKNOWN),
        "bond2": (DeviceKind.BOND, Backing.UNKNOWN),
        "eth4": (DeviceKind.ETHERNET, Backing.PHYSICAL),
        "eth5": (DeviceKind.UNKNOWN, Backing.PHYSICAL),
        "bond3": (DeviceKind.BOND, Backing.UNKNOWN),
        "eth6": (DeviceKind.UNKNOWN, Backing.UNKNOWN),
    }
    assert not host.lists_all_devices


LINK = "2: tap7@bond2: <UP> mtu 1500 state UP\n    link/ether 52:54:00:00:00:07\n    macvtap mode vepa\n"


def test_a_list_with_kinds_has_all_devices_and_resolves_those_created_beforehand(tmp_path: Path) -> None:
    created = "<interface type='ethernet'><target dev='tap7' managed='no'/></interface>"
    bond = "3: bond2: <UP> mtu 1500 state UP\n    link/ether 52:54:00:00:00:08\n    bond mode x\n"
    host, gaps = scan(
        tmp_path,
        {f"{VIRSH}dumpxml_web01": domain(inner=created), "sos_commands/networking/ip_-s_-d_link": LINK + bond},
    )

    assert gaps == ()
    assert host.lists_all_devices
    assert host.domains[0].interfaces[0].attachments == (Attachment(DeviceName("bond2"), SourceMode.VEPA),)


@pytest.mark.parametrize(("listed", "complete"), [(LIST, True), ("error: no connection\n", False), ("", False)])
def test_the_list_of_domains_is_complete_if_virsh_listed_them(tmp_path: Path, listed: str, complete: bool) -> None:
    names = ("web01", "web 02", "in shutdown")
    uuids = (UUID.replace("c7", start) for start in ("c7", "d7", "e7"))
    host, gaps = scan(
        tmp_path,
        {
            f"{VIRSH}list_--all": listed,
            **{f"etc/libvirt/qemu/{n}.xml": domain(n, uuid=uuid) for n, uuid in zip(names, uuids, strict=True)},
        },
    )

    assert (host.status, gaps) == (HostStatus.COMPLETE, ())
    assert host.lists_all_domains is complete


@pytest.mark.parametrize(
    ("listed", "complete"),
    [
        (f"{HEADER} 3     web01                          running\n\n", True),
        (f"{HEADER} 3     web01                          running", True),
        (f"{HEADER}\n", False),
        (f"{HEADER} -     other                          shut off\n", False),
        (f"{HEADER} 3     web01                          running\n -     web02      shu", False),
    ],
)
def test_a_list_that_lacks_a_domain_of_the_report_is_incomplete(tmp_path: Path, listed: str, complete: bool) -> None:
    files = {f"{VIRSH}dumpxml_web01": domain(), f"{VIRSH}dumpxml_other": domain("other", uuid=UUID.replace("c7", "d7"))}
    if "other" not in listed:
        del files[f"{VIRSH}dumpxml_other"]
    host, _ = scan(tmp_path, {f"{VIRSH}list_--all": listed, **files})

    assert host.lists_all_domains is complete


@pytest.mark.parametrize(
    "listed",
    [
        f"{HEADER} 3     web01                          running\n -     web02      shu",
        f"{HEADER} 3     web01                          running\nerror: Disconnected due to end of file\n",
    ],
)
def test_a_list_that_may_lack_a_domain_is_a_gap(tmp_path: Path, listed: str) -> None:
    host, gaps = scan(tmp_path, {f"{VIRSH}list_--all": listed, f"{VIRSH}dumpxml_web01": domain()})

    assert host.status is HostStatus.PARTIAL
    assert [(subject_of(gap), gap.about) for gap in gaps] == [("sosreport:report domains", GapAbout.HYPERVISOR)]


def test_a_definition_that_differs_from_the_running_domain_is_its_next_start(tmp_path: Path) -> None:
    live = domain(identifier=" id='3'", inner=macvtap("bond2"))
    for number, (definition, copies) in enumerate([(macvtap("bond3"), 2), (macvtap("bond2"), 1)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        host, _ = scan(
            folder,
            {
                f"{VIRSH}list_--all": LIST,
                f"{VIRSH}dumpxml_web01": live,
                "etc/libvirt/qemu/web01.xml": domain(inner=definition),
            },
        )
        told = sorted((domain.next_start, domain.state.value) for domain in host.domains)
        assert told == [(False, "active"), (True, "inactive")][:copies]


VERSION = "Compiled against library: libvirt 4.5.0\nUsing library: libvirt 4.5.0\nUsing API: QEMU 4.5.0\n"


@pytest.mark.parametrize(
    ("files", "daemon"),
    [
        ({f"{VIRSH}version": VERSION}, 4_005_000),
        ({"sos_commands/virsh/virsh_version_--daemon": "Running against daemon: 10.0.1\n"}, 10_000_001),
        ({f"{VIRSH}version": "error: failed to connect\n"}, None),
        ({}, None),
    ],
)
def test_the_version_of_libvirt_is_read_from_virsh(tmp_path: Path, files: dict[str, str], daemon: int | None) -> None:
    host, _ = scan(tmp_path, files)

    assert (host.daemon and host.daemon.value) == daemon


@pytest.mark.parametrize(
    ("uname", "build"),
    [
        ("Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP Wed Jun 13 x86_64 x86_64 x86_64 GNU/Linux", "#1 SMP Wed Jun 13"),
        (
            "Linux kvm01 6.1.0 #1 SMP Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux",
            "#1 SMP Debian 6.1.76-1 (2024-02-01)",
        ),
        ("Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP", "#1 SMP"),
        ("Linux kvm01 2.6.32-279.el6.x86_64", None),
    ],
)
def test_the_kernel_has_its_build(tmp_path: Path, uname: str, build: str | None) -> None:
    host, _ = scan(tmp_path, {"sos_commands/kernel/uname_-a": f"{uname}\n"})

    assert host.kernel is not None
    assert host.kernel_build == build


def test_the_machine_is_read_from_dmi(tmp_path: Path) -> None:
    host, _ = scan(
        tmp_path,
        {"dmidecode": f"System Information\n\tManufacturer: QEMU\n\tProduct Name: Standard PC\n\tUUID: {UUID}\n"},
    )

    assert (host.machine, host.system_uuid) == (Machine.VIRTUAL, UUID)


@pytest.mark.parametrize(
    "printed",
    [
        "/dev/mem: Permission denied\n",
        "# No SMBIOS nor DMI entry point found, sorry.\n",
        "System Information\n\tUUID: \n",
    ],
)
def test_the_machine_is_read_from_sysfs_if_dmidecode_failed(tmp_path: Path, printed: str) -> None:
    files = {"sys_vendor": "Dell Inc.\n", "product_name": "PowerEdge R640\n", "product_uuid": f"{UUID}\n"}
    sysfs = {f"sys/class/dmi/id/{name}": text for name, text in files.items()}
    host, _ = scan(tmp_path, {"sos_commands/hardware/dmidecode": f"# dmidecode 3.3\n{printed}", **sysfs})

    assert (host.machine, host.system_uuid) == (Machine.PHYSICAL, UUID)


def test_an_unread_device_is_a_gap_under_a_macvtap_and_not_as_a_bridge(tmp_path: Path) -> None:
    bridge = "<interface type='bridge'><source bridge='br0'/></interface>"
    _, gaps = scan(tmp_path, {f"{VIRSH}dumpxml_web01": domain(inner=macvtap("bond2") + bridge)})

    assert [(subject_of(gap), gap.about) for gap in gaps] == [("sosreport:report device bond2", GapAbout.DEVICE)]


def test_a_broken_node_device_is_a_gap(tmp_path: Path) -> None:
    _, gaps = scan(
        tmp_path,
        {
            **NO_DOMAIN,
            f"{VIRSH}nodedev-dumpxml_net_eth5": "<device",
            f"{VIRSH}nodedev-dumpxml_net_none": "<device><name>x</name></device>",
        },
    )

    assert [subject_of(gap) for gap in gaps] == ["sosreport:report node device net_eth5"]


def test_facts_of_the_host_absent_from_the_report_are_gaps(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("sos_commands/kernel/uname_-a", "proc/cpuinfo", "proc/meminfo"), "")
    host, gaps = scan(tmp_path, NO_DOMAIN | nothing)

    assert [subject_of(gap).removeprefix("sosreport:report ") for gap in gaps] == ["CPUs", "kernel", "memory"]
    assert (host.kernel, host.cpus, host.memory_mib, host.status) == (None, None, None, HostStatus.COMPLETE)


def test_a_kernel_that_was_declared_is_not_missed(tmp_path: Path) -> None:
    host, gaps = scan(tmp_path, NO_DOMAIN | {"sos_commands/kernel/uname_-a": ""}, kernel="6.1.0")

    assert (host.kernel, host.declared_kernel, gaps) == (None, "6.1.0", ())


@pytest.mark.parametrize("configuration", [Link("nowhere"), "# no domain is defined, but one may run\n"])
def test_a_report_without_libvirts_list_and_definitions_has_a_gap_for_missing_domains(
    tmp_path: Path, configuration: str | Link
) -> None:
    path = as_archive(tmp_path / "sosreport-kvm01.tar", HOST | {"etc/libvirt/qemu.conf": configuration})
    target = Target(kind=TargetKind.SOSREPORT, address=str(path))
    draft = HostDraft(target, name=naming.name(target), uri=naming.shown(target))
    sosreport.read(target, draft)
    host, gaps = draft.close()

    assert host.status is HostStatus.PARTIAL
    assert [(subject_of(gap), gap.about) for gap in gaps] == [(f"sosreport:{path} domains", GapAbout.HYPERVISOR)]


def test_a_file_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    _, gaps = scan(tmp_path, NO_DOMAIN | {"proc/net/vlan/config": b" " * ((16 << 20) + 1)})

    assert [subject_of(gap) for gap in gaps] == ["sosreport:report proc/net/vlan/config"]


def test_a_truncated_report_gives_its_first_part_and_a_gap(tmp_path: Path) -> None:
    path = as_archive(tmp_path / "report.tar", HOST | {f"{VIRSH}dumpxml_web01": domain()})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"<domain") + 512])
    target = Target(kind=TargetKind.SOSREPORT, address=str(path))
    draft = HostDraft(target, name="report", uri="sosreport:report")
    with pytest.raises(ConnectorError, match="no end-of-archive marker") as error:
        sosreport.read(target, draft)
    host, _ = draft.close(failure(str(error.value)))

    assert (host.name, host.status, len(host.domains)) == ("kvm01", HostStatus.PARTIAL, 1)


def test_an_invalid_report_is_refused(tmp_path: Path) -> None:
    target = Target(kind=TargetKind.SOSREPORT, address=str(tmp_path))

    with pytest.raises(ConnectorError, match="not a sosreport"):
        sosreport.read(target, HostDraft(target, name="x", uri="x"))


def test_every_collected_tree_is_read_without_an_error(corpus: Path) -> None:
    hosts: dict[str, Hypervisor] = {}
    for tree in (corpus / "sostree").iterdir():
        target = Target(kind=TargetKind.SOSREPORT, address=str(tree))
        draft = HostDraft(target, name="unnamed", uri=naming.shown(target))
        sosreport.read(target, draft)
        hosts[tree.name], _ = draft.close()

    assert {name: (host.name, len(host.domains), host.status) for name, host in hosts.items()} == {
        "kubernetes": ("juju-110cc2-k8stest-4", 0, HostStatus.PARTIAL),
        "openstack": ("compute4", 1, HostStatus.COMPLETE),
        "rabbitmq": ("juju-04f1e3-1-lxd-5", 0, HostStatus.PARTIAL),
        "storage-ceph-mon": ("juju-04f1e3-1-lxd-0", 0, HostStatus.PARTIAL),
    }
    (instance,) = hosts["openstack"].domains
    assert (instance.name, instance.state, instance.memory_mib) == ("instance-00000001", DomainState.ACTIVE, 2048)


@pytest.mark.parametrize(
    ("links", "autostart"),
    [(["web01"], (State.ON, State.OFF)), ([], (State.UNKNOWN, State.UNKNOWN))],
)
def test_domains_that_libvirtd_starts_are_links_of_their_names(
    tmp_path: Path, links: list[str], autostart: tuple[State, State]
) -> None:
    uuids = {"db01": UUID.replace("c7", "d7"), "web01": UUID}
    files: dict[str, str | bytes | Link] = {
        **{f"etc/libvirt/qemu/{name}.xml": domain(name, uuid=uuid) for name, uuid in uuids.items()},
        **{f"etc/libvirt/qemu/autostart/{name}.xml": Link(f"/etc/libvirt/qemu/{name}.xml") for name in links},
    }

    host, gaps = scan(tmp_path, files)

    assert [(domain.name, domain.resources.autostart) for domain in host.domains] == [
        ("db01", autostart[1]),
        ("web01", autostart[0]),
    ]
    assert gaps == ()


def test_a_suspended_domain_is_listed_as_paused(tmp_path: Path) -> None:
    files = {
        "etc/libvirt/qemu/web01.xml": domain(),
        "etc/libvirt/qemu/db01.xml": domain("db01", uuid=UUID.replace("c7", "d7")),
        f"{VIRSH}list_--all": " Id   Name    State\n----\n 1    web01   paused\n -    db01    shut off\n",
    }

    host, _ = scan(tmp_path, files)

    assert {domain.name: domain.resources.paused for domain in host.domains} == {"web01": State.ON, "db01": State.OFF}
