"""Archives and folders made to do harm."""

import gzip
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.sosreport.build import Link, add, as_archive, as_folder
from tests.harness.patience import LONG
from virtscan.errors import SosreportError
from virtscan.evidence.sosreport import folder, open_sosreport
from virtscan.evidence.sosreport.member import Member, UnreadableFolder

UNAME = "sos_commands/kernel/uname_-a"
KERNEL = "Linux kvm01 2.6.32-279.el6.x86_64 #1 SMP\n"


def plain(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """A header of one member, without content."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def block(content: bytes) -> bytes:
    """Content as stored in an archive."""
    return content + bytes(-len(content) % 512)


def good(name: str = f"r/{UNAME}") -> bytes:
    """A whole member of use."""
    return plain(name, size=len(KERNEL)) + block(KERNEL.encode())


def archive(tmp_path: Path, *parts: bytes, end: bool = True) -> Path:
    """A file of these parts."""
    path = tmp_path / "report.tar"
    path.write_bytes(b"".join(parts) + (bytes(1024) if end else b""))
    return path


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../etc/hostname", "r/../../etc/hostname", "r/etc/../etc/hostname", "r", "", ".", "//"]
)
def test_names_that_lead_out_of_the_report_are_not_kept(tmp_path: Path, name: str) -> None:
    assert open_sosreport(archive(tmp_path, good(), good(name))).files.keys() == {UNAME}
    with pytest.raises(SosreportError, match="none of the files that sos writes"):
        open_sosreport(archive(tmp_path, good(name)))


def test_links_are_only_noted(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    tree: dict[str, str | bytes | Link] = {
        UNAME: KERNEL,
        "hostname": Link(str(secret)),
        "sys/class/net/eth0": Link("../" * 40 + "etc/passwd"),
    }

    for path in (as_folder(tmp_path / "folder", tree), as_archive(tmp_path / "report.tar", tree)):
        report = open_sosreport(path)
        assert report.files.keys() == {UNAME}
        assert report.links["hostname"] == str(secret)


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    outside = as_folder(tmp_path / "outside", {"hostname": "other"})
    report = as_folder(tmp_path / "folder", {UNAME: KERNEL, "etc": Link(str(outside))})

    assert open_sosreport(report).files.keys() == {UNAME}


def test_devices_pipes_and_hard_links_are_not_opened(tmp_path: Path) -> None:
    kinds = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE)
    members = [plain("r/etc/hostname", kind, linkname="r/hostname") for kind in kinds]
    assert open_sosreport(archive(tmp_path, good(), *members)).files.keys() == {UNAME}

    unpacked = as_folder(tmp_path / "folder", {UNAME: KERNEL})
    os.mkfifo(unpacked / "hostname")
    assert open_sosreport(unpacked).files.keys() == {UNAME}


def test_a_member_that_claims_to_be_huge_is_skipped_with_the_reason(tmp_path: Path) -> None:
    huge = plain("r/proc/meminfo", size=8 << 40)
    report = open_sosreport(archive(tmp_path, good(), huge))

    assert report.files.keys() == {UNAME}
    assert "exceed the limit of one file" in report.skipped["proc/meminfo"]
    assert report.cut_short is not None


def test_a_huge_hole_in_a_folder_is_skipped(tmp_path: Path) -> None:
    unpacked = as_folder(tmp_path / "folder", {UNAME: KERNEL, "proc/meminfo": ""})
    os.truncate(unpacked / "proc" / "meminfo", 1 << 40)

    assert list(open_sosreport(unpacked).skipped) == ["proc/meminfo"]


def test_a_sparse_member_counts_with_its_expanded_size(tmp_path: Path) -> None:
    header = bytearray(plain("r/proc/meminfo", tarfile.GNUTYPE_SPARSE, size=0))
    header[483:495] = b"77777777777\0"  # real size: 8 GiB
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:512]) + 8 * 32)
    report = open_sosreport(archive(tmp_path, bytes(header), good()))

    assert report.files.keys() == {UNAME}
    assert list(report.skipped) == ["proc/meminfo"]


@pytest.mark.parametrize("size", [-512, -1024, -(1 << 40)])
def test_a_member_of_negative_size_causes_no_endless_loop(tmp_path: Path, size: int) -> None:
    report = open_sosreport(archive(tmp_path, good(), plain("r/etc/hostname", size=size), good("r/uname")))

    assert report.files.keys() <= {UNAME, "etc/hostname"}
    assert report.cut_short  # some versions of tarfile see it before we do, and call it an end of the archive


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE])
def test_a_name_of_gigabytes_ends_the_reading(tmp_path: Path, kind: bytes) -> None:
    report = open_sosreport(archive(tmp_path, good(), plain("long", kind, size=8 << 30), good("r/uname")))

    assert report.files.keys() == {UNAME}
    assert report.cut_short  # by tarfile itself from Python 3.14 on


def test_headers_that_only_announce_headers_end_the_reading(tmp_path: Path) -> None:
    endless = plain("long", tarfile.GNUTYPE_LONGNAME, size=1) + block(b"x")
    report = open_sosreport(archive(tmp_path, good(), endless * 3000))

    assert "endless headers" in (report.cut_short or "")


def test_broken_numbers_in_a_header_end_the_reading(tmp_path: Path) -> None:
    records = b"23 GNU.sparse.map=a,b,c\n"
    records = b"%d%s" % (len(records), records[2:]) + b"22 GNU.sparse.size=10\n" + b"22 GNU.sparse.name=xy\n"
    path = archive(tmp_path, good(), plain("p", tarfile.XHDTYPE, size=len(records)) + block(records), good("r/uname"))

    assert open_sosreport(path).files.keys() >= {UNAME}


def test_a_truncated_archive_gives_its_first_part_and_a_gap(tmp_path: Path) -> None:
    whole = as_archive(tmp_path / "whole.tar", {UNAME: KERNEL, "etc/hostname": "kvm01\n" * 200}).read_bytes()
    for length in (1024, 1024 + 300, 1536, 1536 + 700):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        report = open_sosreport(tmp_path / "cut.tar")
        assert report.files.keys() == {UNAME}
        assert report.cut_short is not None or report.skipped


@pytest.mark.parametrize("compression", ["gz", "xz", "bz2"])
def test_a_truncated_compressed_archive_is_a_gap(tmp_path: Path, compression: str) -> None:
    noise = os.urandom(1_900_000)
    tree = {UNAME: KERNEL, "proc/cpuinfo": noise, "etc/hostname": "kvm01"}
    path = as_archive(tmp_path / "report", tree, compression)  # type: ignore[arg-type]  # any str of the three
    path.write_bytes(path.read_bytes()[:-2000])
    report = open_sosreport(path)

    assert report.files.keys() == {UNAME}
    assert report.skipped.keys() == {"proc/cpuinfo"}
    assert "end" in (report.cut_short or "")


def test_an_archive_without_an_end_mark_is_a_gap_whatever_follows_its_stream(tmp_path: Path) -> None:
    packed = lzma.compress(good()) + bytes(600_000)
    (tmp_path / "report.tar.xz").write_bytes(packed)
    report = open_sosreport(tmp_path / "report.tar.xz")

    assert report.files.keys() == {UNAME}
    assert "no end-of-archive marker" in (report.cut_short or "")


def test_garbage_in_the_middle_does_not_end_the_archive(tmp_path: Path) -> None:
    report = open_sosreport(archive(tmp_path, good(), b"\xff" * 512, good("r/uname")))

    assert report.files.keys() == {UNAME}
    assert "no end-of-archive marker" in (report.cut_short or "")


@pytest.mark.parametrize("blocks", [1, 2, 700])
def test_members_after_the_end_mark_are_a_gap(tmp_path: Path, blocks: int) -> None:
    """Zeros in place of a block, as a failing disk or a cancelled copy leaves them; and archives put together."""
    report = open_sosreport(archive(tmp_path, good(), bytes(512 * blocks), good("r/uname")))

    assert report.files.keys() == {UNAME}
    assert "data after the end-of-archive marker" in (report.cut_short or "")


@pytest.mark.parametrize("compression", ["tar", "gz"])
@pytest.mark.parametrize("last", [b"", b"x"])
def test_only_few_zeros_are_read_after_the_end_mark(tmp_path: Path, compression: str, last: bytes) -> None:
    path = as_archive(tmp_path / "report.tar", {UNAME: KERNEL})
    whole = path.read_bytes()
    for zeros, says in ((1 << 20, None), (5 << 20, "more than 4 MiB of zeros after the end-of-archive marker")):
        content = whole + bytes(zeros) + (last if says else b"")
        path.write_bytes(gzip.compress(content, 1) if compression == "gz" else content)
        report = open_sosreport(path)
        assert report.files.keys() == {UNAME}
        assert (report.cut_short or "").startswith(says or "")
        assert (report.cut_short is None) is (says is None)


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_only_few_zeros_are_read_after_compressed_data(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = as_archive(tmp_path / "report.tar", {UNAME: KERNEL})
    packed = compress(path.read_bytes())
    for zeros, says in ((0, None), (1 << 20, None), (9 << 20, "more than 4 MiB of zeros after the compressed data")):
        path.write_bytes(packed + bytes(zeros))
        report = open_sosreport(path)
        assert report.files.keys() == {UNAME}
        assert (report.cut_short is None) is (says is None)
        assert (says or "") in (report.cut_short or "")


def test_an_xz_header_that_requests_gigabytes_of_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(bytes(10240), filters=filters))
    packed[16] = 38  # the dictionary's size in the block header: 2 GiB
    packed[20:24] = zlib.crc32(packed[12:20]).to_bytes(4, "little")
    (tmp_path / "report.tar.xz").write_bytes(packed)

    with pytest.raises(SosreportError, match=r"[Mm]emory"):
        open_sosreport(tmp_path / "report.tar.xz")


def test_reading_ends_at_the_size_limit_of_a_report(tmp_path: Path) -> None:
    links = [plain(f"r/sys/class/net/{number}", tarfile.SYMTYPE, linkname="x") for number in range(200)]
    report = open_sosreport(archive(tmp_path, good(), *links), limit=100_000)

    assert 50 < len(report.links) < 100
    assert report.cut_short == "exceeds the size limit of a report"


def test_reading_ends_after_too_many_unreadable_files(tmp_path: Path) -> None:
    huge = [plain(f"r/proc/net/bonding/{number}", size=0) for number in range(3)]
    path = archive(tmp_path, good(), *huge, *(good(f"other{number}/uname") for number in range(200)))
    report = open_sosreport(path)

    assert len(report.skipped) == 101
    assert report.cut_short == "too many unreadable files"


def test_file_that_vanishes_while_it_is_read_is_skipped_with_the_reason(tmp_path: Path) -> None:
    path = as_folder(tmp_path / "folder", {"date": "x", "etc/hostname": "x", "hostname": "x", "uname": KERNEL})
    found: list[Member | UnreadableFolder] = []
    for member in folder.members(path):
        found.append(member)
        if member.name == "date":
            (path / "hostname").unlink()
            shutil.rmtree(path / "etc")
    (path / "uname").unlink()

    assert [item.name for item in found] == ["date", "hostname", "uname", "etc"]
    assert [isinstance(item, UnreadableFolder) for item in found] == [False, True, False, True]
    uname = found[2]
    assert isinstance(uname, Member)
    assert uname.read is not None
    with pytest.raises(SosreportError, match="No such file"):
        uname.read()


@contextmanager
def without_privileges(folder: Path) -> Iterator[None]:
    """Act in this folder as a user without any permission but those for all; its path may be closed to that user."""
    before = Path.cwd()
    user = os.geteuid()
    folder.chmod(0o755)
    os.chdir(folder)
    try:
        if user == 0:
            os.seteuid(65534)
        yield
    finally:
        os.seteuid(user)
        os.chdir(before)


def test_file_without_read_permission_is_skipped_with_the_reason(tmp_path: Path) -> None:
    tree = {UNAME: KERNEL, "etc/hostname": "x", "proc/cpuinfo": "x", "proc/meminfo": "MemTotal: 1024 kB"}
    unpacked = as_folder(tmp_path / "folder", tree)
    (unpacked / "etc").chmod(0)
    (unpacked / "proc" / "cpuinfo").chmod(0)
    with without_privileges(tmp_path):
        report = open_sosreport(Path("folder"))
    (unpacked / "etc").chmod(0o700)

    assert report.skipped == {"etc": "Permission denied", "proc/cpuinfo": "Permission denied"}
    assert report.memory_mib == 1


def test_an_archive_that_may_not_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    as_archive(tmp_path / "report.tar", {UNAME: KERNEL}).chmod(0)

    with without_privileges(tmp_path), pytest.raises(SosreportError, match="Permission denied"):
        open_sosreport(Path("report.tar"))


def test_a_folder_that_vanishes_is_an_invalid_report(tmp_path: Path) -> None:
    with pytest.raises(SosreportError, match="No such file"):
        next(folder.members(tmp_path / "gone"))


BOMB = """
import re, sys
from pathlib import Path
from virtscan.evidence.sosreport import archive, open_sosreport

def peak():  # not getrusage's, which a process begins with what its parent had
    return int(re.search("VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

before = peak()
report = open_sosreport(Path(sys.argv[1]))
print((peak() - before) // 1024, *report.skipped, *report.files)
"""


@pytest.mark.long
def test_300_megabytes_in_one_member_and_30000_members_beside_it_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "report.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(plain("r/sos_commands/virsh/virsh_-r_dumpxml_web01", size=300 << 20))
        for _ in range(300):
            packed.write(bytes(1 << 20))
        packed.write(plain("r/proc/1/maps") * 30_000)
        packed.write(good())
        packed.write(bytes(1024))

    command = [sys.executable, "-c", BOMB, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONG)
    mebibytes, *names = done.stdout.split()

    assert names == ["sos_commands/virsh/virsh_-r_dumpxml_web01", UNAME]
    assert int(mebibytes) < 8


def _sample() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as made:
        add(made, f"r/{UNAME}", KERNEL)
        add(made, "r/" + "proc/net/bonding/" + "x" * 120, "Bonding Mode: x\n")
        add(made, "r/hostname", Link("y" * 120))
    buffer.seek(0)
    with tarfile.open(fileobj=buffer, mode="a", format=tarfile.PAX_FORMAT) as made:
        add(made, "r/sos_commands/host/hostname", "é" * 50)
        add(made, "r/proc/net/bonding/" + "é" * 60, "x")
    return buffer.getvalue()


SAMPLE = _sample()


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_sosreport_gives_a_report_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(SAMPLE) - 1))
        damaged[at : at + 1] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "damaged.tar"
    path.write_bytes(bytes(damaged))
    with suppress(SosreportError):
        assert open_sosreport(path).files
