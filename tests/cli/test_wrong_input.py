"""Input that is wrong in unusual ways: a message and exit code 2 (or a gap), never a traceback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import VIRTSCAN
from tests.harness.patience import LONG
from virtscan.cli.main import run
from virtscan.cli.process.time_limit import within_seconds
from virtscan.errors import ConfigError
from virtscan.storage import loads

DIGITS = "9" * 5000
HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(f"[scan]\ndeadline = {DIGITS}\n", "not TOML", id="number"),
        pytest.param("a = " + "[" * 5000 + "]" * 5000, "nested too deeply", id="lists"),
        pytest.param("a = " + "{a = " * 5000 + "1" + "}" * 5000, "nested too deeply", id="tables"),
        pytest.param("\x00", "not TOML", id="NUL"),
    ],
)
def test_a_configuration_that_no_parser_accepts_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    path = tmp_path / "virtscan.toml"
    path.write_text(text)

    assert run(["config", "check", str(path)]) == 2
    assert f"{path}: {problem}" in capsys.readouterr().err


def test_a_byte_order_mark_is_not_part_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "virtscan.toml"
    path.write_bytes(b"\xef\xbb\xbf[scan]\ndeadline = '5m'\n")

    assert run(["config", "check", str(path)]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["scan", "-c", f"qemu+ssh://hv1:{DIGITS}/system"], id="port"),
        pytest.param(["scan", "-c", HOST, "--server", f"s=ssh://h:{DIGITS}"], id="ssh port"),
        pytest.param(["scan", "-c", HOST, "--where", f"domain~(a{{{DIGITS}}})"], id="expression"),
    ],
)
def test_a_number_of_thousands_of_digits_is_wrong_usage(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_a_map_that_is_not_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "map.json"
    path.write_bytes(b'{"key": "\xff", "names": {}}')

    assert run(["scan", "-c", HOST, "--redact", str(path)]) == 2
    assert f"{path}: not a redaction map" in capsys.readouterr().err


def test_a_loop_of_links_is_an_output_that_can_not_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    assert run(["scan", "-c", HOST, "-o", str(loop), "--save", str(loop / "saved")]) == 2
    assert f"{loop}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [(["scan", "--xml", "."], "virtscan: {}\n", 2), (["check", "fleet.json"], "VIRTSCAN UNKNOWN: {}\n", 3)],
)
def test_a_working_directory_that_is_gone_is_named(
    arguments: list[str], message: str, code: int, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os; os.rmdir({str(gone)!r}); from virtscan.__main__ import main; main()"

    done = subprocess.run(
        [sys.executable, "-P", "-c", script, *arguments],
        cwd=gone,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )

    problem = "working directory: No such file or directory; change to another one"
    assert done.stdout + done.stderr == message.format(problem)
    assert done.returncode == code


def test_an_expression_that_does_not_end_is_ended() -> None:
    endless = re.compile("^(([a-f0-9-]|[0-9])+)+!$")

    with pytest.raises(ConfigError, match="too long"), within_seconds("too long", 0.3):
        endless.search("0" * 100)
    with within_seconds("too long"):
        assert endless.search("0!")


@pytest.mark.slow
def test_a_scan_whose_condition_takes_too_long_is_not_lost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xml").write_text(
        f"<domain type='kvm'><name>{'a' * 60}b</name><devices><interface type='direct'><source dev='bond2'/>"
        "</interface></devices></domain>"
    )
    scan = ["scan", "--xml", str(tmp_path / "a.xml"), "--server", "s=on", "--where", "domain~^(a+)+$"]
    assert run(scan) == 2

    (copy,) = (tmp_path / "home/.local/state/virtscan").glob("scan-*.json")
    shown = capfd.readouterr().err
    assert f"the scan is in {copy} (virtscan report)" in shown
    assert "the regular expression takes too long" in shown
    assert run([*scan, "--save", str(tmp_path / "saved.json")]) == 2
    assert loads((tmp_path / "saved.json").read_bytes(), origin="saved").hypervisors
    assert "the scan is in" not in capfd.readouterr().err


def test_a_client_library_that_can_not_be_loaded_is_a_gap_of_each_host(tmp_path: Path) -> None:
    (tmp_path / "libvirt.py").write_text("raise ImportError('libvirt.so.0: cannot open shared object file')")
    done = subprocess.run(
        [*VIRTSCAN, "scan", "-c", "qemu:///system"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{PROJECT}"},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )

    assert "the libvirt client can't be loaded (libvirt.so.0" in done.stdout
    assert (done.returncode, "Traceback" in done.stderr) == (5, False)


def test_a_folder_whose_name_is_not_utf_8_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "web01.xml").write_text("<domain type='kvm'><name>web01</name></domain>")

    assert run(["scan", "--xml", str(folder), "--view", "domains", "--format", "csv"]) == 0
    assert "\ncaf\\udce9," in capfd.readouterr().out


LONG_NAME = 300 * "a"


@pytest.mark.parametrize(
    "words",
    [
        ["report", LONG_NAME],
        ["trace", LONG_NAME],
        ["explain", "web01", LONG_NAME],
        ["scan", "-c", HOST, "--since", LONG_NAME],
        ["scan", "--config", LONG_NAME],
        ["history", "list", "--history", f"sqlite:///{LONG_NAME}"],
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_no_file_can_have_is_an_error(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert "can't be read: File name too long" in capfd.readouterr().err


def test_the_earlier_scan_is_not_read_from_standard_input(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "-c", HOST, "--since", "-"]) == 2
    assert "--since can't be standard input" in capfd.readouterr().err


WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Root reads any file."""


