"""The same report as a folder and as an archive of every kind."""

import gzip
import lzma
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.evidence.sosreport.build import COMPRESSIONS, ROOT, Compression, Link, add, as_archive, as_folder
from virtscan.errors import SosreportError
from virtscan.evidence.sosreport import open_sosreport, report_name

TREE: dict[str, str | bytes | Link] = {
    "sos_commands/kernel/uname_-a": "Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP x86_64 GNU/Linux\n",
    "uname": Link("sos_commands/kernel/uname_-a"),
    "sos_commands/virsh/virsh_-r_dumpxml_web01": "<domain/>",
    "sos_commands/networking/ip_-d_address": "1: lo: <UP>\n",
    "sos_commands/networking/ip_netns_exec_a_ip_-d_address": "9: other: <UP>\n",
    "sos_commands/networking/netstat_-s": "unwanted",
    "proc/net/bonding/bond2": "Bonding Mode: x\n",
    "etc/libvirt/qemu/web01.xml": "<domain/>",
    "etc/shadow": "unwanted",
    "sys/class/net/eth4": Link("../../devices/pci0000:00/0000:19:00.0/net/eth4"),
    "var/log/messages": "unwanted",
    "version.txt": "sos: 4.0",
}
WANTED = {
    "sos_commands/kernel/uname_-a",
    "sos_commands/virsh/virsh_-r_dumpxml_web01",
    "sos_commands/networking/ip_-d_address",
    "proc/net/bonding/bond2",
    "etc/libvirt/qemu/web01.xml",
}


def test_only_wanted_members_are_kept_and_no_link_is_followed(tmp_path: Path) -> None:
    report = open_sosreport(as_folder(tmp_path / ROOT, TREE))

    assert report.files.keys() == WANTED
    assert report.links.keys() == {"uname", "sys/class/net/eth4"}
    assert (report.skipped, report.cut_short) == ({}, None)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("root", [ROOT, "", f"./{ROOT}", "."])
def test_an_archive_and_its_folder_give_equal_members(tmp_path: Path, compression: Compression, root: str) -> None:
    folder = open_sosreport(as_folder(tmp_path / ROOT, TREE))
    archive = open_sosreport(as_archive(tmp_path / "report", TREE, compression, root))

    assert (archive.files, archive.links, archive.cut_short) == (folder.files, folder.links, None)


def with_hard_links(path: Path, *names: str) -> Path:
    """Pack a folder in which the files are the same, as a tool that removes duplicates leaves them."""
    folder = as_folder(path / ROOT, {names[0]: "<domain/>"})
    for name in names[1:]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).hardlink_to(folder / names[0])
    with tarfile.open(path / "report.tar", "w") as archive:
        for name in names:
            archive.add(folder / name, f"{ROOT}/{name}")
    return path / "report.tar"


def test_a_hard_link_in_an_archive_has_the_content_of_the_first_file(tmp_path: Path) -> None:
    names = ("etc/libvirt/qemu/web01.xml", "etc/libvirt/qemu/web02.xml", "etc/libvirt/qemu/web03.xml")
    report = open_sosreport(with_hard_links(tmp_path, *names))

    assert report.files == dict.fromkeys(names, b"<domain/>")
    assert report.modified.keys() == set(names)
    assert report.skipped == {}


def test_a_hard_link_to_an_unwanted_file_is_skipped_with_the_reason(tmp_path: Path) -> None:
    names = ("backup/web01.xml", "etc/libvirt/qemu/web01.xml", "etc/libvirt/qemu/networks/n.xml")
    archive = with_hard_links(tmp_path, *names)
    with tarfile.open(archive, "a") as opened:
        add(opened, f"{ROOT}/uname", "Linux a 1\n")
    report = open_sosreport(archive)

    assert report.files.keys() == {"uname"}
    assert report.skipped == dict.fromkeys(names[1:], "a hard link to backup/web01.xml, which is not read")


def test_the_folder_that_contains_a_report_is_accepted(tmp_path: Path) -> None:
    as_folder(tmp_path / ROOT, TREE)

    assert open_sosreport(tmp_path).files.keys() == WANTED


