"""Processes that save scans, and one that kills such; what is in a database afterwards.

python -m tests.storage.history.writing URL SCOPE COUNT    saves scans, and prints the number of each
python -m tests.storage.history.writing kill URL KILLS     kills others while they do
"""

import os
import random
import signal
import sys
import time
from typing import TextIO

from tests.storage.history.nights import host, night, vm
from virtscan.correlator.judging import judge
from virtscan.model import Inventory
from virtscan.storage.history import open_history

HOSTS = 3

_LONGEST = 200.0
"""Seconds for all kills: a busy machine makes fewer."""


def scan(number: int, scope: str) -> Inventory:
    """A scan that follows from its number: most domains are the same every night, one of each host is not."""
    hosts = (
        host(f"hv{index}", *(vm(10 * index + place, vcpus=1 + number % 7 if place == 3 else 2) for place in range(8)))
        for index in range(HOSTS)
    )
    return night(number, *hosts, scope=scope)


def save_on(url: str, scope: str, count: int, output: TextIO) -> None:
    """Save the next scans of a scope; print the number of each when it is saved."""
    with open_history(url, create=True) as history:
        done = sum(record.scope == scope for record in history.scans())
        for number in range(done + 1, done + count + 1):
            night = scan(number, scope)
            output.write(f"{history.save(night, judge(night))}\n")
            output.flush()


def unbroken(url: str, checked: int = 0) -> tuple[set[int], dict[str, int]]:
    """Read back every scan after one that was checked: each is the one of its place in its scope.

    Returns:
        The numbers of all scans, and how many each scope has.
    """
    counts: dict[str, int] = {}
    with open_history(url) as history:
        records = history.scans()
        for record in records:
            scope = str(record.scope)
            counts[scope] = counts.get(scope, 0) + 1
            if record.number > checked:
                assert history.load(record.number) == scan(counts[scope], scope)
        counted = {
            counts.scan.number: sum(count.findings for count in counts.findings) for counts in history.finding_counts()
        }
    assert all(counted[record.number] == record.interfaces > 0 for record in records)
    return {record.number for record in records}, counts


def kill_often(url: str, kills: int, seed: int) -> None:
    """Kill a process that saves scans at random moments; after each, all scans that it reported are complete."""
    moments = random.Random(seed)
    save_on(url, "fleet", 1, sys.stdout)
    seconds = _seconds(url)
    checked = done = 0
    end = time.monotonic() + _LONGEST
    while done < kills and time.monotonic() < end:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with os.fdopen(writing, "w") as output:
                save_on(url, "fleet", 20, output)
            os._exit(0)
        os.close(writing)
        time.sleep(moments.uniform(0, 4 * seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as said:
            numbers = set(map(int, said.read().split()))
        present, counts = unbroken(url, checked)
        assert numbers <= present
        checked = max(present)
        done += 1
    sys.stdout.write(f"{done} kills, {counts['fleet']} scans\n")


def _seconds(url: str) -> float:
    """Measure what saving takes here and now."""
    began = time.monotonic()
    save_on(url, "fleet", 2, sys.stdout)
    return (time.monotonic() - began) / 2


if __name__ == "__main__":
    if sys.argv[1] == "kill":
        kill_often(sys.argv[2], int(sys.argv[3]), seed=4711)
    else:
        save_on(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.stdout)
