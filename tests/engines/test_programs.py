import subprocess
import sys
import threading
import time

import pytest

from tests.engines.test_threads import in_a_process
from tests.harness.patience import LONG
from virtscan.engines.programs import end_programs_of


def test_a_thread_that_is_gone_or_was_never_there_has_no_programs() -> None:
    ended, never_started = threading.Thread(target=int), threading.Thread(target=int)
    ended.start()
    ended.join()
    with subprocess.Popen(["sleep", "1000"]) as program:
        for thread in (ended, never_started):
            end_programs_of(thread)

        assert program.poll() is None
        program.kill()


def test_a_program_that_is_starting_others_ends_with_them() -> None:
    """At whatever moment: a fork that has begun is completed after the signal to stop."""
    outputs: list[bytes] = []

    def start_and_end() -> None:
        for number in range(150):
            with subprocess.Popen(["sh", "-c", f"{'sleep 1000 & ' * 3} wait"], stdout=subprocess.PIPE) as program:
                time.sleep(number % 50 * 8e-5)
                end_programs_of(threading.current_thread())
                output, _ = program.communicate(timeout=LONG)  # returns when no process has the pipe open for writing
            outputs.append(output)

    thread = threading.Thread(target=start_and_end)  # of its own: the main thread's programs are shared servers
    thread.start()
    thread.join()

    assert outputs == [b""] * 150


@pytest.mark.slow
def test_a_program_one_of_whose_threads_starts_others_ends_with_them() -> None:
    """The main thread may have stopped, or wait in the kernel, while another one still forks."""
    script = """
import os, threading, time
def start_programs():
    for _ in range(400):
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "1000"])
for _ in range(3):
    threading.Thread(target=start_programs).start()
print(flush=True)
time.sleep(1000)
"""
    left: list[bytes] = []

    def start_and_end() -> None:
        for number in range(60):
            with subprocess.Popen([sys.executable, "-S", "-c", script], stdout=subprocess.PIPE) as program:
                assert program.stdout is not None
                program.stdout.readline()
                time.sleep(number % 30 * 1e-4)
                end_programs_of(threading.current_thread())
                left.append(program.stdout.read())  # returns when no process has the pipe open for writing

    thread = threading.Thread(target=start_and_end)
    thread.start()
    thread.join()

    assert left == [b""] * 60


@pytest.mark.slow
def test_programs_that_end_one_after_the_other_are_all_waited_for() -> None:
    """As on a machine with too much to do."""
    script = """
from virtscan.engines import programs
started = [subprocess.Popen(["sleep", "1000"]).pid for _ in range(5)]
wait, began = os.waitpid, time.monotonic()
def wait_on_a_slow_machine(program, options):
    is_early = time.monotonic() < began + started.index(program)
    return (0, 0) if is_early else wait(program, options)
os.waitpid = wait_on_a_slow_machine
programs.end_all()
print(list(programs._all_children(os.getpid())))
"""

    assert in_a_process(script).stdout == "[]\n"


def test_all_programs_of_a_thread_end_with_their_children() -> None:
    started: list[subprocess.Popen[bytes]] = []
    ready, may_end = threading.Event(), threading.Event()

    def start() -> None:
        commands = (["sleep", "1000"], ["sh", "-c", "sleep 1000 & wait"])
        started.extend(subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands)
        ready.set()
        may_end.wait(LONG)

    # In a thread of its own: the main thread's programs are servers that other tests share.
    thread = threading.Thread(target=start)
    thread.start()
    assert ready.wait(LONG)
    end_programs_of(thread)
    may_end.set()
    thread.join()

    for program in started:
        with program:
            output, _ = program.communicate(timeout=LONG)  # returns when no process has the pipe open for writing
        assert output == b""
