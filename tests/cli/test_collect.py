"""`virtscan collect`: a plan in, an inventory out, and nothing left behind when the other side is gone."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.definitions import bond_xml, direct, domain_xml
from tests.harness.launching import DEFAULT_SIGNALS, has_client, wait_for_end
from tests.harness.libvirtd import node
from tests.harness.patience import LONG, deadlines
from tests.harness.ports import port_of, silent_port
from virtscan import __version__
from virtscan.cli.main import run
from virtscan.model import HostStatus
from virtscan.storage import loads
from virtscan.storage.plan_file import PlannedHypervisor, SavedPlan, plan_dumps

COMMAND = (*DEFAULT_SIGNALS, sys.executable, "-m", "virtscan", "collect", "--plan")


def plan(*uris: str, run_left: float = LONG, host_timeout: float = LONG) -> bytes:
    hosts = tuple(PlannedHypervisor(uri=uri) for uri in uris)
    return plan_dumps(
        SavedPlan(
            schema="virtscan.plan/1",
            version=__version__,
            hypervisors=hosts,
            run_left=run_left,
            deadline=60.0,
            host_timeout=host_timeout,
        )
    )


@pytest.fixture
def host(tmp_path: Path) -> str:
    """A host of the test driver with one domain."""
    path = tmp_path / "hv1.xml"
    path.write_text(node(domain_xml("web01", direct("bond0")), bond_xml("bond0", "eth0")))
    return f"test://{path}"


@contextmanager
def silent_host() -> Iterator[tuple[str, socket.socket]]:
    """A host whose ssh never answers; its address, and the socket that it is connected to."""
    with silent_port() as server:
        yield f"qemu+ssh://127.0.0.1:{port_of(server)}/system", server


def in_a_process(text: bytes, where: Sequence[object]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *map(str, where)], input=text, capture_output=True, cwd=PROJECT, timeout=LONG, check=False
    )


def test_a_plan_from_a_file_gives_what_a_scan_saves_whatever_becomes_of_standard_input(
    host: str, tmp_path: Path
) -> None:
    (tmp_path / "plan.json").write_bytes(plan(host))

    done = in_a_process(b"", [tmp_path / "plan.json"])
    run(["scan", "-c", host, "--save", str(tmp_path / "saved.json"), "-o", str(tmp_path / "report")])

    collected = json.loads(done.stdout)
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert (done.returncode, done.stderr) == (0, b"")
    assert _without_times(collected["hypervisors"]) == _without_times(saved["hypervisors"])
    assert (tmp_path / "report").exists()


def _without_times(hosts: list[dict[str, object]]) -> list[dict[str, object]]:
    times = {"observed_at", "open_seconds", "read_seconds"}
    return [{key: value for key, value in host.items() if key not in times} for host in hosts]


def test_what_was_collected_is_not_lost_if_standard_output_is_full(host: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(plan(host))

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, str(tmp_path / "plan.json")],
            stdout=full, stderr=subprocess.PIPE, env=os.environ | {"STATE_DIRECTORY": str(tmp_path / "state")},
            cwd=PROJECT, timeout=LONG, text=True, check=False,
        )  # fmt: skip

    (copy,) = (tmp_path / "state").glob("scan-*.json")
    problem = "standard output: can't be written: No space left on device"
    assert done.stderr == f"virtscan: {problem}; the scan is in {copy} (virtscan report)\n"
    assert done.returncode == 74
    assert len(loads(copy.read_bytes(), origin="copy").hypervisors) == 1


def test_a_plan_is_one_line_of_standard_input_that_stays_open(host: str) -> None:
    with subprocess.Popen([*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(plan(host))
        process.stdin.flush()
        answer = process.stdout.read()

    assert process.returncode == 0
    (found,) = loads(answer, origin="").hypervisors
    assert [domain.name for domain in found.domains] == ["web01"]


@pytest.mark.slow
def test_a_closed_standard_input_ends_the_reading_and_everything_that_it_started(host: str) -> None:
    with (
        silent_host() as (silent, server),
        subprocess.Popen([*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(plan(silent, host))
        process.stdin.flush()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(LONG)
            answer, _ = process.communicate(timeout=LONG)
            wait_for_end(connection)

    assert process.returncode == 3
    statuses = [host.status for host in loads(answer, origin="").hypervisors]
    assert statuses[0] is HostStatus.FAILED
    assert b'"code":"interrupted"' in answer


@pytest.mark.slow
def test_slice_at_its_deadline_has_the_items_read_and_a_gap_for_the_rest(host: str, tmp_path: Path) -> None:
    with silent_host() as (silent, server):
        for seconds in deadlines(3):
            (tmp_path / "plan.json").write_bytes(plan(silent, host, run_left=seconds))
            done = in_a_process(b"", [tmp_path / "plan.json"])
            if has_client(server):
                break

    inventory = loads(done.stdout, origin="")
    assert done.returncode == 3
    assert inventory.hypervisors[0].status is HostStatus.FAILED
    (gap,) = (gap for gap in json.loads(done.stdout)["gaps"] if gap["hypervisor"] == "127.0.0.1")
    assert gap["cause"] == {"code": "run-ended", "seconds": 60.0, "started": True}  # the run's, not those left


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (plan("qemu+ext:///x?command=/bin/true"), "if you trust this URI, set allow_unsafe_uri in the plan"),
        (plan("test:///default", "qemu+ext:///x?command=/bin/true"), "plan.json: hypervisors[1]: qemu+ext:///x"),
        (plan("qemu+ssh://-oProxyCommand=x/system"), "begins with '-'"),
        (plan("test:///default").replace(f'"{__version__}"'.encode(), b'"9.9"'), "written by virtscan 9.9"),
        (plan("test:///default").replace(b"plan/1", b"plan/2"), "its schema is 'virtscan.plan/2'"),
        (b"", "empty"),
        (b"{", "not JSON"),
    ],
)
def test_a_plan_that_can_not_be_used_costs_one_line_and_exit_code_2(
    text: bytes, problem: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text)

    assert run(["collect", "--plan", str(path)]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert problem in printed.err
    assert printed.err.count("\n") == 1


def test_standard_input_is_refused_in_the_same_way() -> None:
    done = in_a_process(plan("test:///default").replace(b"plan/1", b"plan/2"), ["-"])

    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


def test_a_folder_a_pipe_and_no_file_at_all_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path, problem in {"/dev/null": "not a regular file", str(tmp_path / "none"): "No such file"}.items():
        assert run(["collect", "--plan", path]) == 2
        assert problem in capfd.readouterr().err
    assert run(["collect", "--plan", str(tmp_path)]) == 2
