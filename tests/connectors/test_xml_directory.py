import bz2
import ctypes
import gzip
import logging
import lzma
import os
import socket
import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import pytest

from tests.build import failure, macvtap
from virtscan.connectors import naming
from virtscan.connectors.caused_error import cause_of
from virtscan.connectors.host_draft import HostDraft
from virtscan.connectors.xml_directory.host import read
from virtscan.errors import ConnectorError
from virtscan.model import (
    Attachment,
    DeviceName,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    SourceMode,
    Target,
    TargetKind,
    WhyLeftOut,
)
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of

NETWORK = "<network><name>pxe</name><forward mode='bridge'><interface dev='{device}'/></forward></network>"
MIB = 1 << 20
NOBODY = 65534


def domain_xml(name: str = "web01", interface: str = "") -> str:
    return f"<domain type='kvm'><name>{name}</name><devices>{interface}</devices></domain>"


def scan(address: str | Path) -> tuple[Hypervisor, tuple[Gap, ...]]:
    """Return the result of a scan: a failure is a gap."""
    target = Target(kind=TargetKind.XML, address=str(address))
    draft = HostDraft(target, name=naming.name(target), uri=naming.shown(target))
    try:
        read(target, draft)
    except ConnectorError as error:
        return draft.close(cause_of(error))
    return draft.close()


def names(hypervisor: Hypervisor) -> list[str]:
    return [domain.name for domain in hypervisor.domains]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_folder_with_output_of_dumpxml_is_a_complete_hypervisor_with_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "hv1"
    nic = (
        "<interface type='direct'><mac address='52:54:00:93:76:af'/><source dev='bond2' mode='bridge'/>"
        "<model type='virtio'/></interface>"
    )
    write(folder, {"web01.xml": domain_xml("web01", nic), "db01.XML": domain_xml("db01")})

    hypervisor, gaps = scan(folder)

    assert (hypervisor.name, hypervisor.uri, hypervisor.status) == ("hv1", f"xml:{folder}", HostStatus.COMPLETE)
    assert [(domain.name, domain.origin, domain.state) for domain in hypervisor.domains] == [
        ("db01", f"{folder}/db01.XML", DomainState.UNKNOWN),
        ("web01", f"{folder}/web01.xml", DomainState.UNKNOWN),
    ]
    assert hypervisor.domains[1].interfaces == (macvtap(),)
    assert gaps == ()


def test_libvirts_own_folder_gives_each_domain_once_with_its_network(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "zeta.xml": domain_xml("zeta", "<interface type='network'><source network='pxe'/></interface>"),
            "alpha.xml": domain_xml("alpha"),
            "networks/pxe.xml": NETWORK.format(device="bond2"),
            "snapshot/zeta/before.xml": f"<domainsnapshot><name>before</name>{domain_xml('zeta')}</domainsnapshot>",
            "alpha.xml.new": domain_xml("half written"),
            ".hidden.xml": domain_xml("hidden"),
            "qemu.conf": "user = 'root'",
        },
    )
    (tmp_path / "autostart").mkdir()
    (tmp_path / "autostart/zeta.xml").symlink_to(tmp_path / "zeta.xml")
    (tmp_path / "a link that is read before the file.xml").symlink_to("zeta.xml")
    (tmp_path / "networks/autostart").mkdir()
    (tmp_path / "networks/autostart/pxe.xml").symlink_to("../pxe.xml")

    hypervisor, gaps = scan(tmp_path)

    assert [(domain.name, domain.origin) for domain in hypervisor.domains] == [
        ("alpha", f"{tmp_path}/alpha.xml"),
        ("zeta", f"{tmp_path}/zeta.xml"),
    ]
    attachments = hypervisor.domains[1].interfaces[0].attachments
    assert attachments == (Attachment(DeviceName("bond2"), SourceMode.BRIDGE),)
    assert gaps == ()


