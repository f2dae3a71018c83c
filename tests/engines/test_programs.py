import subprocess
import threading

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
