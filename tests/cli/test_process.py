"""Signals, crashes and what is left behind, in processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.harness.launching import DEFAULT_SIGNALS, UNMEASURED, VIRTSCAN, wait_for_end
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.ports import port_of, silent_port

pytestmark = pytest.mark.slow

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
START = """
import os, signal, sys, time
from virtscan.cli.process import leftovers, signals, supervision
signals.end_on_signals()
"""
SCAN = f"""{START}
supervision.allow()
crash = supervision.continue_in_child()
"""

END_AT_REPORT = """
while not signals.is_report_wanted():
    time.sleep(0.01)
os._exit(0)
"""


def ended(script: str, *, start: tuple[str, ...] = DEFAULT_SIGNALS) -> subprocess.CompletedProcess[str]:
    command = [*start, sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, cwd=PROJECT, check=False)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_other_commands_than_a_scan_at_once(number: signal.Signals) -> None:
    """Python drops what is raised while an object goes, as it does in the callbacks of its imports."""
    done = ended(f"""{START}
class Deaf:
    def __del__(self):
        os.kill(os.getpid(), {number})
Deaf()
time.sleep({LONG})
""")

    assert (done.returncode, done.stderr) == (-number, "")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_pipe_that_does_not_block_gets_everything(stream: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    text = "x" * 1_000_000
    script = f"""
import sys
from virtscan.cli.process import streams
streams.harden_outputs()
sys.{stream}.write({text!r})
"""
    command = [sys.executable, "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writer, stderr=writer, text=True, cwd=PROJECT)
    os.close(writer)
    assert process.stdin is not None
    with process.stdin as program:
        program.write(script)
    with os.fdopen(reader) as pipe:
        read = pipe.read()

    assert (process.wait(), read) == (0, text)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_removes_temporary_files_and_ends_programs(number: signal.Signals, tmp_path: Path) -> None:
    done = ended(f"""{START}
import pathlib, subprocess
leftovers.add(pathlib.Path({str(tmp_path / "whole")!r})).touch()
subprocess.Popen(["sh", "-c", "sleep 1000 & sleep 1000"])
os.kill(os.getpid(), {number})
""")  # its output ends only when the last program is gone

    assert done.returncode == -number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM"])
def test_a_signal_that_was_ignored_from_the_beginning_stays_so(name: str) -> None:
    """As nohup and the background jobs of a shell script do."""
    script = f"{SCAN}\nfor pid in (os.getpid(), os.getppid()): os.kill(pid, signal.SIG{name})\nprint('still here')"
    done = ended(script, start=(*DEFAULT_SIGNALS, "env", f"--ignore-signal={name}"))

    assert (done.stdout, done.returncode) == ("still here\n", 0)


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1"])
def test_a_signal_that_was_blocked_from_the_beginning_arrives(name: str) -> None:
    number = signal.SIGTERM if name == "USR1" else signal.Signals[f"SIG{name}"]
    script = f"""{SCAN}