def test_files_that_only_links_lead_to_are_read_in_the_links_name(tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/web01.xml": domain_xml("web01"), "far/db01.xml": domain_xml("db01")})
    folder = tmp_path / "hv1"
    folder.mkdir()
    (folder / "linked.xml").symlink_to("../elsewhere/web01.xml")
    (folder / "folder").symlink_to("../far")

    hypervisor, _ = scan(folder)

    assert [domain.origin for domain in hypervisor.domains] == [f"{folder}/folder/db01.xml", f"{folder}/linked.xml"]


def test_one_file_of_any_name_is_a_hypervisor_of_the_files_name(tmp_path: Path) -> None:
    write(tmp_path, {"web01.xml": domain_xml(), "dump": domain_xml()})

    for file, name in (("web01.xml", "web01"), ("dump", "dump")):
        hypervisor, _ = scan(tmp_path / file)
        assert (hypervisor.name, names(hypervisor)) == (name, ["web01"])


def test_documents_of_one_name_are_identified_by_their_paths(tmp_path: Path) -> None:
    status = f"<domstatus state='running'>{domain_xml()}</domstatus>"
    write(tmp_path, {"all.xml": domain_xml() + "\n" + domain_xml() + "\n", "run/web01.xml": status})

    hypervisor, gaps = scan(tmp_path)

    assert [(domain.origin, domain.state) for domain in hypervisor.domains] == [
        (f"{tmp_path}/all.xml", DomainState.UNKNOWN),
        (f"{tmp_path}/all.xml#2", DomainState.UNKNOWN),
        (f"{tmp_path}/run/web01.xml", DomainState.ACTIVE),
    ]
    assert gaps == ()


def test_a_relative_folder_is_shown_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "hv1", {"web01.xml": domain_xml()})
    monkeypatch.chdir(tmp_path / "hv1")

    hypervisor, _ = scan(".")

    assert (hypervisor.name, hypervisor.uri) == ("hv1", "xml:.")
    assert hypervisor.domains[0].origin == "web01.xml"


@pytest.mark.parametrize(
    ("address", "name"),
    [("/srv/hv1", "hv1"), ("/srv/hv1/", "hv1"), ("/srv/x/../hv1", "hv1"), ("/", "xml:/"), ("/srv/\udce9", "\\udce9")],
)
def test_the_last_part_of_the_path_names_the_hypervisor(address: str, name: str) -> None:
    assert naming.name(Target(kind=TargetKind.XML, address=address)) == name


def test_documents_of_another_kind_are_only_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    snapshot = f"<domainsnapshot><name>before</name>{domain_xml('web01')}</domainsnapshot>"
    write(tmp_path, {"web01.xml": domain_xml(), "before.xml": snapshot, "no-mac-spoofing.xml": "<filter name='x'/>"})

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), hypervisor.status, gaps) == (["web01"], HostStatus.COMPLETE, ())
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        f"{tmp_path}/before.xml",
        f"{tmp_path}/no-mac-spoofing.xml",
    ]


@pytest.mark.parametrize("root", ["domainsnapshot", "domaincheckpoint", "other"])
def test_a_domain_that_only_a_document_of_another_kind_holds_is_a_gap(tmp_path: Path, root: str) -> None:
    inner = f"<{root}><name>before</name>{domain_xml('old')}{domain_xml('web01')}</{root}>"
    capabilities = "<capabilities><guest><domain type='kvm'/><name>x</name></guest></capabilities>"
    write(tmp_path, {"web01.xml": domain_xml(), "before.xml": inner, "caps.xml": capabilities})

    hypervisor, (gap,) = scan(tmp_path)

    assert (names(hypervisor), hypervisor.status) == (["web01"], HostStatus.PARTIAL)
    assert (subject_of(gap), gap.about) == (f"{tmp_path}/before.xml", GapAbout.DOMAIN)
    assert reason_of(gap) == f"<{root}> is not a domain or network; the domain in it is not read: old"


@pytest.mark.parametrize("content", [domain_xml()[:-3], "", "\x00\x01", "<domain><name>&boom;</name></domain>"])
def test_a_broken_file_is_a_gap_and_hides_no_other(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"broken.xml": content, "web01.xml": domain_xml()})

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), hypervisor.status) == (["web01"], HostStatus.PARTIAL)
    assert [(subject_of(gap), gap.about, gap.hypervisor) for gap in gaps] == [
        (f"{tmp_path}/broken.xml", GapAbout.DOMAIN, hypervisor.name)
    ]


