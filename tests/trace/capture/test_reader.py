"""Capture files of every form, whole, cut short, damaged and hostile."""

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.build import (
    START,
    Shot,
    acknowledged,
    answered,
    block,
    cooked,
    data,
    error,
    ethernet,
    lease,
    only,
    options,
    pcap,
    pcapng,
    read_request,
    said,
    trace_of_file,
)
from virtscan.errors import TraceError
from virtscan.trace import Failed, Outcome, Trace, judge, read
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.source import CaptureStream
from virtscan.views.wording.gaps import reason

SHOTS = [
    *lease(),
    *(said(1 + wait, read_request()) for wait in range(3)),
    *(answered(time, options(), kind=Checksum.PARTIAL) for time in (3.1, 3.6, 4)),
]
FRAMES = [(shot.time, ethernet(shot)) for shot in SHOTS]
CLASSIC, NEW = pcap(FRAMES), pcapng(FRAMES)


@pytest.mark.parametrize(
    "content",
    [
        CLASSIC,
        pcap(FRAMES, end=">"),
        pcap(FRAMES, nano=True),
        pcap(FRAMES, end=">", nano=True),
        NEW,
        pcapng(FRAMES, end=">"),
    ],
    ids=["little", "big", "nano little", "nano big", "ng little", "ng big"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_the_same_boot_is_read_in_every_format(content: bytes, zipped: bool, tmp_path: Path) -> None:
    trace = trace_of_file(tmp_path, content, zipped=zipped)

    boot = only(trace)
    assert (trace.frames, trace.gaps) == (len(FRAMES), ())
    assert (boot.outcome, boot.retries) == (Outcome.OPTIONS_NOT_ACKNOWLEDGED, 2)
    assert boot.started_at is not None
    assert boot.started_at.timestamp() == START
    assert boot.ended_at is not None
    assert boot.ended_at.timestamp() == START + 4


def test_packets_without_a_time_come_when_the_one_before_came(tmp_path: Path) -> None:
    content = NEW + pcapng(FRAMES, simple=True)[28 + 20 :]

    trace = trace_of_file(tmp_path, content)
    assert trace.frames == 2 * len(FRAMES)
    assert trace.ended_at is not None
    assert trace.ended_at.timestamp() == START + 4


def test_times_that_no_calendar_has_are_left_out(tmp_path: Path) -> None:
    frame = FRAMES[0][1]
    late = struct.pack("<IIIII", 0, 0xFFFFFFFF, 0xFFFFFFFF, len(frame), len(frame)) + frame

    trace = trace_of_file(tmp_path, pcapng([]) + block(6, late))
    assert (trace.started_at, only(trace).started_at) == (None, None)


@pytest.mark.parametrize(
    ("option", "ticks"),
    [
        (struct.pack("<HHB3x", 9, 1, 9), 10**9),
        (struct.pack("<HHB3x", 9, 1, 0x80 | 20), 1 << 20),
        (struct.pack("<HHq", 14, 8, -3600) + struct.pack("<HHB3x", 9, 1, 0), 1),
        (struct.pack("<HH4s", 2, 3, b"eth") + struct.pack("<HHB3x", 9, 1, 3), 1000),
    ],
    ids=["nanoseconds", "power of two", "offset", "after a name"],
)
def test_times_have_the_resolution_of_their_interface(option: bytes, ticks: int, tmp_path: Path) -> None:
    later = 3600 if b"\xff\xff" in option else 0
    time, frame = int(START + later) * ticks, FRAMES[0][1]
    packet = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) + frame

    trace = trace_of_file(tmp_path, NEW[:28] + block(1, struct.pack("<HHI", 1, 0, 0) + option) + block(6, packet))
    assert trace.started_at is not None
    assert trace.started_at.timestamp() == START


def test_the_oldest_kind_of_block_with_a_frame_is_read(tmp_path: Path) -> None:
    content = pcapng([])
    for time, frame in FRAMES:
        ticks = round((START + time) * 10**6)
        head = struct.pack("<HHIIII", 0, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        content += block(2, head + frame)

    assert trace_of_file(tmp_path, content) == trace_of_file(tmp_path, NEW)


def test_a_frame_without_a_time_is_as_long_as_its_interface_keeps(tmp_path: Path) -> None:
    frame = FRAMES[0][1]
    content = NEW[:28] + block(1, struct.pack("<HHI", 1, 0, 64)) + block(3, struct.pack("<I", len(frame)) + frame[:64])

    trace = trace_of_file(tmp_path, content)
    assert trace.frames == 1
    assert "cut off by the capture" in reason(trace.gaps[0])


def test_frames_of_two_devices_of_a_file_are_copies_of_each_other(tmp_path: Path) -> None:
    content = pcapng([]) + block(1, struct.pack("<HHI", 1, 0, 0))
    for time, frame in FRAMES:
        for number in (0, 1):
            ticks = round((START + time) * 10**6) + number
            head = struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
            content += block(6, head + frame)

    twice, once = only(trace_of_file(tmp_path, content)), only(trace_of_file(tmp_path, NEW))
    assert (twice.from_server, twice.from_client) == (once.from_server, once.from_client)


def test_a_capture_without_frames_is_one(tmp_path: Path) -> None:
    for content in (pcap([]), pcapng([])):
        trace = trace_of_file(tmp_path, content)
        assert (trace.frames, trace.boots, trace.gaps, trace.started_at) == (0, (), (), None)


def test_devices_of_different_kinds_may_share_a_file(tmp_path: Path) -> None:
    content = pcapng(FRAMES[:-1]) + block(1, struct.pack("<HHI", 113, 0, 0x40000))
    frame = cooked(SHOTS[-1])
    ticks = round((START + 4) * 10**6)
    content += block(6, struct.pack("<IIIII", 1, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame)

    assert only(trace_of_file(tmp_path, content)).outcome is Outcome.OPTIONS_NOT_ACKNOWLEDGED


@pytest.mark.parametrize("content", [CLASSIC, NEW], ids=["pcap", "pcapng"])
def test_a_truncated_capture_is_a_gap_wherever_it_ends(content: bytes, tmp_path: Path) -> None:
    whole = trace_of_file(tmp_path, content)
    ends = {trace_of_file(tmp_path, content[:length]).gaps == () for length in range(len(content) - 40, len(content))}
    assert ends == {False}

    cut = trace_of_file(tmp_path, content[:-1])
    assert reason(cut.gaps[0]).startswith("cut short: ends within a record")
    assert cut.frames == whole.frames - 1
    assert only(cut).outcome is not Outcome.COMPLETE


def test_a_truncated_gzip_capture_gives_its_first_part(tmp_path: Path) -> None:
    path = tmp_path / "boot.pcap.gz"
    zipped = gzip.compress(CLASSIC, 0)

    for cut, frames in ((8, len(FRAMES)), (9, len(FRAMES) - 1)):  # eight bytes are the checksum and the length
        path.write_bytes(zipped[:-cut])
        trace = read(path)
        assert (trace.frames, reason(trace.gaps[0])) == (frames, "cut short: the gzip data ends too early")
    path.write_bytes(zipped[:12])
    with pytest.raises(TraceError, match="too early"):
        read(path)


def test_a_damaged_gzip_capture_gives_its_first_part(tmp_path: Path) -> None:
    path = tmp_path / "boot.pcap"
    zipped = bytearray(gzip.compress(pcap(FRAMES * 100), 0))
    zipped[-6] ^= 0xFF
    path.write_bytes(zipped)

    trace = read(path)
    assert trace.frames > 90 * len(FRAMES)
    assert reason(trace.gaps[0]).startswith("damaged: ")


def test_zipped_files_may_be_joined_and_padded(tmp_path: Path) -> None:
    path = tmp_path / "boot.pcap"
    path.write_bytes(gzip.compress(CLASSIC[:500]) + gzip.compress(CLASSIC[500:]) + bytes(100))

    trace = read(path)
    assert (trace.frames, trace.gaps) == (len(FRAMES), ())


def test_blocks_without_frames_are_ignored(tmp_path: Path) -> None:
    statistics = block(5, bytes(20)) + block(4, b"") + block(0xBAD, b"four")
    content = NEW + statistics + NEW[:48] + statistics

    assert trace_of_file(tmp_path, content).gaps == ()
    for length in range(len(NEW) + 1, len(content)):
        at_a_block = length - len(NEW) in {32, 44, 60, 88, 108, 140, 152}
        assert (trace_of_file(tmp_path, content[:length]).gaps == ()) is at_a_block, length - len(NEW)


@pytest.mark.parametrize(
    "more",
    [
        struct.pack("<II", 6, 8),
        block(6, b"1234"),
        block(6, struct.pack("<IIIII", 0, 0, 0, 0, 0))[:-4] + b"\x13\0\0\0",
        block(0x0A0D0D0A, b"nonsense" * 4),
        struct.pack("<II", 6, 0xFFFFFFF0) + bytes(100),
        block(6, struct.pack("<IIIII", 9, 0, 0, 0, 0)),
        block(6, struct.pack("<IIIII", 0, 0, 0, 5, 5) + b"four"),
        block(1, b"four"),
        struct.pack("<II", 6, 18) + bytes(10),
        struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 2, 0, -1, 28),
        struct.pack("<IIIIHHq", 0x0A0D0D0A, 40, 0x1A2B3C4D, 0, 1, 0, -1),
    ],
    ids=[
        "block of 8 bytes", "no room", "another length behind", "section", "gigabytes",
        "interface", "frame", "description", "odd size", "version", "options",
    ],
)  # fmt: skip
def test_a_damaged_block_ends_the_capture_with_a_gap(more: bytes, tmp_path: Path) -> None:
    trace = trace_of_file(tmp_path, NEW + more + NEW)

    assert trace.frames == len(FRAMES)
    assert ("damaged after" in reason(trace.gaps[0])) or ("cut short" in reason(trace.gaps[0]))


def test_a_truncated_section_is_reported_once(tmp_path: Path) -> None:
    section = struct.pack("<IIIHHq", 0x0A0D0D0A, 40, 0x1A2B3C4D, 1, 0, -1) + b"four"

    assert "cut short" in reason(trace_of_file(tmp_path, NEW + section).gaps[0])


def test_a_device_that_stops_reading_is_a_gap(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="can't be read: Input/output error"):
        read(Path("/proc/self/mem"))

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 1000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    source = CaptureStream(Failing(CLASSIC))
    while source.read(16):
        pass
    assert source.damage is not None
    assert source.damage.startswith("can't be read after 10")


def test_a_frame_of_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    trace = trace_of_file(tmp_path, CLASSIC + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + CLASSIC)

    assert only(trace).outcome is Outcome.OPTIONS_NOT_ACKNOWLEDGED
    assert reason(trace.gaps[0]) == f"damaged after {len(CLASSIC) + 16} bytes: a record of {0xFFFFFFFF} bytes"


def test_a_flood_of_devices_is_not_kept_in_memory(tmp_path: Path) -> None:
    device = block(1, struct.pack("<HHI", 1, 0, 0x40000))

    assert "more than 10000 interfaces" in reason(trace_of_file(tmp_path, NEW + device * 30_000 + NEW).gaps[0])
    assert "more than 10000 interfaces" in reason(
        trace_of_file(tmp_path, pcapng([]) + device * 11_000 + NEW[48:]).gaps[0]
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file, not a packet capture"),
        (b"\xd4", "not a packet capture"),
        (b"# README\n", "pcap or pcapng"),
        (CLASSIC[:20], "header damaged or cut short"),
        (NEW[:20], "header damaged or cut short"),
        (NEW[:8] + b"nonsense" + NEW[16:], "header damaged or cut short"),
        (gzip.compress(b"", mtime=0), "empty file, not a packet capture"),
        (gzip.compress(b"text", mtime=0), "not a packet capture"),
        (lzma.compress(CLASSIC), "compressed with xz; decompress it first: xz -dk FILE"),
        (bz2.compress(CLASSIC), "bzip2 -dk FILE"),
        (b"\x28\xb5\x2f\xfd" + CLASSIC, "zstd -dk FILE"),
        (b"\x1f\x8b\x08", "too early"),
        (b"\x1f\x8b\x08" + bytes(20) + b"nonsense", "damaged"),
    ],
)
def test_another_file_is_an_error_with_its_name(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=message) as caught:
        trace_of_file(tmp_path, content)

    assert str(tmp_path / "boot.pcap") in str(caught.value)


def test_unreadable_capture_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"nowhere: can't be read: No such file"):
        read(tmp_path / "nowhere")
    with pytest.raises(TraceError, match="can't be read: Is a directory"):
        read(tmp_path)