os.kill(os.getppid(), {number})
{END_AT_REPORT}"""
    done = ended(script, start=(*DEFAULT_SIGNALS, "env", f"--block-signal={name}"))

    assert done.returncode == 128 + number


def test_a_scan_whose_parent_ignored_the_end_of_children_has_the_exit_code_of_its_process() -> None:
    done = ended(f"{SCAN}\nos._exit(4)", start=(*DEFAULT_SIGNALS, "env", "--ignore-signal=CHLD"))

    assert (done.returncode, done.stderr) == (4, "")


@pytest.mark.parametrize("ignored", [False, True])
def test_an_interrupt_counts_from_the_first_line_on(*, ignored: bool) -> None:
    """An exception that Python raises for it while a class is created ends in exit code 1, which means "at risk"."""
    start = (*DEFAULT_SIGNALS, "env", "--ignore-signal=INT") if ignored else DEFAULT_SIGNALS
    done = ended(
        "import sys\nbefore = set(sys.modules)\nimport virtscan.__main__\nloaded = set(sys.modules) - before\n"
        "print(sorted(loaded - {'_signal'}))\nimport os\nos.kill(os.getpid(), 2)\nprint('still here')",
        start=start,
    )

    assert done.returncode == (0 if ignored else -signal.SIGINT)
    assert done.stderr == ""
    assert not ignored or done.stdout == "['virtscan', 'virtscan.__main__']\nstill here\n"


def test_an_interrupt_while_python_itself_starts_has_the_exit_code_of_python(tmp_path: Path) -> None:
    """Python handles it from its first moment, and reads `site` before any program: none can change the code."""
    (tmp_path / "sitecustomize.py").write_text(f"import os\nos.kill(os.getpid(), {signal.SIGINT:d})\n")

    done = ended("print('begun')", start=(*DEFAULT_SIGNALS, "env", f"PYTHONPATH={tmp_path}"))

    assert (done.stdout, done.returncode) == ("", 1)


@pytest.mark.parametrize("delay", [0, 0.02, 0.05, 0.1, 0.2])
def test_a_signal_during_the_imports_ends_the_process(delay: float, tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [*UNMEASURED, *VIRTSCAN, "report", str(tmp_path / "pipe")], stderr=subprocess.PIPE, text=True
        ) as process:
            _wait_until_it_handles_signals(process.pid)
            time.sleep(delay)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=LONG)
        # As fast as this may be, it can have been over before.
        assert (process.returncode, "Traceback" in stderr) in {(-number, False), (2, False)}


def _wait_until_it_handles_signals(process: int) -> None:
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        has_ended = status["State"].split()[0] == "Z"  # as fast as that, it can have handled them in between
        if has_ended or int(status["SigCgt"], 16) & 1 << (signal.SIGTERM - 1):
            return
    pytest.fail("it handles no signal")


@contextmanager
def silent_scan(folder: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", socket.socket]]:
    """A scan of a host that never answers, when its ssh is there; its connection ends with its ssh."""
    with silent_port() as server:
        uris = [f"qemu+ssh://127.0.0.1:{port_of(server)}/system", "test:///default"]
        command = [*DEFAULT_SIGNALS, *VIRTSCAN, "scan", *(part for uri in uris for part in ("-c", uri))]
        command += ["-o", str(folder / "report"), *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(LONG)
                yield process, connection
            process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_first_signal_reports_what_was_read(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with silent_scan(tmp_path, "--view", "hypervisors", "-v") as (process, connection):
        assert process.stderr is not None
        read = process.stderr.readline()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=LONG)
        wait_for_end(connection)

    report = (tmp_path / "report").read_text()
    note, unread = stderr.splitlines()
    assert process.returncode == code
    assert read.startswith("virtscan: default: ")
    assert note == "virtscan: interrupted; reporting the items read; a second signal ends virtscan immediately"
    assert unread.startswith("virtscan: 127.0.0.1: not read (")
    assert ": interrupted\n" in report
    assert report.endswith(f"; exit code {code}.\n")
    assert "hypervisors: 1 complete, 0 partial, 1 failed" in report
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_also_ends_ssh_interrupts_the_reading_of_its_host(tmp_path: Path, number: signal.Signals) -> None:
    """As Ctrl-C in a terminal."""
    with silent_scan(tmp_path) as (process, _):
        os.killpg(process.pid, number)
        process.communicate(timeout=LONG)

    assert process.returncode == 128 + number
    assert ": interrupted\n" in (tmp_path / "report").read_text()


def test_a_killed_process_takes_its_scan_and_its_ssh_along(tmp_path: Path) -> None:
    with silent_scan(tmp_path) as (process, connection):
        process.kill()
        process.communicate(timeout=LONG)  # its scan had standard error open, too
        wait_for_end(connection)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_after_the_last_work_still_ends_the_process(number: signal.Signals) -> None:
    done = ended(f"""{START}
signals.report_on_first()
code = signals.final_exit_code(0)
os.kill(os.getpid(), {number})
os._exit(code)
""")

    assert (done.returncode, done.stderr) == (-number, "")


def test_a_signal_that_comes_when_the_scan_has_just_ended_counts() -> None:
    done = ended(f"""{START}
wait = os.waitpid
def wait_and_be_interrupted(*arguments):
    ended = wait(*arguments)
    if ended[0]:
        os.kill(os.getpid(), signal.SIGINT)
    return ended
os.waitpid = wait_and_be_interrupted
supervision.allow()
supervision.continue_in_child()
os._exit(0)
""")

    assert done.returncode == 130
    assert done.stderr == "virtscan: interrupted; reporting the items read; a second signal ends virtscan immediately\n"


def test_the_second_signal_ends_a_scan_at_once() -> None:
    script = f"""{SCAN}
os.kill(os.getppid(), signal.SIGTERM)
while not signals.is_report_wanted():
    time.sleep(0.01)
time.sleep(0.3)
os.kill(os.getppid(), signal.SIGTERM)
time.sleep({LONG})
"""
    assert ended(script).returncode == -signal.SIGTERM


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_is_one_signal(second: signal.Signals) -> None:
    """As `timeout` and systemd send it, and a terminal; systemd also sends SIGHUP after SIGTERM."""
    # One process sends both: the time between them counts. A try that took longer than that proves nothing.
    script = f"""{START}