def test_a_network_that_is_defined_in_two_ways_may_be_anything(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "web01.xml": domain_xml("web01", "<interface type='network'><source network='pxe'/></interface>"),
            "1.xml": NETWORK.format(device="bond2"),
            "2.xml": NETWORK.format(device="bond2") + "<!-- the same -->",
            "3.xml": NETWORK.format(device="bond3"),
        },
    )

    hypervisor, gaps = scan(tmp_path)

    assert hypervisor.domains[0].interfaces[0].attachments == (Attachment(None, SourceMode.UNKNOWN),)
    assert hypervisor.networks == ()
    assert [(subject_of(gap), gap.about) for gap in gaps] == [(f"{tmp_path}/3.xml", GapAbout.NETWORK)]
    assert f"{tmp_path}/1.xml" in reason_of(gaps[0])


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, {"a/web01.xml": domain_xml()})
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "a/self").symlink_to(".")
    (tmp_path / "a/loop.xml").symlink_to("loop.xml")
    (tmp_path / "a/gone.xml").symlink_to("nowhere")
    (tmp_path / "a/gone").symlink_to("nowhere")

    hypervisor, gaps = scan(tmp_path)

    assert names(hypervisor) == ["web01"]
    assert [(Path(subject_of(gap)).name, reason_of(gap)) for gap in gaps] == [
        ("gone.xml", "No such file or directory"),
        ("loop.xml", "Too many levels of symbolic links"),
    ]


def test_folders_too_deep_to_be_named_are_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"web01.xml": domain_xml()})
    bottom = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2100):  # more than PATH_MAX has room for, and than a recursion could follow
        os.mkdir("d", dir_fd=bottom)
        below = os.open("d", os.O_RDONLY, dir_fd=bottom)
        os.close(bottom)
        bottom = below
    os.close(bottom)

    hypervisor, gaps = scan(tmp_path)

    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest's own cleaning up would be a recursion
    assert names(hypervisor) == ["web01"]
    assert [reason_of(gap) for gap in gaps] == ["File name too long"]


def test_only_regular_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"web01.xml": domain_xml()})
    os.mkfifo(tmp_path / "fifo.xml")
    (tmp_path / "zero.xml").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.xml")  # a socket's path must be short

        hypervisor, gaps = scan(tmp_path)

    assert names(hypervisor) == ["web01"]
    assert [Path(subject_of(gap)).name for gap in gaps] == ["fifo.xml", "socket.xml", "zero.xml"]
    assert {reason_of(gap) for gap in gaps} == {"not a regular file"}
    hypervisor, gaps = scan(tmp_path / "fifo.xml")
    assert hypervisor.status is HostStatus.FAILED


def test_a_huge_file_is_a_gap_in_little_memory(tmp_path: Path) -> None:
    write(tmp_path, {"web01.xml": domain_xml(), "huge.xml": "<domain>"})
    os.truncate(tmp_path / "huge.xml", 200 * MIB)
    tracemalloc.start()

    hypervisor, gaps = scan(tmp_path)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert names(hypervisor) == ["web01"]
    assert reason_of(gaps[0]).startswith(f"{200 * MIB} bytes exceed")
    assert most < 5 * MIB


def test_a_file_that_fails_while_it_is_read_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"web01.xml": domain_xml()})
    (tmp_path / "memory.xml").symlink_to(
        "/proc/self/mem"
    )  # a regular file according to stat, whose first page is not there

    hypervisor, gaps = scan(tmp_path)

    assert names(hypervisor) == ["web01"]
    assert [reason_of(gap) for gap in gaps] == ["Input/output error"]


@contextmanager
def file_rights_of(user: int) -> Iterator[None]:
    """Let this thread have another user's rights to files, where it is root (setfsuid(2))."""
    library = ctypes.CDLL(None)
    library.setfsuid(user)
    try:
        yield
    finally:
        library.setfsuid(os.getuid())


