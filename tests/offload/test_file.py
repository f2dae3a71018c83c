"""`file:PATH`, and the administrator's word."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.build import failure, words
from tests.harness.patience import LONG
from virtscan.config.source import server_target
from virtscan.errors import OffloadError
from virtscan.model import Feature, Mac, Persistence, Server, ServerTarget, SourceKind, State
from virtscan.model.facts.persistence import CaptureOnly, DeclaredOnly
from virtscan.offload import READERS, unreadable

CAPTURE = "Features for eth0:\nrx-checksumming: on\ntx-checksumming: off\n\ttx-checksum-ipv4: off [fixed]\n"
MODIFIED = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


def read(source: str, interface: str | None = None) -> Server:
    target = server_target("satellite", source, interface=interface)
    return READERS[target.kind](target, timeout=LONG)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "eth0.txt"
    path.write_text(CAPTURE)
    os.utime(path, (MODIFIED.timestamp(), MODIFIED.timestamp()))
    return path


def test_a_file_of_a_time_beyond_the_calendar_has_none() -> None:
    with tempfile.NamedTemporaryFile("w", dir="/dev/shm") as file:  # a tmpfs takes every time, others don't
        file.write(CAPTURE)
        file.flush()
        os.utime(file.name, (0, 1 << 40))

        trace = read(f"file:{file.name}")

    assert (trace.tx_checksum, trace.observed_at) == (State.OFF, None)


def test_a_file_gives_the_state_of_its_device_when_it_was_written(capture: Path) -> None:
    assert read(f"file:{capture}") == Server(
        name="satellite",
        source=f"file:{capture}",
        interface="eth0",
        tx_checksum=State.OFF,
        features={
            "tx-checksumming": Feature(state=State.OFF),
            "tx-checksum-ipv4": Feature(state=State.OFF, fixed=True),
        },
        persistence=Persistence(setting=CaptureOnly()),
        observed_at=MODIFIED,
    )


def test_declared_facts_of_a_server_are_kept_beside_the_facts_read(capture: Path) -> None:
    target = ServerTarget(
        name="satellite",
        kind=SourceKind.FILE,
        address=str(capture),
        macs=(Mac("52:54:00:aa:bb:cc"),),
        segments=("pxe-a",),
        subnets=("10.77.0.0/24",),
        physical=True,
    )
    server = READERS[SourceKind.FILE](target, timeout=LONG)

    assert (server.macs, server.segments, server.subnets, server.physical) == (
        target.macs,
        target.segments,
        target.subnets,
        True,
    )


def test_a_state_that_a_file_leaves_open_is_unknown_with_the_reason(capture: Path) -> None:
    capture.write_text("tx-checksumming: on\n\ttx-checksum-ipv4: off\n")
    server = read(f"file:{capture}", "eth3")

    assert server.interface == "eth3"
    assert server.tx_checksum is State.UNKNOWN
    assert words(server.reason) == "tx-checksum-ip-generic not shown"


def test_bytes_that_are_not_text_are_accepted(capture: Path) -> None:
    capture.write_bytes(b"\xff\xfe\x00" + CAPTURE.encode())

    assert read(f"file:{capture}").tx_checksum is State.OFF


def test_a_file_that_can_not_be_read_gives_the_reason(capture: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(5 << 20)

    for path, interface, reason in (
        (tmp_path / "nosuch", None, "can't be read: No such file or directory"),
        (tmp_path / "pipe", None, "not a regular file"),
        (tmp_path, None, "not a regular file"),
        (Path("/dev/zero"), None, "not a regular file"),
        (tmp_path / "large", None, "too large"),
        (capture, "eth1", "contains eth0, not eth1"),
        (tmp_path / ("x" * 300), None, "can't be read: File name too long"),
    ):
        with pytest.raises(OffloadError, match=reason):
            read(f"file:{path}", interface)


@pytest.mark.parametrize("state", [State.ON, State.OFF])
def test_declared_state_is_used_unchanged(state: State) -> None:
    assert read(state.value, "eth0") == Server(
        name="satellite",
        source=state.value,
        interface="eth0",
        tx_checksum=state,
        persistence=Persistence(setting=DeclaredOnly()),
    )


def test_nothing_declared_is_an_error() -> None:
    with pytest.raises(OffloadError, match="declared neither on nor off"):
        READERS[SourceKind.DECLARED](ServerTarget(name="satellite", kind=SourceKind.DECLARED), timeout=1)


def test_a_server_that_could_not_be_read_is_unknown_for_this_reason() -> None:
    target = ServerTarget(name="satellite", kind=SourceKind.SSH, address="root@satellite", segments=("pxe-a",))

    assert unreadable(target, failure("ssh: timeout")) == Server(
        name="satellite",
        source="ssh://root@satellite",
        tx_checksum=State.UNKNOWN,
        reason=failure("ssh: timeout"),
        segments=("pxe-a",),
    )


def test_every_kind_of_source_has_its_reader() -> None:
    assert set(READERS) == set(SourceKind)
