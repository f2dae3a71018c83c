"""The commands as users run them, over the small fleet of libvirt's test driver."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import VIRTSCAN
from tests.harness.screen import printed_on
from tests.reporters.reading import text_of
from virtscan.cli.main import run
from virtscan.reporters import REPORTERS, Content
from virtscan.views import VIEWS

FLEET = ("--config", str(PROJECT / "fixtures" / "fleet" / "virtscan.toml"))
HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inventory of one scan of the fleet."""
    path = tmp_path_factory.mktemp("scan") / "fleet.json"
    assert run(["scan", *FLEET, "--save", str(path), "-o", os.devnull]) == 4
    return path


def test_a_scan_prints_the_table_of_vms_at_risk(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["scan", *FLEET])

    printed = capfd.readouterr()
    assert code == 4
    assert re.search(
        r"^satellite .*: TX .* is on\..*\n  ams1-kvm01  bond2  +web01 .* boots$", printed.out, re.MULTILINE
    )
    assert "qemu+tcp://127.0.0.1:9/system" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    "how",
    [
        ["--format", name, *view]
        for name, reporter in REPORTERS.items()
        if reporter.content is not Content.METRICS
        for view in ([["--view", view] for view in VIEWS] if reporter.content is Content.VIEW else [[]])
    ],
    ids=" ".join,
)
def test_a_report_of_the_saved_inventory_equals_the_report_of_its_scan(how: list[str], tmp_path: Path) -> None:

    code = run(["scan", *FLEET, "--save", str(tmp_path / "again.json"), *how, "-o", str(tmp_path / "scan"), "-q"])
    assert run(["report", str(tmp_path / "again.json"), *how, "-o", str(tmp_path / "report"), "-q"]) == code

    assert (tmp_path / "report").read_bytes() == (tmp_path / "scan").read_bytes()


def test_a_report_reads_standard_input_too(saved: Path) -> None:
    with saved.open("rb") as stdin:
        done = subprocess.run([*VIRTSCAN, "report", "-"], stdin=stdin, capture_output=True, text=True, check=False)

    assert done.returncode == 4
    assert "web01" in done.stdout


def test_a_report_can_judge_other_devices_than_its_scan(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["report", str(saved), "--format", "json"])
    on_any_device = json.loads(capfd.readouterr().out)["summary"]["judged"]

    run(["report", str(saved), "--format", "json", "--lower-device", "bond"])
    on_bonds = json.loads(capfd.readouterr().out)["summary"]
    assert on_bonds["judged"] + on_bonds["not_judged"]["source is not a bond"] == on_any_device
    assert on_bonds["judged"] < on_any_device
    run(["report", str(saved), "--lower-device", "bond"])
    skipped = "1 macvtap but not on a bond (--lower-device any judges them)"
    assert skipped in capfd.readouterr().out


@pytest.mark.parametrize("format_name", [name for name, one in REPORTERS.items() if one.content is Content.VIEW])
def test_conditions_keep_the_same_rows_in_every_format_of_a_view(format_name: str, saved: Path, tmp_path: Path) -> None:
    file = tmp_path / "shown"
    where = ["--where", "server=satellite", "--where", "verdict~risk"]
    run(["report", str(saved), "--format", f"{format_name}={file}", *where])

    shown = text_of(file.read_bytes())
    assert all(name in shown for name in ("web01", "web02", "spare01"))
    assert not any(name in shown for name in ("thin01", "mail01"))


def test_hypervisors_can_be_named_without_a_configuration(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["scan", "-c", HOST, "--server", "satellite:eth0=on", "--format", "json"])

    report = json.loads(capfd.readouterr().out)
    assert code == 4
    assert [host["hypervisor"] for host in report["hypervisors"]] == ["ams1-kvm01"]


def test_a_folder_of_xml_can_be_scanned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "web01.xml").write_text(
        "<domain type='kvm'><name>web01</name><devices><interface type='direct'><source dev='bond2'/></interface>"
        "</devices></domain>"
    )

    code = run(["scan", "--xml", str(tmp_path), "--server", "satellite=off"])

    assert code == 0
    assert capfd.readouterr().out.startswith("No interface is at risk. 1 judged (--all).\n")


def test_a_sosreport_can_be_scanned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    domain = tmp_path / "etc" / "libvirt" / "qemu" / "web01.xml"
    domain.parent.mkdir(parents=True)
    domain.write_text(
        "<domain type='kvm'><name>web01</name><devices><interface type='direct'><source dev='bond2'/></interface>"
        "</devices></domain>"
    )

    run(["scan", "--sosreport", str(tmp_path), "--server", "satellite=off", "--view", "domains"])

    assert "web01" in capfd.readouterr().out