def test_files_and_folders_that_may_not_be_read_are_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"web01.xml": domain_xml(), "secret.xml": domain_xml(), "secrets/web02.xml": domain_xml()})
    write(tmp_path, {"closed/inner/web03.xml": domain_xml()})
    tmp_path.chmod(0o755)
    (tmp_path / "secret.xml").chmod(0)
    (tmp_path / "secrets").chmod(0)
    (tmp_path / "closed").chmod(0o444)  # its names may be read, what they name may not
    monkeypatch.chdir(tmp_path)  # pytest's folders above may be root's alone

    with file_rights_of(NOBODY):
        hypervisor, gaps = scan(".")
        failed, (failure,) = scan("secrets")

    (tmp_path / "secrets").chmod(0o755)
    (tmp_path / "closed").chmod(0o755)
    assert names(hypervisor) == ["web01"]
    assert {(subject_of(gap), reason_of(gap)) for gap in gaps} == {
        (subject, "Permission denied") for subject in ("secret.xml", "secrets", "closed/inner")
    }
    assert (failed.status, reason_of(failure)) == (HostStatus.FAILED, "Permission denied")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no domain or network found; the folder is empty"),
        ({"notes.txt": "web01", ".hidden": ""}, "no domain or network found; left out: notes.txt"),
        ({"pool.xml": "<pool/>", "x.xml": "<filter/>"}, "no domain or network found; left out: pool.xml, x.xml"),
        ({"broken.xml": "<domain>"}, "no domain or network found"),
        (
            {f"{number}.conf": "" for number in range(7)},
            "no domain or network found; left out: 0.conf, 1.conf, 2.conf, 3.conf, 4.conf and 2 more",
        ),
    ],
)
def test_a_folder_without_definitions_is_a_failed_hypervisor(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    write(tmp_path, files)

    hypervisor, gaps = scan(tmp_path)

    assert (hypervisor.status, reason_of(gaps[0]), subject_of(gaps[0])) == (
        HostStatus.FAILED,
        reason,
        f"xml:{tmp_path}",
    )


def test_reading_an_abandoned_folder_stops(tmp_path: Path) -> None:
    write(tmp_path, {"pool.xml": "<pool/>"})
    draft = HostDraft(Target(kind=TargetKind.XML, address=str(tmp_path)), name="hv1", uri="xml:hv1")
    draft.close(failure("stopped"))

    read(draft.target, draft)  # reading to the end would fail, because there is no domain


def test_a_folder_with_networks_alone_is_a_hypervisor_without_domains(tmp_path: Path) -> None:
    write(tmp_path, {"networks/pxe.xml": NETWORK.format(device="bond2")})

    hypervisor, gaps = scan(tmp_path)

    assert (hypervisor.status, len(hypervisor.networks), gaps) == (HostStatus.COMPLETE, 1, ())


def test_a_file_that_is_left_out_is_kept_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, {
        "web01.xml": domain_xml(),
        "web01.xml.new": domain_xml(),
        "pools/pool.xml": "<pool/>",
        "two.xml": f"{domain_xml('web02')}\n<secret/>",
        "notes.txt": "web01",
        "README": "web01",
        ".git/config": "",
    })  # fmt: skip
    os.mkfifo(tmp_path / "queue.pipe")

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), hypervisor.status, gaps) == (["web01", "web02"], HostStatus.COMPLETE, ())
    assert [(file.path, file.why) for file in hypervisor.left_out] == [
        (".git", WhyLeftOut.HIDDEN),
        ("README", WhyLeftOut.NOT_XML),
        ("notes.txt", WhyLeftOut.NOT_XML),
        ("pools/pool.xml", WhyLeftOut.OTHER_KIND),
        ("queue.pipe", WhyLeftOut.NOT_REGULAR),
        ("two.xml#2", WhyLeftOut.OTHER_KIND),
        ("web01.xml.new", WhyLeftOut.HALF_WRITTEN),
    ]


def test_paths_of_files_left_out_are_those_in_the_folder_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"hv1/web01.xml": domain_xml(), "hv1/notes/a.txt": "x"})
    monkeypatch.chdir(tmp_path / "hv1")

    left_out = [scan(address)[0].left_out for address in (".", tmp_path / "hv1", f"{tmp_path}//hv1/", "../hv1")]

    assert {path.path for files in left_out for path in files} == {"notes/a.txt"}


def test_a_folder_with_only_networks_names_the_files_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"networks/pxe.xml": NETWORK.format(device="bond2"), "domains.csv": "web01"})

    hypervisor, (gap,) = scan(tmp_path)

    assert (hypervisor.status, gap.about) == (HostStatus.PARTIAL, GapAbout.HYPERVISOR)
    assert (subject_of(gap), reason_of(gap)) == (f"xml:{tmp_path}", "no domain found; left out: domains.csv")


BOM = "\ufeff"


@pytest.mark.parametrize("name", ["db.example.com", "web01.conf", "web01.txt", "web01.xml.orig", "web01.XML.BAK"])
@pytest.mark.parametrize("before", ["", BOM, "\n \t", "<?xml version='1.0'?>\n", "<!-- WARNING -->\n"])
def test_a_file_that_begins_like_xml_is_read_whatever_its_name(tmp_path: Path, name: str, before: str) -> None:
    write(tmp_path, {name: before + domain_xml()})

    hypervisor, gaps = scan(tmp_path)

    assert [(domain.name, domain.origin) for domain in hypervisor.domains] == [("web01", f"{tmp_path}/{name}")]
    assert gaps == ()