def test_first_of_two_reports_is_used_and_the_other_is_a_gap(tmp_path: Path) -> None:
    for name in ("sosreport-a", "sosreport-b"):
        as_folder(tmp_path / name, {"sos_commands/host/hostname": name})
    report = open_sosreport(tmp_path)

    assert report.host_name == "sosreport-a"
    assert list(report.skipped) == ["sosreport-b"]


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    path = as_archive(tmp_path / "report.tar.xz", TREE, "xz")
    open_sosreport(path)

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("compress", [lzma.compress, gzip.compress])
def test_a_file_of_several_streams_is_one_archive(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    plain = as_archive(tmp_path / "report.tar", TREE).read_bytes()
    path = tmp_path / "report.tar.packed"
    path.write_bytes(compress(plain[:700]) + compress(b"") + bytes(8) + compress(plain[700:]) + bytes(4))

    assert open_sosreport(path).files.keys() == WANTED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a tar archive"),
        (b"PK\3\4\x14\0", "a zip file; unpack it"),
        (b"\x28\xb5\x2f\xfd\x24", "compressed with zstd; decompress it first"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z file; unpack it"),
        (b"hello, world\n" * 100, "not a tar archive"),
        (b"\x1f\x8bnothing", "damaged"),
        (b"\xfd7zXZnothing", "damaged"),
        (b"BZhnothing", "damaged"),
        (bytes(10240), "none of the files that sos writes"),
    ],
)
def test_an_invalid_sosreport_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "report.tar"
    path.write_bytes(content)

    with pytest.raises(SosreportError, match=reason):
        open_sosreport(path)


def test_an_encrypted_sosreport_is_refused_with_the_action(tmp_path: Path) -> None:
    path = tmp_path / "secured-report.tar.xz.gpg"
    path.write_bytes(b"\x8c\x0d\x04\x09")

    with pytest.raises(SosreportError, match="encrypted; decrypt it first"):
        open_sosreport(path)


def test_a_folder_or_an_archive_of_reports_is_refused_with_the_action(tmp_path: Path) -> None:
    (tmp_path / "collected").mkdir()
    report = as_archive(tmp_path / "collected" / f"{ROOT}.tar.xz", TREE, "xz")
    outer = as_archive(tmp_path / "collected.tar", {"sosreport-kvm02.tar.xz": report.read_bytes()}, root="collection")

    for path in (report.parent, outer):
        with pytest.raises(SosreportError, match=r"not a sosreport: .*; it holds an archive: unpack it, and name each"):
            open_sosreport(path)


def test_an_invalid_path_is_refused_with_the_reason(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "gone", "No such file"),
        (Path("/dev/null"), "not a folder or file"),
        (Path("a\0b"), "null"),
    ):
        with pytest.raises(SosreportError, match=reason):
            open_sosreport(path)


def test_an_empty_folder_is_not_a_sosreport(tmp_path: Path) -> None:
    with pytest.raises(SosreportError, match="not a sosreport"):
        open_sosreport(tmp_path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/tmp/sosreport-kvm01-2022.tar.xz", "sosreport-kvm01-2022"),
        ("sosreport-kvm01.tgz", "sosreport-kvm01"),
        ("/var/tmp/sosreport-kvm01.example.com/", "sosreport-kvm01.example.com"),
    ],
)
def test_a_report_is_named_like_its_file(path: str, name: str) -> None:
    assert report_name(path) == name


def test_a_folder_and_an_archive_have_the_time_of_their_files(tmp_path: Path) -> None:
    report = open_sosreport(as_archive(tmp_path / "report.tar", TREE))

    assert report.taken_at == datetime(2022, 2, 10, 16, 19, 19, tzinfo=UTC)


@pytest.mark.long
def test_every_collected_tree_is_read_the_same_from_folder_and_archives(corpus: Path, tmp_path: Path) -> None:
    trees = sorted((corpus / "sostree").iterdir())
    assert len(trees) == 4

    for tree in trees:
        folder = open_sosreport(tree)
        files: dict[str, str | bytes | Link] = {
            str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()
        }
        assert folder.kernel is not None
        assert folder.host_name is not None
        for compression in COMPRESSIONS:
            archive = open_sosreport(as_archive(tmp_path / "report", files, compression))
            assert (archive.files, archive.skipped) == (folder.files, {})