def test_without_any_hypervisor_named_libvirts_default_is_scanned(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", HOST)

    assert run(["scan", "--server", "satellite=off"]) == 0
    assert "ams1-kvm01" in capfd.readouterr().out


@pytest.mark.parametrize(("fail_on", "code"), [("boots", 4), ("latent", 4), ("never", 3)])
def test_exposure_that_counts_as_failure_can_be_chosen(
    fail_on: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "-c", HOST, "--server", "satellite=on", "--fail-on", fail_on]) == code


def test_the_servers_alone_can_be_read(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["servers", *FLEET, "--format", "json"]) == 4
    states = {row["server"]: row["tx_checksum"] for row in json.loads(capfd.readouterr().out)["rows"]}
    assert states["satellite"] == "on"
    assert states["cobbler"] == "off"
    assert states["depot"] == "unknown"


def test_servers_reads_no_hypervisor_and_misses_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "virtscan.toml"
    config.write_text(
        '[[server]]\nname = "satellite"\noffload = "on"\n'
        '[[provisioning]]\ntype = "cobbler"\nurl = "http://127.0.0.1:9/cobbler_api"\n'
        '[[waiver]]\ndomain = "legacy"\nreason = "boots from ISO"\n'
    )

    assert run(["servers", "--config", str(config), "--format", "json"]) == 1
    assert json.loads(capfd.readouterr().out)["gaps"] == []


