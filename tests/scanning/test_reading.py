"""Readers by themselves, without an engine: each ends at its own deadline with a closed result."""

import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.build import words
from tests.harness.launching import has_client
from tests.harness.libvirtd import Libvirtd, node, running_libvirtd
from tests.harness.patience import LONG, deadlines
from tests.harness.ports import port_of, silent_port
from tests.harness.rpc_proxy import Call, Procedure, RpcProxy, proxy_to
from tests.scanning.test_collecting import DOMAIN, refused
from virtscan.model import (
    HostStatus,
    ProvisioningKind,
    ProvisioningTarget,
    ServerTarget,
    SourceKind,
    State,
    Target,
    TargetKind,
)
from virtscan.scanning import Limits, read_host, read_provisioning, read_server
from virtscan.views.wording.gaps import reason

pytestmark = pytest.mark.slow

SHORT = 1.0
"""Seconds for a deadline that is meant to pass; long enough for a host nearby where the machine is idle."""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Libvirtd]:
    with running_libvirtd() as running:
        yield running


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with silent_port() as server:
        yield server


def test_a_host_that_refuses_has_failed_with_the_reason() -> None:
    result = read_host(refused(), Limits())

    assert result.hypervisor.status is HostStatus.FAILED
    assert "Connection refused" in reason(result.gaps[0])


def test_a_host_in_time_has_no_gap(tmp_path: Path) -> None:
    (tmp_path / "hv1.xml").write_text(node(DOMAIN.format(name="web01")))

    result = read_host(Target(kind=TargetKind.LIBVIRT, address=f"test://{tmp_path}/hv1.xml"), Limits())

    assert (result.hypervisor.status, result.gaps) == (HostStatus.COMPLETE, ())


def test_a_host_that_hangs_in_the_middle_is_closed_at_its_deadline_and_then_does_not_change(daemon: Libvirtd) -> None:
    names = [f"vm{number}" for number in range(10)]
    host = daemon.definitions("slow", *(DOMAIN.format(name=name) for name in names))
    for seconds in deadlines(SHORT):
        release = threading.Event()
        before = set(threading.enumerate())
        with proxy_to(daemon.socket) as proxy:
            target = Target(kind=TargetKind.LIBVIRT, address=daemon.unix(host, socket=proxy.socket))
            proxy.answers[Procedure.DOMAIN_XML] = partial(hang, proxy, release)
            result = read_host(target, Limits(host_timeout=seconds, in_fleet=True))
            closed = msgspec.json.encode(result)
            release.set()
            for late in set(threading.enumerate()) - before:
                if late.name == "bounded call":
                    late.join(LONG)
        if result.hypervisor.domains:
            break

    assert result.hypervisor.status is HostStatus.PARTIAL
    assert 0 < len(result.hypervisor.domains) < len(names)
    assert reason(result.gaps[0]) == (
        f"stopped at its deadline of {seconds:g} s; raise --host-timeout; "
        f"domains read before that: {len(result.hypervisor.domains)}"
    )
    assert msgspec.json.encode(result) == closed


def hang(proxy: RpcProxy, release: threading.Event, _: Call) -> None:
    """Answer for three domains."""
    if proxy.calls[Procedure.DOMAIN_XML] > 3:
        release.wait(LONG)


def test_a_server_that_is_silent_when_the_run_ends_is_unknown_and_its_ssh_is_gone(silent: socket.socket) -> None:
    target = ServerTarget(name="satellite", kind=SourceKind.SSH, address=f"127.0.0.1:{port_of(silent)}")

    for seconds in deadlines(SHORT):
        server = read_server(target, Limits(host_timeout=LONG, deadline=60, run_left=seconds))
        if has_client(silent):
            break

    assert (server.tx_checksum, words(server.reason)) == (
        State.UNKNOWN,
        "stopped at the run's deadline of 60 s; raise --deadline",
    )
    with silent.accept()[0] as connection:
        connection.settimeout(LONG)
        while connection.recv(4096):  # until ssh is gone
            pass


def test_a_provisioning_system_that_is_silent_is_a_gap_before_the_run_ends(silent: socket.socket) -> None:
    url = f"http://127.0.0.1:{port_of(silent)}"
    target = ProvisioningTarget(kind=ProvisioningKind.COBBLER, url=url)

    records = read_provisioning(target, Limits(host_timeout=LONG, run_left=SHORT))

    assert [reason(gap) for gap in records.gaps] == ["no answer within 0.9 s"]


def test_a_host_that_is_silent_is_a_gap_at_its_deadline(silent: socket.socket) -> None:
    address = f"test+tcp://127.0.0.1:{port_of(silent)}/default"

    result = read_host(Target(kind=TargetKind.LIBVIRT, address=address), Limits(host_timeout=SHORT))

    assert result.hypervisor.status is HostStatus.FAILED
    assert [reason(gap) for gap in result.gaps] == ["no answer within 1 s; check the host, or raise --host-timeout"]