wait = os.waitpid
def send_and_wait(*arguments):
    os.waitpid = wait
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(0, {second})
    return wait(*arguments)
supervision.allow()
for _ in range(100):
    began = time.monotonic()
    scan = os.fork()
    if scan == 0:
        os.setpgid(0, 0)
        os.waitpid = send_and_wait
        supervision.continue_in_child()
        while not signals.is_report_wanted():
            time.sleep(0.01)
        os._exit(0)
    code = os.waitstatus_to_exitcode(wait(scan, 0)[1])
    if code != -{second} or time.monotonic() - began < signals._SAME_SECONDS:
        os._exit(code % 256)
os._exit(1)
"""
    assert ended(script).returncode == 143


def test_a_full_standard_error_does_not_hold_up_a_report() -> None:
    script = f"""{START}
reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, bytes(1 << 16))
except BlockingIOError:
    os.set_blocking(writer, True)
os.dup2(writer, 2)
supervision.allow()
supervision.continue_in_child()
os.kill(os.getppid(), signal.SIGTERM)
{END_AT_REPORT}"""
    assert ended(script).returncode == 143


def test_a_signal_that_comes_while_the_child_begins_is_reported() -> None:
    script = f"""{START}
wait = os.waitpid
def send_and_wait(*arguments):
    os.waitpid = wait
    os.kill(os.getpid(), signal.SIGTERM)
    return wait(*arguments)
supervision.allow()
for _ in range(100):
    scan = os.fork()
    if scan == 0:
        os.waitpid = send_and_wait
        supervision.continue_in_child()
        while not signals.is_report_wanted():
            time.sleep(0.01)
        os._exit(0)
    if os.waitstatus_to_exitcode(wait(scan, 0)[1]) != 143:
        os._exit(1)
os._exit(0)
"""
    assert ended(script).returncode == 0


def test_a_signal_that_another_thread_takes_while_the_child_begins_is_reported() -> None:
    """As one that waits for a database which does not answer."""
    script = f"""{START}
import threading
threading.Thread(target=time.sleep, args=({LONG},), daemon=True).start()
fork = os.fork
def fork_and_be_interrupted():
    child = fork()
    if child:
        os.kill(os.getpid(), signal.SIGTERM)
        while not signals.is_report_wanted():
            time.sleep(0.01)
    return child
os.fork = fork_and_be_interrupted
supervision.allow()
supervision.continue_in_child()
{END_AT_REPORT}"""
    assert ended(script).returncode == 143


def test_a_signal_that_another_thread_takes_while_the_process_waits_is_reported() -> None:
    """Nor does a signal interrupt a wait that begins right after it."""
    script = f"""{START}
import threading
def take():
    time.sleep(0.3)  # until the main thread waits
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=take, daemon=True).start()
supervision.allow()
supervision.continue_in_child()
{END_AT_REPORT}"""
    assert ended(script).returncode == 143


def test_the_second_signal_removes_the_file_that_a_scan_has_begun(tmp_path: Path) -> None:
    script = f"""{_writing_to(tmp_path / "report")}
    crash = supervision.continue_in_child()
    output.write(b"half")
    os.kill(os.getppid(), signal.SIGTERM)
    while not signals.is_report_wanted():
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep({LONG})
"""
    assert ended(script).returncode == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_a_killed_scan_has_begun_is_written_by_its_parent(tmp_path: Path) -> None:
    """The kernel kills a process when memory is short, and a library crashes at any time."""
    done = ended(f"""{_writing_to(tmp_path / "report")}
    for number in (signal.SIGSEGV, signal.SIGKILL):
        if supervision.continue_in_child() is None:
            output.write(b"half")
            os.kill(os.getpid(), number)
    output.write(b"whole")
""")

    assert (done.returncode, done.stderr) == (0, "")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report", "whole")]


def test_a_map_of_pseudonyms_that_a_killed_scan_has_begun_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    done = ended(f"""{START}
from pathlib import Path
from virtscan.cli.output.outputs import PRIVATE, opened
from virtscan.cli.output.redacting import redaction
supervision.allow()
redaction(Path({str(path)!r}))
if supervision.continue_in_child() is None:
    with opened(Path({str(path)!r}), mode=PRIVATE) as output:
        output.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
""")

    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def _writing_to(path: Path) -> str:
    """Return the beginning of a script that opens an output before its scan."""
    return f"""{START}
from pathlib import Path
from virtscan.cli.output.outputs import Outputs
supervision.allow()
with Outputs() as outputs:
    output = outputs.open(Path({str(path)!r}))"""


def test_orphans_of_programs_leave_no_zombies_while_a_scan_goes_on() -> None:
    script = f"""{SCAN}