@pytest.mark.parametrize(
    "words",
    [
        ["report", "{0}"],
        ["merge", "{0}", "{0}", "--save={0}.all"],
        ["explain", "web01", "{0}"],
        ["remedy", "{0}"],
        ["diff", "{0}", "{0}"],
        ["config", "check", "{0}"],
        ["scan", "--config={0}"],
        ["collect", "--plan={0}"],
        ["history", "list", "--history=sqlite:///{0}"],
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_the_reason(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("{}")
    path.chmod(0)
    command = [*WITHOUT_CAPABILITIES, sys.executable, "-m", "virtscan", *(word.format(path) for word in words)]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=LONG, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"virtscan: (sqlite:///)?{path}: can't be read: Permission denied.*\n", done.stderr)


def test_a_history_whose_name_is_not_utf_8_is_written(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")

    assert run(["scan", "-c", HOST, "--history", f"sqlite:///{name}", "-o", str(tmp_path / "report")]) == 3
    assert Path(name).exists()
    assert run(["history", "list", "--history", f"sqlite:///{name}"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        *(["report", ""], ["report", "other.json", ""], ["remedy", ""], ["diff", "", "a"], ["diff", "a", ""]),
        *(["merge", "", "--save", "a"], ["merge", "a", "--save", ""], ["collect", "--plan", ""], ["trace", ""]),
        *(
            ["explain", "web01", ""],
            ["trace", "a", "--inventory", ""],
            ["config", "check", ""],
            ["report", "a", "-o", ""],
        ),
        *(["scan", option, ""] for option in ("--xml", "--sosreport", "--config", "--save", "--since", "--redact")),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_working_directory(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2
    assert capfd.readouterr().err.endswith(": empty path; give a path\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["explain", "", "fleet.json"], "DOMAIN|MAC"),
        (["config", "show", "--hypervisor", "", "--device", "bond2"], "--hypervisor"),
        (["config", "show", "--hypervisor", "hv1", "--device", ""], "--device"),
    ],
)
def test_an_empty_name_is_refused(arguments: list[str], name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capfd.readouterr().err.endswith(f"Invalid value for '{name}': empty name; give a name\n")


def test_a_plugin_refuses_an_empty_path_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["check", ""]) == 3
    assert capfd.readouterr().out == "VIRTSCAN UNKNOWN: Invalid value for 'FILE': empty path; give a path\n"


def test_a_device_without_an_end_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "/dev/zero"]) == 2
    said = "virtscan: /dev/zero: not JSON: invalid character (byte 0); use a file written by virtscan scan --save\n"
    assert capfd.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("< /dev/zero", "not JSON: "),
        ("< /dev/null", "the file is empty; use a file"),
        ("cat /dev/zero |", "not JSON: "),
        ("yes '{' |", "too large for a pipe (over 1024 MiB); name a file"),
    ],
)
def test_a_standard_input_without_an_end_is_refused(source: str, problem: str) -> None:
    command = f"{sys.executable} -m virtscan report -"
    line = f"{source} {command}" if source.endswith("|") else f"{command} {source}"

    done = subprocess.run(["sh", "-c", line], cwd=PROJECT, capture_output=True, text=True, timeout=LONG, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"virtscan: standard input: {problem}")


def test_an_inventory_larger_than_the_memory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    with path.open("wb") as file:
        file.truncate(4 << 30)  # sparse
    limited = f"ulimit -v 2000000; exec {sys.executable} -m virtscan report {path}"

    done = subprocess.run(["sh", "-c", limited], cwd=PROJECT, capture_output=True, text=True, timeout=LONG, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"virtscan: {path}: too large for the memory of this machine; ")


@pytest.mark.parametrize(
    ("arguments", "has_hint"),
    [
        (["scan", "qemu:///system"], True),
        (["scan", "qemu:///system", "hv2"], True),
        (["explain", "web01", "fleet.json", "web02"], False),
        (["diff", "a", "b", "c"], False),
        (["collect", "plan.json", "--plan", "-"], False),
    ],
)
def test_an_extra_argument_gets_the_options_for_hypervisors_only_where_they_help(
    arguments: list[str], has_hint: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    message = capfd.readouterr().err
    assert "unexpected extra argument" in message
    assert ("; name hypervisors with -c URI, --xml or --sosreport" in message) is has_hint
