import stat
from pathlib import Path

import click
import pytest

from virtscan.cli.output.outputs import opened


def test_a_file_appears_only_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"

    with opened(target) as output:
        assert not target.exists()
        output.write(b"all of it")

    assert target.read_bytes() == b"all of it"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


def test_an_interruption_leaves_the_old_file_and_no_new_one(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_bytes(b"old")

    def interrupted() -> None:
        with opened(target) as output:
            output.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.touch(mode=0o640)
    target.chmod(0o640)

    with opened(target) as output:
        output.write(b"new")

    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(tmp_path / "report.txt")

    with opened(tmp_path / "latest") as output:
        output.write(b"new")

    assert (tmp_path / "latest").is_symlink()
    assert (tmp_path / "report.txt").read_bytes() == b"new"


def test_a_device_or_pipe_is_written_directly() -> None:
    with opened(Path("/dev/null")) as output:
        output.write(b"gone")

    assert Path("/dev/null").is_char_device()


def test_a_folder_that_is_not_there_is_found_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"report\.txt: can't be written: No such file or directory"):
        opened(tmp_path / "nowhere" / "report.txt").__enter__()


def test_a_full_disk_is_an_error_that_names_the_file() -> None:
    with (
        pytest.raises(click.ClickException, match="/dev/full: can't be written: No space left"),
        opened(Path("/dev/full")) as output,
    ):
        output.write(b"x")


@pytest.mark.parametrize("path", [None, Path("-")])
def test_without_a_file_it_is_standard_output(path: Path | None, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with opened(path) as output:
        output.write(b"data\n")

    assert capfdbinary.readouterr().out == b"data\n"
