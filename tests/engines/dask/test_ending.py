"""Runs that end early: what was read is reported, and nothing goes on on the workers."""

import asyncio
import gc
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.engines.dask.fleet import HERE, far_host, running_slices, silent_host, wait_until_gone
from tests.harness.dask_cluster import Cluster
from tests.harness.launching import DEFAULT_SIGNALS
from tests.harness.libvirtd import Libvirtd
from tests.harness.patience import LONG
from virtscan.engines.dask import Scheduler
from virtscan.engines.dask.link import Link, connect, load
from virtscan.engines.engine import Loss, Lost

pytestmark = pytest.mark.slow


@contextmanager
def relayed(port: int) -> Iterator[tuple[int, threading.Event]]:
    """A way to a port, and what is set when the first connection over it has ended."""
    ended = threading.Event()

    def carry(source: socket.socket, destination: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                destination.sendall(data)
        with suppress(OSError):
            destination.shutdown(socket.SHUT_WR)

    def serve() -> None:
        near, _ = server.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=carry, args=(far, near), daemon=True)
            back.start()
            carry(near, far)
            back.join(LONG)
        ended.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], ended


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_signal_ends_the_slices_and_reports_what_they_have(
    number: signal.Signals, code: int, daemon: Libvirtd, cluster: Cluster, tmp_path: Path
) -> None:
    with silent_host("a") as (silent, server), relayed(daemon.port) as (port, is_read):
        healthy = far_host(daemon, "hv01").address.replace(f"{HERE}:{daemon.port}", f"{HERE}:{port}")
        config = tmp_path / "virtscan.toml"
        config.write_text(
            f"""
            [engine]
            dask = "{cluster.address}"
            [[hypervisor]]
            uris = ["{healthy}", "{silent.address}"]
            site = "a"
            """
        )
        command = [*DEFAULT_SIGNALS, sys.executable, "-m", "virtscan", "scan", "--config", str(config)]
        command += ["--host-timeout", "10m", "--view", "hypervisors", "--format", "json"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT, text=True
        ) as process:
            connection, _ = server.accept()
            slices = running_slices(cluster)
            assert is_read.wait(LONG)
            process.send_signal(number)
            output, messages = process.communicate(timeout=LONG)
            with connection:
                connection.settimeout(LONG)
                while connection.recv(4096):
                    pass
        wait_until_gone(slices)

    assert process.returncode == code
    assert len(slices) == 1
    if number is not signal.SIGKILL:
        assert (
            messages == "virtscan: interrupted; reporting the items read; a second signal ends virtscan immediately\n"
        )
        report = json.loads(output)
        assert {row["hypervisor"]: row["status"] for row in report["rows"]} == {"hv01": "complete", "silent": "failed"}
        assert [gap["reason"] for gap in report["gaps"]] == ["interrupted"]


def test_slices_fail_but_the_run_ends_if_the_system_grants_no_thread() -> None:
    script = f"""
import threading
from virtscan.engines.dask import DaskEngine, Scheduler
from virtscan.model import Plan, Target, TargetKind
from virtscan.scanning import collect
from virtscan.scanning.slices import HostCarrier
from virtscan.views.wording.gaps import reason
threading.stack_size(1 << 44)
targets = tuple(Target(kind=TargetKind.LIBVIRT, address=f"test+tcp://{HERE}:1/{{name}}.xml") for name in "ab")
engine = DaskEngine(Scheduler(address="tcp://127.0.0.1:1"), HostCarrier())
for gap in collect(Plan(targets=targets, deadline={LONG}), engine=engine).gaps:
    print(gap.hypervisor, reason(gap))
"""

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT, timeout=LONG, check=False
    )

    why = "no more threads can be started; raise `ulimit -u`"
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"a {why}\nb {why}\n", "", 0)


def test_a_scheduler_that_accepts_a_connection_and_never_answers_can_not_be_reached() -> None:
    load()

    async def reach(server: socket.socket) -> Link | Lost:
        async with asyncio.timeout(LONG):
            return await connect(Scheduler(address=f"tcp://127.0.0.1:{server.getsockname()[1]}"), 0.5)

    with socket.create_server(("127.0.0.1", 0)) as server:
        lost = asyncio.run(reach(server))

    assert isinstance(lost, Lost)
    assert lost.loss is Loss.NO_SCHEDULER


def test_connecting_that_is_cut_short_leaves_nothing_to_its_finalizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is not closed makes a coroutine as it is freed, which nothing awaits: Python prints that."""
    printed: list[str] = []
    # Only this hook gets what a finalizer raises.
    monkeypatch.setattr(sys, "unraisablehook", lambda seen: printed.append(str(seen.exc_value)))
    load()

    async def leave(server: socket.socket) -> None:
        connecting = asyncio.create_task(connect(Scheduler(address=f"tcp://127.0.0.1:{server.getsockname()[1]}"), LONG))
        with (await asyncio.to_thread(server.accept))[0]:
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)
        asyncio.run(leave(server))
    gc.collect()

    assert printed == []