def test_a_file_of_another_name_that_does_not_begin_like_xml_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write(tmp_path, {"web01.xml": domain_xml(), "notes.txt": f"see {domain_xml('old')}", "page.html": "<html><p>"})
    (tmp_path / "disk.qcow2").write_bytes(b"QFI\xfb")
    os.truncate(tmp_path / "disk.qcow2", 200 * MIB)
    os.mkfifo(tmp_path / "console.log")

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), hypervisor.status, gaps) == (["web01"], HostStatus.COMPLETE, ())
    left_out = {Path(record.getMessage().partition(": ")[0]).name for record in caplog.records}
    assert left_out == {"console.log", "disk.qcow2", "notes.txt", "page.html"}


@pytest.mark.parametrize("name", ["web01.conf", "db.example.com"])
def test_a_broken_definition_of_another_name_is_a_gap(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"web02.xml": domain_xml("web02"), name: domain_xml()[:-3]})

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), [subject_of(gap) for gap in gaps]) == (["web02"], [f"{tmp_path}/{name}"])


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "web01.xml.gz").write_bytes(gzip.compress(domain_xml("web01").encode()))
    parts = domain_xml("web02").encode()
    (tmp_path / "web02.backup").write_bytes(gzip.compress(parts[:20]) + gzip.compress(parts[20:]))
    (tmp_path / "notes.txt.gz").write_bytes(gzip.compress(b"no definition"))

    hypervisor, gaps = scan(tmp_path)

    assert (names(hypervisor), gaps) == (["web01", "web02"], ())
    assert naming.name(Target(kind=TargetKind.XML, address=f"{tmp_path}/web01.xml.gz")) == "web01"


@pytest.mark.parametrize(
    ("name", "compress", "program"),
    [
        ("web01.xml.xz", lzma.compress, "xz"),
        ("web01.xml.bz2", bz2.compress, "bzip2"),
        ("web01", lzma.compress, "xz"),
        ("WEB01.XML.XZ", lzma.compress, "xz"),
        ("web01.xml.zst", lambda data: b"\x28\xb5\x2f\xfd" + data, "zstd"),
        ("web01.xml.zip", lambda data: b"PK\x03\x04" + data, "zip"),
        ("web01.xml", bz2.compress, "bzip2"),
    ],
)
def test_a_definition_in_another_compression_is_a_gap(
    tmp_path: Path, name: str, compress: Callable[[bytes], bytes], program: str
) -> None:
    (tmp_path / name).write_bytes(compress(domain_xml("web01").encode()))
    (tmp_path / "web02.xml").write_text(domain_xml("web02"))

    hypervisor, (gap,) = scan(tmp_path)

    assert names(hypervisor) == ["web02"]
    assert subject_of(gap) == f"{tmp_path}/{name}"
    assert reason_of(gap) == f"compressed with {program}; decompress it first"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(b"<domain>" + bytes(33 * MIB), mtime=0), "uncompressed data exceeds the limit of a file"),
        (gzip.compress(b"<domain/>", mtime=0)[:-9], "compressed data is cut short"),
        (b"\x1f\x8b" + bytes(30), "damaged compressed data"),
    ],
)
def test_a_compressed_file_that_cannot_be_read_is_a_gap_in_little_memory(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "web01.xml.gz").write_bytes(data)
    write(tmp_path, {"web02.xml": domain_xml("web02")})
    tracemalloc.start()

    hypervisor, (gap,) = scan(tmp_path)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert names(hypervisor) == ["web02"]
    assert reason_of(gap).startswith(reason)
    assert most < 80 * MIB


def test_both_copies_of_a_running_domain_are_one_unless_they_differ(tmp_path: Path) -> None:
    def copy(name: str, device: str) -> str:
        nic = f"<interface type='direct'><source dev='{device}' mode='bridge'/></interface>"
        uuid = uuid5(NAMESPACE_DNS, name)
        return f"<domain type='kvm'><name>{name}</name><uuid>{uuid}</uuid><devices>{nic}</devices></domain>"

    write(
        tmp_path,
        {
            **{f"run/{name}.xml": f"<domstatus>{copy(name, 'bond2')}</domstatus>" for name in ("changed", "same")},
            "etc/changed.xml": copy("changed", "bond3"),
            "etc/same.xml": copy("same", "bond2"),
        },
    )

    hypervisor, gaps = scan(tmp_path)

    assert gaps == ()
    assert [(domain.name, domain.state, domain.next_start) for domain in hypervisor.domains] == [
        ("changed", DomainState.INACTIVE, True),
        ("changed", DomainState.ACTIVE, False),
        ("same", DomainState.ACTIVE, False),
    ]
    assert not hypervisor.lists_all_domains


