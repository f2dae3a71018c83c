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
    with (
        subprocess.Popen(["sleep", "1000"], stdout=subprocess.PIPE) as one,
        subprocess.Popen(["sh", "-c", "sleep 1000 & wait"], stdout=subprocess.PIPE) as another,
    ):
        end_programs_of(threading.current_thread())

        for program in (one, another):
            output, _ = program.communicate(
                timeout=LONG
            )  # returns when no process with the pipe open for writing is left
            assert output == b""
