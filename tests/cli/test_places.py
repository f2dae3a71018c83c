"""Outputs in every kind of place: files of others, links, devices, pipes."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest

from tests.conftest import PROJECT
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from virtscan.cli.output.outputs import PRIVATE, OutputError, Outputs, opened
from virtscan.cli.process import leftovers

NOBODY = 65534


@pytest.fixture
def root() -> None:
    """The rights to make files of other users."""
    if os.geteuid() != 0:
        cannot_run("only root can make files of other users")


def write(data: bytes, *paths: Path) -> None:
    """Write the same to several outputs of one command, with no time for a pipe's reader."""
    with Outputs(pipe_seconds=0) as outputs:
        for path in paths:
            outputs.open(path).write(data)


def test_one_output_that_fails_does_not_keep_another_from_being_written(tmp_path: Path) -> None:
    for order in ([Path("/dev/full"), tmp_path / "one"], [tmp_path / "two", Path("/dev/full")]):
        with pytest.raises(OutputError, match=r"^/dev/full: can't be written: No space left on device$"):
            write(b"data", *order)

    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"data", b"data"]


def test_every_output_that_fails_is_named(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/full")

    with pytest.raises(OutputError) as caught:
        write(b"data", link, Path("/dev/full"))

    assert [line.partition(":")[0] for line in caught.value.message.splitlines()] == [str(link), "/dev/full"]


def test_a_file_of_an_earlier_run_is_kept_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("last night's")

    with Outputs() as outputs:
        for path in (old, new):
            output = outputs.open(path)
            output.write(b"nothing")
            output.keep_earlier()

    assert (old.read_text(), new.read_text()) == ("last night's", "nothing")
    assert capsys.readouterr().err == f"virtscan: {old}: left as it was; nothing could be read\n"
    assert sorted(tmp_path.iterdir()) == [new, old]


@pytest.mark.parametrize(
    ("earlier", "expected"), [(None, 0o600), (0o644, 0o600), (0o640, 0o640), (0o660, 0o660), (0o604, 0o600)]
)
def test_a_private_file_grants_others_nothing(tmp_path: Path, earlier: int | None, expected: int) -> None:
    path = tmp_path / "inventory.json"
    if earlier is not None:
        path.touch()
        path.chmod(earlier)

    with opened(path, mode=PRIVATE) as output:
        output.write(b"{}")

    assert stat.S_IMODE(path.stat().st_mode) == expected


def test_a_report_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with opened(tmp_path / "report") as output:
            output.write(b"")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o640


@pytest.mark.usefixtures("root")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.touch()
    os.chown(path, NOBODY, NOBODY)

    with opened(path) as output:
        output.write(b"new")

    assert (path.stat().st_uid, path.stat().st_gid, path.read_bytes()) == (NOBODY, NOBODY, b"new")


@pytest.mark.usefixtures("root")
def test_a_link_that_another_user_has_put_into_a_shared_folder_is_not_followed(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = shared / "report"
    link.symlink_to(victim)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)

    with (
        pytest.raises(click.ClickException, match="report: can't be written: a symbolic link owned by another user"),
        opened(link),
    ):
        pass

    assert victim.read_text() == "precious"


def written_by_a_shell(folder: Path, redirection: str) -> str:
    """Write "data" to the output that a shell makes, and return what arrives in `out`."""
    script = (
        "import sys; from pathlib import Path; from virtscan.cli.output.outputs import opened\n"
        "with opened(Path(sys.argv[1])) as output: output.write(b'data\\n')"
    )
    command = f'{sys.executable} -c "$0" {redirection}; wait'
    subprocess.run(
        ["bash", "-c", f"echo before >{folder}/out; {command}", script],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(PROJECT)}, timeout=LONG, check=True,
    )  # fmt: skip
    return (folder / "out").read_text()


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_the_path_of_standard_output_is_standard_output(tmp_path: Path, name: str) -> None:
    assert written_by_a_shell(tmp_path, f"{name} >>out") == "before\ndata\n"


def test_a_process_substitution_is_written(tmp_path: Path) -> None:
    assert written_by_a_shell(tmp_path, ">(cat >>out) | cat") == "before\ndata\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.long
def test_a_pipe_without_a_reader_is_left_at_the_deadline(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OutputError, match="pipe: can't be written: the pipe has no reader"):
        write(b"data", tmp_path / "pipe")


@pytest.mark.long
def test_a_pipe_whose_reader_does_not_read_is_left_at_the_deadline(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OutputError, match="the reader of the pipe did not read in time"):
            write(bytes(1 << 20), tmp_path / "pipe")
    finally:
        os.close(reader)


def test_a_pipe_waits_for_its_reader_and_gets_everything(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))

    with Outputs(pipe_seconds=LONG) as outputs:
        output = outputs.open(tmp_path / "pipe")
        reader.start()
        output.write(bytes(1 << 20))
    reader.join()

    assert got == [bytes(1 << 20)]


def test_a_temporary_file_is_removed_with_the_leftovers(tmp_path: Path) -> None:
    with Outputs() as outputs:
        outputs.open(tmp_path / "report").write(b"half")
        leftovers.remove()
        assert list(tmp_path.iterdir()) == []
        outputs.open(Path("/dev/null"))
        outputs._outputs.pop(0).discard()


def test_a_file_has_a_name_once_there_is_something_to_write(tmp_path: Path) -> None:
    with Outputs() as outputs:
        output = outputs.open(tmp_path / "report")
        assert list(tmp_path.iterdir()) == []
        output.write(b"whole")
        assert len(list(tmp_path.iterdir())) == 1
        output.end()

    assert (tmp_path / "report").read_bytes() == b"whole"


def test_an_output_that_has_ended_stays_whatever_happens_next(tmp_path: Path) -> None:
    def fail() -> None:
        with Outputs() as outputs:
            saved, shown = (outputs.open(tmp_path / name) for name in ("saved", "report"))
            saved.write(b"data")
            saved.end()
            shown.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("saved", b"data")]