def statistics(interface: int = 0, end: str = "<", **counts: int) -> bytes:
    """Statistics of an interface, as `dumpcap` writes them at the end, with the draft's numbers of options."""
    codes = {"received": 4, "dropped": 5, "accepted": 6, "dropped_by_system": 7, "delivered": 8}
    words = b"".join(struct.pack(f"{end}HHQ", codes[name], 8, count) for name, count in counts.items())
    return block(5, struct.pack(f"{end}III", interface, 0, 0) + words + bytes(4), end)


COMPLETE = [*SHOTS[:5], answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000)]
WITHOUT_LAST_ACKNOWLEDGEMENT = [
    *SHOTS[:5], answered(1.1, options()), said(1.2, acknowledged(0), to=40000), answered(1.3, data(1, 5)),
]  # fmt: skip
REFUSED = [*SHOTS[:5], answered(1.1, error(1, "no such file"))]


@pytest.mark.parametrize("end", "<>")
@pytest.mark.parametrize(
    ("shots", "whole", "with_drops"),
    [
        (SHOTS, Failed.YES, Failed.UNCLEAR),
        (REFUSED, Failed.NO, Failed.UNCLEAR),
        (COMPLETE, Failed.NO, Failed.NO),
        (WITHOUT_LAST_ACKNOWLEDGEMENT, Failed.NO, Failed.UNCLEAR),
        ([*SHOTS[:5], answered(1.1, options()), said(1.2, error(0, "abort"), to=40000)], Failed.NO, Failed.NO),
    ],
    ids=["ignores partial ones", "refused", "complete", "without the last acknowledgement", "refuses"],
)
def test_a_capture_that_dropped_frames_shows_only_what_happened(
    shots: list[Shot], whole: Failed, with_drops: Failed, end: str, tmp_path: Path
) -> None:
    content = pcapng([*((shot.time, ethernet(shot)) for shot in shots), (90.0, bytes(60))], end=end)
    none_dropped = statistics(end=end, received=90, dropped=0, accepted=40, dropped_by_system=0, delivered=40)

    trace = trace_of_file(tmp_path, content + none_dropped)
    assert (judge(only(trace)).failed, trace.gaps) == (whole, ())
    trace = trace_of_file(tmp_path, content + statistics(end=end, dropped=3, dropped_by_system=4))
    assert judge(only(trace)).failed is with_drops
    assert [reason(gap).partition(";")[0] for gap in trace.gaps] == ["7 frames dropped while capturing"]
    if whole is not with_drops:
        assert "7 frames" in judge(only(trace)).because[-1]