@pytest.mark.parametrize(
    ("address", "reason"),
    [("/nowhere/at all", "No such file or directory"), ("nul\x00.xml", "embedded null"), ("\ud800", "surrogates")],
)
def test_a_path_that_cannot_be_opened_is_a_failed_hypervisor(address: str, reason: str) -> None:
    hypervisor, (gap,) = scan(address)

    assert hypervisor.status is HostStatus.FAILED
    assert reason in reason_of(gap)
    (hypervisor.uri + hypervisor.name + subject_of(gap)).encode()


def test_names_in_any_encoding_become_text_that_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    write(folder, {os.fsdecode(b"\xff.xml"): domain_xml(), "\u202egnp.xml": domain_xml()})

    hypervisor, _ = scan(folder)

    assert hypervisor.name == "caf\\udce9"
    assert sorted(domain.origin for domain in hypervisor.domains) == [
        f"{tmp_path}/caf\\udce9/\\udcff.xml",
        f"{tmp_path}/caf\\udce9/\u202egnp.xml",
    ]


def test_the_newest_file_that_counts_gives_the_time_of_observation(tmp_path: Path) -> None:
    write(tmp_path, {"1.xml": domain_xml(), "2.xml": NETWORK.format(device="bond2"), "3.xml": "<pool/>"})
    for name, day in (("1.xml", 1), ("2.xml", 2), ("3.xml", 3)):
        moment = datetime(2020, 1, day, tzinfo=UTC).timestamp()
        os.utime(tmp_path / name, (moment, moment))

    assert scan(tmp_path)[0].observed_at == datetime(2020, 1, 2, tzinfo=UTC)


def test_an_impossible_date_gives_none(tmp_path: Path) -> None:
    file = tmp_path / "1.xml"
    write(tmp_path, {"1.xml": domain_xml()})
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".xml") as other:  # a tmpfs takes every time, others don't
        if set_time(file, 1 << 40) != 1 << 40:
            file = Path(other.name)
            file.write_text(domain_xml())
            assert set_time(file, 1 << 40) == 1 << 40

        hypervisor, gaps = scan(file)

    assert (hypervisor.observed_at, hypervisor.status, gaps) == (None, HostStatus.COMPLETE, ())


def set_time(file: Path, seconds: int) -> float:
    os.utime(file, (seconds, seconds))
    return file.stat().st_mtime


def test_a_file_of_another_size_than_announced_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"web01.xml": domain_xml()})
    (tmp_path / "status.xml").symlink_to("/proc/self/status")  # as one that is being written: its size is given as 0

    hypervisor, gaps = scan(tmp_path)

    assert names(hypervisor) == ["web01"]
    assert [reason_of(gap) for gap in gaps] == ["size changed while reading"]


def test_file_without_a_suffix_may_have_a_definition(tmp_path: Path) -> None:
    (tmp_path / "web01").write_text("<domain type='kvm'><name>web01</name></domain>")
    (tmp_path / "web02").write_text("<domain type='kvm'><name>web02")

    host, gaps = scan(tmp_path)

    assert [domain.name for domain in host.domains] == ["web01"]
    assert len(gaps) == 1


def test_prose_without_a_suffix_hides_no_domain(tmp_path: Path) -> None:
    write(tmp_path, {"web01": domain_xml(), "README": "Dumps of hv1.\nOnly domains with vcpus < 8.\n"})
    write(tmp_path, {"AUTHORS": "Alice <alice@example.com>\n"})

    host, gaps = scan(tmp_path)

    assert (names(host), host.status, gaps) == (["web01"], HostStatus.COMPLETE, ())


@pytest.mark.parametrize("content", ["", "\n", "\0\0\0", "<domain><name>web02"])
def test_possible_remainder_of_a_definition_is_a_gap(content: str, tmp_path: Path) -> None:
    write(tmp_path, {"web01": domain_xml(), "web02": content})

    host, gaps = scan(tmp_path)

    assert (names(host), host.status, len(gaps)) == (["web01"], HostStatus.PARTIAL, 1)
