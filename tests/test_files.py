"""Files that users name: named pipes with and without a program that writes to them."""

import os
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, Timer

import pytest

from tests.build import hypervisor, inventory
from tests.cli.conftest import saved_in
from tests.trace.build import ethernet, lease, pcap
from virtscan.cli.acquire import load
from virtscan.files import open_file
from virtscan.trace import read


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def write_later(pipe: Path, content: bytes) -> None:
    Timer(0.2, lambda: pipe.write_bytes(content)).start()


def test_a_pipe_that_no_program_writes_to_is_waited_for_only_some_seconds(pipe: Path) -> None:
    with pytest.raises(TimeoutError, match=r"no program wrote to this pipe for 0\.1 s; start that program first"):
        open_file(pipe, seconds=0.1)


def test_a_pipe_that_may_not_be_read_is_refused_with_this_reason(
    pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe.chmod(0)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # other users may not enter the folders above it
    user = os.geteuid()
    os.seteuid(user or 65534)  # root may read everything
    try:
        with pytest.raises(PermissionError):
            open_file(Path(pipe.name))
    finally:
        os.seteuid(user)


def test_a_program_may_open_a_pipe_long_before_it_writes(pipe: Path) -> None:
    opened: SimpleQueue[int] = SimpleQueue()
    Thread(target=lambda: opened.put(os.open(pipe, os.O_WRONLY)), daemon=True).start()

    with open_file(pipe) as file:
        writer = opened.get()
        os.write(writer, b"late")
        os.close(writer)
        assert file.read() == b"late"


def test_an_inventory_is_read_from_a_pipe_whose_writer_comes_later(pipe: Path, tmp_path: Path) -> None:
    saved = Path(saved_in(tmp_path, inventory(hypervisor("hv1"))))
    write_later(pipe, saved.read_bytes())

    assert load(pipe) == load(saved)


def test_a_capture_is_read_from_a_pipe_whose_writer_comes_later(pipe: Path) -> None:
    write_later(pipe, pcap([(shot.time, ethernet(shot)) for shot in lease()]))

    assert read(pipe).frames == 4
