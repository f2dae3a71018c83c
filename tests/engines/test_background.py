"""Calls that nothing waits for, until the end of the process."""

from tests.engines.test_threads import in_a_process
from tests.harness.patience import deadlines


def test_the_end_waits_for_running_calls_but_not_for_hanging_ones() -> None:
    script = """
from virtscan.engines import background
background.call(lambda: (time.sleep(0.3), print("closed")))
background.wait(LONG)
background.call(hang)
background.wait(0.1)
print("end", flush=True)
os._exit(0)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("closed\nend\n", "")


def test_threads_of_hanging_calls_do_not_pile_up() -> None:
    script = """
from virtscan.engines import background
class Connection:
    closed = 0
    def close(self):
        Connection.closed += 1
        hang()
    def __del__(self):
        print("closed beside")
for _ in range(1000):
    background.call(Connection().close)
while Connection.closed < 100:
    time.sleep(0.01)
print(100 < threading.active_count() < 200, background.may_end(), flush=True)
os._exit(0)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("True True\n", "")


def test_a_call_for_which_the_system_grants_no_thread_is_made_at_once_and_holds_up_no_end() -> None:
    script = """
from virtscan.engines import background
limited, called = threading.Event(), threading.Event()
def job():
    limited.wait()
    background.call(lambda: print("closed"))
    background.call(lambda: (called.set(), hang()))
threading.Thread(target=job, daemon=True).start()
threading.stack_size(1 << 44)
limited.set()
called.wait()
background.wait()
print("end", flush=True)
os._exit(0)
"""

    ended = in_a_process(script)

    assert (ended.stdout, ended.stderr) == ("closed\nend\n", "")


def test_jobs_that_find_all_threads_hanging_lose_no_outcome_of_others() -> None:
    script = """
from virtscan.engines.engine import Returned
threading.stack_size(16 << 20)
with open("/proc/self/statm") as memory:
    size = int(memory.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (200 << 20),) * 2)  # room for some ten of them
outcomes = run([lambda: "read"] + [hang] * 40, job_timeout=float(sys.argv[1]), deadline=LONG, on_end=ignore)
print(outcomes[0].value, type(outcomes[-1].error).__name__, flush=True)
os._exit(0)
"""

    for seconds in deadlines(0.2):
        ended = in_a_process(script, str(seconds))
        if "has no attribute 'value'" not in ended.stderr:  # else the first job was late, too
            break

    assert (ended.stdout, ended.stderr) == ("read NoThreadError\n", "")