def test_more_ignored_answers_than_dropped_frames_still_show_the_fault(tmp_path: Path) -> None:
    content = pcapng([*((shot.time, ethernet(shot)) for shot in SHOTS), (90.0, bytes(60))])
    ignored = only(trace_of_file(tmp_path, content)).ignored.partial

    fewer = trace_of_file(tmp_path, content + statistics(dropped=ignored - 1))
    assert judge(only(fewer)).failed is Failed.YES
    as_many = trace_of_file(tmp_path, content + statistics(dropped=ignored))
    assert judge(only(as_many)).failed is Failed.UNCLEAR


def test_later_statistics_include_earlier_ones_but_not_those_of_other_interfaces_or_sections(tmp_path: Path) -> None:
    interface = block(1, struct.pack("<HHI", 1, 0, 0x40000))
    counts = [statistics(dropped=3), statistics(dropped=5), statistics(1, dropped=7), statistics(dropped=2**64 - 1)]
    section = pcapng(FRAMES) + interface + b"".join(counts)

    assert [reason(gap).partition(" ")[0] for gap in trace_of_file(tmp_path, section + section).gaps] == ["24"]


def test_a_frame_may_have_the_number_of_those_dropped_before_it(tmp_path: Path) -> None:
    frame = FRAMES[0][1] + bytes(-len(FRAMES[0][1]) % 4)
    head = struct.pack("<IIIII", 0, 0, 0, len(FRAMES[0][1]), len(FRAMES[0][1]))
    told = block(6, head + frame + struct.pack("<HHQ", 4, 8, 2) + bytes(4))

    assert "4 frames dropped" in reason(trace_of_file(tmp_path, pcapng(FRAMES) + told + told).gaps[0])