def test_gaps_go_to_standard_error_if_the_format_has_no_place_for_them(capfd: pytest.CaptureFixture[str]) -> None:
    run(["scan", *FLEET, "--format", "csv"])

    printed = capfd.readouterr()
    assert "127.0.0.1:9" in printed.err
    assert "virtscan:" not in printed.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan", "--view", "nothing"], "'nothing' is not one of"),
        (["scan", "--host-timeout", "30"], "'--host-timeout': invalid duration '30'; add a unit, e.g. 30s, 1h30m, 7d"),
        (["scan", "--where", "sites=ams1"], "no column 'sites'"),
        (["scan", "-v", "-q"], "mutually exclusive"),
        (["scan", "-c", HOST, "--save", "/tmp/x", "-o", "/tmp/../tmp/x"], "are the same file"),
        (["scan", "-c", HOST, "--save", "-"], "--save and --output are the same file, standard output"),
        (["scan", "-c", HOST, "--save", "/tmp/x", "--redact", "/tmp/x"], "--save and --redact are the same file"),
        (["report", "fleet.json", "-o", "/tmp/x", "--redact", "/tmp/x"], "--output and --redact are the same file"),
        (["remedy", "-o", "/tmp/x", "--redact", "/tmp/x"], "--output and --redact are the same file"),
        (["explain", "*", "-o", "/tmp/x", "--redact", "/tmp/x"], "--output and --redact are the same file"),
        (["trace", "x.pcap", "-o", "/tmp/x", "--redact", "/tmp/x"], "--output and --redact are the same file"),
        (["scan", "--server", "a=on", "--server", "a=off"], "--server: 'a' is used twice"),
        (["scan", "-c", "qemu+ssh://hv1/system?command=/bin/x"], "--allow-unsafe-uri"),
        (["scan", "--server", "satellite"], "NAME[:INTERFACE]=SOURCE"),
        (["scan", "--config", "nowhere.toml"], "nowhere.toml: no such file"),
        (["scan", "-c", HOST, "-o", "/nowhere/report.txt"], "/nowhere/report.txt: can't be written"),
        (["servers"], "no provisioning server given"),
        (["report", "nowhere.json"], "nowhere.json: can't be read: No such file"),
        (["report", os.devnull], "/dev/null"),
        (["scan", "-c", HOST, "--redact", os.devnull], "not a regular file"),
        (["scan", "-c", HOST, "--redact", "/etc"], "'/etc' is a directory"),
        (["frobnicate"], "no such command 'frobnicate'"),
        (
            ["report", "x.json", "--format", "tabel"],
            "'tabel' is not a format; did you mean 'table'? choose from table, ",
        ),
        (
            ["scan", "--format", "table,csv"],
            "'table,csv' is not a format; repeat the option: --format table --format csv=FILE",
        ),
        (["report", "x.json", "--format", "csv,json=x"], "repeat the option: --format csv --format json=x"),
        (
            ["report", "x.json", "--format", "table,cvs"],
            "'table,cvs' is not a format; repeat the option: --format table --format csv=FILE",
        ),
        (["report", "x.json", "--format", "table,nothing"], "'table,nothing' is not a format; choose from table, "),
        (["report", "x.json", "--format", "csv="], "csv=: no file given; write csv=FILE, or csv for standard output"),
        (
            ["report", "x.json", "--format", "csv", "--format", "json"],
            "--format csv and --format json would go to the same place",
        ),
        (["report", "x.json", "--format", "csv=/tmp/x", "-o", "/tmp/y"], "-o: every --format has its own file"),
        (
            ["report", "x.json", "--format", "csv=/tmp/x", "--format", "json=/tmp/x"],
            "--format csv=/tmp/x and --format json=/tmp/x are the same file",
        ),
        (["scan", "-c", HOST, "--save", "/tmp/x", "--format", "csv=/tmp/x"], "--save and --format csv=/tmp/x are the"),
    ],
)
def test_wrong_usage_is_reported_and_nothing_is_scanned(
    arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2

    printed = capfd.readouterr()
    assert message in printed.err
    assert printed.out == ""


def test_a_configuration_that_is_not_text_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "virtscan.toml"
    path.write_bytes(b"\xff\xfe")

    assert run(["scan", "--config", str(path)]) == 2
    assert "not UTF-8 text (byte 0)" in capfd.readouterr().err


def test_a_weak_uri_is_warned_about_unless_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    weak = "qemu+tls://127.0.0.1:9/system?no_verify=1"

    assert run(["scan", "-c", weak, "-o", os.devnull]) == 5
    assert "warning: " in capfd.readouterr().err
    assert run(["scan", "-c", weak, "-o", os.devnull, "-q"]) == 5
    assert capfd.readouterr().err == ""


def test_the_configuration_in_use_can_be_shown(capfd: pytest.CaptureFixture[str]) -> None:
    run(["servers", *FLEET, "-v", "-o", os.devnull])

    assert "virtscan.toml" in capfd.readouterr().err


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Return the output of a command on a terminal of 200 columns, with standard error."""
    screen, terminal = os.openpty()
    with subprocess.Popen(
        [*VIRTSCAN, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "COLUMNS": "200", "TERM": "xterm", **environment},
    ):
        os.close(terminal)
        return printed_on(screen)


@pytest.mark.long
def test_terminal_gets_colour_and_progress() -> None:
    shown = on_a_terminal("scan", *FLEET)

    assert "\x1b[31m" in shown
    assert "Reading" in shown


def test_no_color_is_respected() -> None:
    assert "\x1b[31m" not in on_a_terminal("scan", *FLEET, NO_COLOR="1")


@pytest.mark.long
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_closed_standard_stream_is_an_empty_one(closed: tuple[int, ...], tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    def close() -> None:
        for number in closed:
            os.close(number)

    done = subprocess.run(
        [*VIRTSCAN, "scan", "-c", HOST, "-o", report, "--format", "json", "--server", "satellite=on"],
        capture_output=True,
        preexec_fn=close,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (4, b"", b"")
    assert json.loads(report.read_text())["schema"] == "virtscan.report/1"


def test_a_closed_standard_output_is_not_a_defect(saved: Path) -> None:
    done = subprocess.run(
        [*VIRTSCAN, "report", saved],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.close(1),
        check=False,
    )

    assert (done.returncode, done.stderr) == (4, b"")


@pytest.mark.parametrize("arguments", [["-o", "/dev/full"], []])
def test_a_full_disk_is_neither_wrong_usage_nor_a_defect(arguments: list[str], saved: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*VIRTSCAN, "report", saved, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 74
    assert "can't be written: No space left on device" in done.stderr


def test_a_closed_pipe_is_not_a_defect(saved: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*VIRTSCAN, "report", saved], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["report", "SAVED", "--format", "csv"], 4),
        (["report", "nowhere.json"], 2),
        (["config", "check", FLEET[1]], 0),
        (["-h"], 0),
    ],
)
def test_a_closed_standard_error_changes_no_exit_code(arguments: list[str], code: int, saved: Path) -> None:
    command = [*VIRTSCAN, *(str(saved) if argument == "SAVED" else argument for argument in arguments)]
    with Path("/dev/full").open("wb") as full:
        assert subprocess.run(command, stdout=subprocess.DEVNULL, stderr=full, check=False).returncode == code

    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=writing, check=False)
    os.close(writing)
    assert done.returncode == code


@pytest.mark.parametrize("arguments", [["config", "check", "-q", FLEET[1]], ["schema", "config"], ["-h"], ["doctor"]])
def test_other_output_than_reports_handles_a_closed_pipe_alike(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*VIRTSCAN, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    "arguments", [["config", "check", FLEET[1]], ["doctor"], ["-h"], ["scan", "--help"], ["-V"], ["check", "-h"]]
)
def test_other_output_than_reports_handles_a_full_disk_alike(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*VIRTSCAN, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)

    assert done.returncode == 74
    assert done.stderr.endswith(b"virtscan: standard output: can't be written: No space left on device\n")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["FILE"], ["nothing.json"], ["FILE", "--nonsense"], []])
def test_a_plugin_ends_with_a_status_even_if_nothing_can_be_written(arguments: list[str], saved: Path) -> None:
    command = [*VIRTSCAN, "check", *(str(saved) if argument == "FILE" else argument for argument in arguments)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    reading, writing = os.pipe()
    os.close(reading)
    unread = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)

    for run_ in (done, unread):
        assert run_.returncode == 3
        assert run_.stderr.startswith("VIRTSCAN UNKNOWN: ")
        assert run_.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "FILE", "-o", "FILE"],
        ["report", "other.json", "FILE", "--format", "csv=FILE"],
        ["explain", "web01", "FILE", "-o", "FILE"],
        ["remedy", "FILE", "-o", "FILE"],
        ["diff", "FILE", "other.json", "-o", "FILE"],
        ["diff", "other.json", "FILE", "-o", "FILE"],
        ["trace", "FILE", "-o", "FILE"],
        ["trace", "x.pcap", "--inventory", "FILE", "-o", "FILE"],
        ["scan", "-c", HOST, "--since", "FILE", "-o", "FILE"],
        ["scan", "--config", "FILE", "--save", "FILE"],
        ["servers", "--config", "FILE", "-o", "FILE"],
        ["doctor", "--config", "FILE", "-o", "FILE"],
        ["merge", "other.json", "--config", "FILE", "--save", "FILE"],
        ["history", "show", "--config", "FILE", "--save", "FILE"],
        ["servers", "--server", "s=file:FILE", "-o", "FILE"],
        ["scan", "-c", HOST, "--server", "s=ansible:FILE", "--save", "FILE"],
        ["scan", "--xml", "FILE", "-o", "FILE"],
        ["explain", "*", "--sosreport", "FILE", "-o", "FILE"],
        ["scan", "-c", HOST, "--history", "sqlite:///FILE", "--save", "FILE"],
        ["scan", "-c", HOST, "--since", "sqlite:///FILE?timeout=1", "-o", "FILE"],
        ["history", "list", "--history", "sqlite:///FILE", "-o", "FILE"],
        ["history", "show", "--history", "sqlite:///FILE", "--save", "FILE"],
        ["diff", "sqlite:///FILE@1", "other.json", "-o", "FILE"],
    ],
)
def test_no_output_replaces_a_file_that_the_command_reads(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "read"
    file.write_text("as it was")

    assert run([word.replace("FILE", str(file)) for word in arguments]) == 2
    assert f"this command reads {file}; name another file" in capfd.readouterr().err
    assert file.read_text() == "as it was"


@pytest.mark.parametrize("key", ["history", "password", "authority", "facts", "server", "configuration"])
@pytest.mark.parametrize("option", ["-o", "--save"])
def test_no_output_replaces_a_file_that_the_configuration_names(
    key: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("history", "password", "authority", "facts", "server"):
        (tmp_path / name).write_text("as it was")
    configuration = tmp_path / "configuration"
    configuration.write_text(
        f"""\
        [history]
        url = "sqlite:///history"
        [[hypervisor]]
        uri = "{HOST}"
        facts = "ansible:facts"
        [[server]]
        name = "satellite"
        offload = "file:server"
        [[provisioning]]
        type = "foreman"
        url = "https://127.0.0.1:9"
        user = "me"
        password_file = "password"
        ca_file = "authority"
        """
    )
    monkeypatch.setenv("VIRTSCAN_CONFIG", str(configuration))
    before = (tmp_path / key).read_text()

    assert run(["scan", "--no-history", option, str(tmp_path / key)]) == 2
    assert f"this command reads {tmp_path / key}; name another file" in capfd.readouterr().err
    assert (tmp_path / key).read_text() == before