import pathlib, subprocess
subprocess.run(["sh", "-c", "sleep 0 & exit"])
children = pathlib.Path(f"/proc/{{os.getppid()}}/task/{{os.getppid()}}/children")
while len(children.read_text().split()) > 1:
    time.sleep(0.01)
os._exit(0)
"""
    assert ended(script).returncode == 0


def test_a_scan_has_the_exit_code_of_its_process() -> None:
    assert ended(f"{SCAN}\nos._exit(4)").returncode == 4


def test_programs_that_a_scan_leaves_are_ended_even_those_started_last() -> None:
    script = f"""{SCAN}
import subprocess
subprocess.Popen(["setsid", "sh", "-c", "sleep 1000 & sleep 1000"])
os._exit(0)
"""
    assert ended(script).returncode == 0  # when nothing has its output open


def test_a_scan_starts_no_daemon_of_the_user(tmp_path: Path) -> None:
    """The daemon would start VMs, and would end with them when the scan ends. libvirt starts none for root."""
    user = ("unshare", "--user", "--map-user=1000", "--map-group=1000") if os.geteuid() == 0 else ()
    if subprocess.run([*user, "true"], capture_output=True, check=False).returncode != 0:
        cannot_run("no user namespaces")

    done = subprocess.run(
        [*DEFAULT_SIGNALS, *user, *VIRTSCAN, "scan", "-c", "qemu:///session"],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LONG,
        cwd=PROJECT,
        check=False,
    )

    assert done.returncode == 5
    assert "qemu:///session: Failed to connect socket" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_programs_of_the_shell_that_became_virtscan_go_on(tmp_path: Path) -> None:
    script = f"{SCAN}\nprint('data', flush=True)\nos._exit(0)"
    shell = f'{{ sleep 0.5; cat >{tmp_path}/out; }} <"$0" & exec "$1" -c "$2" >"$0"'
    os.mkfifo(tmp_path / "pipe")
    command = [*DEFAULT_SIGNALS, "sh", "-c", shell, str(tmp_path / "pipe"), sys.executable, script]

    subprocess.run(command, timeout=LONG, cwd=PROJECT, check=True)

    end = time.monotonic() + LONG
    while time.monotonic() < end and not (tmp_path / "out").exists():
        time.sleep(0.01)
    while time.monotonic() < end and not (tmp_path / "out").read_text():
        time.sleep(0.01)
    assert (tmp_path / "out").read_text() == "data\n"


def test_a_crash_of_a_library_is_an_answer_to_the_parent() -> None:
    script = f"""{SCAN}
if crash is None:
    os.kill(os.getpid(), signal.SIGSEGV)
print(crash.name, supervision.continue_in_child(), flush=True)
os._exit(3)
"""
    done = ended(script)

    assert (done.stdout, done.returncode) == ("SIGSEGV None\n", 3)


def test_a_scan_that_crashes_is_read_again_with_one_call_at_a_time(tmp_path: Path) -> None:
    done = _scan_with_a_client_that_crashes(tmp_path, times=1)

    assert done.stderr == "virtscan: libvirt's client library crashed (SIGSEGV); reading again, one call at a time\n"
    assert "hypervisors: 1 complete" in done.stdout


def test_a_scan_that_crashes_twice_reports_everything_as_unread(tmp_path: Path) -> None:
    done = _scan_with_a_client_that_crashes(tmp_path, times=2)

    assert done.returncode == 5
    assert "test:///default: the process that read it was killed by SIGSEGV" in done.stdout


def _scan_with_a_client_that_crashes(folder: Path, times: int) -> subprocess.CompletedProcess[str]:
    """Put a libvirt before the real one that crashes on its first connections."""
    (folder / "libvirt.py").write_text(f"""
import os, pathlib, signal, sys
sys.path.remove({str(folder)!r})
del sys.modules["libvirt"]
import libvirt
real = libvirt.openAuth
def crash(*arguments):
    count = pathlib.Path({str(folder)!r}, "count")
    before = int(count.read_text()) if count.exists() else 0
    count.write_text(str(before + 1))
    if before < {times}:
        os.kill(os.getpid(), signal.SIGSEGV)
    return real(*arguments)
libvirt.openAuth = crash
""")
    return subprocess.run(
        [*DEFAULT_SIGNALS, *VIRTSCAN, "scan", "-c", "test:///default", "--view", "hypervisors"],
        env=os.environ | {"PYTHONPATH": f"{folder}:{PROJECT}"},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