def test_the_oldest_kind_of_block_may_tell_how_many_frames_were_dropped_before_it(tmp_path: Path) -> None:
    frame = FRAMES[0][1]
    heads = [struct.pack("<HHIIII", 0, dropped, 0, 0, len(frame), len(frame)) for dropped in (3, 0xFFFF, 4)]

    trace = trace_of_file(tmp_path, pcapng(FRAMES) + b"".join(block(2, head + frame) for head in heads))
    assert "7 frames dropped" in reason(trace.gaps[0])


def total(trace: Trace) -> int:
    """Touch every number of a trace."""
    return sum(boot.from_server.total + boot.from_client.total + boot.retries + boot.resent for boot in trace.boots)


@given(
    content=st.sampled_from([CLASSIC, NEW]), changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)))
)
def test_no_change_of_bytes_makes_it_fail(
    content: bytes, changes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value

    try:
        trace = trace_of_file(tmp_path_factory.mktemp("changed"), bytes(changed))
    except TraceError:
        return
    assert total(trace) >= 0


PAYLOAD = st.binary(max_size=80) | st.sampled_from([shot.packet[28:] for shot in SHOTS])
PORT = st.sampled_from([67, 68, 69, 547, 546, 4011, 2070, 40000])


@given(
    talk=st.lists(st.tuples(st.booleans(), PORT, PORT, PAYLOAD, st.sampled_from(Checksum)), max_size=12),
    whole=st.booleans(),
)
def test_any_sequence_of_packets_is_tracked_without_an_error(
    talk: list[tuple[bool, int, int, bytes, Checksum]], whole: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shots = [
        (answered if server else said)(number, payload, port=port, to=to, kind=kind)
        for number, (server, port, to, payload, kind) in enumerate(talk)
    ]
    frames = [*FRAMES, *((5 + shot.time, ethernet(shot)) for shot in shots)]

    trace = trace_of_file(tmp_path_factory.mktemp("talk"), pcap(frames, snap=262144 if whole else 70))
    assert total(trace) <= 2 * len(frames)


MEASURE = """
import re, sys
from pathlib import Path
from virtscan.trace import read
found = read(Path(sys.argv[1]))
# Not ru_maxrss: that starts at what the parent process had.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(found.frames, len(found.boots), peak)
"""


def kilobytes(path: Path) -> tuple[int, int, int]:
    """Frames, boots, and the most memory that reading them took."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    frames, boots, memory = map(int, done.stdout.split())
    return frames, boots, memory


@pytest.mark.long
def test_memory_does_not_grow_with_the_capture(tmp_path: Path) -> None:
    traffic = b"".join(
        struct.pack("<IIII", 0, 0, 1400, 1400) + ethernet(shot)[:42].ljust(1400, b"\0")
        for shot in SHOTS
        for _ in range(100)
    )
    sizes = {}
    for megabytes in (10, 80):
        path = tmp_path / f"{megabytes}.pcap"
        with path.open("wb") as file:
            file.write(CLASSIC)
            for _ in range(megabytes * 10**6 // len(traffic)):
                file.write(traffic)
        sizes[megabytes] = kilobytes(path)
        path.unlink()

    assert sizes[80][0] > 7 * sizes[10][0]
    assert sizes[80][1] == 1
    assert sizes[80][2] < sizes[10][2] + 10_000


@pytest.mark.long
def test_memory_is_bounded_however_many_clients_boot(tmp_path: Path) -> None:
    path = tmp_path / "flood.pcap"
    start = ethernet(SHOTS[0])
    with path.open("wb") as file:
        file.write(pcap([]))
        for number in range(25_000):
            mac = struct.pack("!HI", 0x5254, number)
            frame = start.replace(bytes.fromhex("5254009376af"), mac)
            file.write(struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame)

    frames, boots, memory = kilobytes(path)
    assert (frames, boots) == (25_000, 10_000)
    assert memory < 200_000
    assert "15000 requests not followed" in reason(read(path).gaps[0])
