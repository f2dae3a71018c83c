"""Hosts that hang in every way that is known: the others are complete, and the process ends."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tests.build import words
from tests.harness.launching import VIRTSCAN
from tests.harness.libvirtd import Libvirtd, node, running_libvirtd
from tests.harness.patience import LONG, deadlines
from tests.harness.ports import port_of, silent_port
from tests.harness.rpc_proxy import Call, Procedure, RpcProxy, proxy_to
from virtscan.model import HostStatus, Hypervisor, Inventory, State
from virtscan.storage import loads
from virtscan.views.wording.gaps import reason

pytestmark = pytest.mark.slow

HEALTHY = ("healthy1", "healthy2", "healthy3")
HANGING = ("frozen", "stuck")
DOMAINS = tuple(f"vm{number:02d}" for number in range(20))
ANSWERED = 7
LATE = "no answer within {} s; check the host, or raise --host-timeout"
"""Calls for a domain's document that a host answers before it hangs."""

ENDS = LONG
"""Seconds after which a scan that should have ended long ago has failed the test."""


def definition(name: str) -> str:
    return f"<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os></domain>"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Libvirtd]:
    with running_libvirtd() as running:
        yield running


class Scan(msgspec.Struct, frozen=True):
    """The result of a scan; `limit` is the time of each host in seconds."""

    limit: str
    exit_code: int
    stdout: str
    stderr: str
    inventory: Inventory

    def host(self, name: str) -> Hypervisor:
        (host,) = [hypervisor for hypervisor in self.inventory.hypervisors if hypervisor.name == name]
        return host

    def reasons(self, name: str) -> list[str]:
        return [reason(gap) for gap in self.inventory.gaps if gap.hypervisor == name]


def scan(folder: Path, uris: Sequence[str], *options: str, host_timeout: float = LONG) -> Scan:
    """Run the program and wait for it to end."""
    saved = folder / "saved.json"
    connections = [argument for uri in uris for argument in ("-c", uri)]
    limit = f"{host_timeout:g}"
    report = ("--view", "hypervisors", "--format", "json")
    ran = subprocess.run(
        [*VIRTSCAN, "scan", *connections, *options, f"--host-timeout={limit}s", *report, "--save", saved],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENDS,
        check=False,
    )
    assert saved.exists(), ran.stderr
    return Scan(limit, ran.returncode, ran.stdout, ran.stderr, loads(saved.read_bytes(), origin=str(saved)))


def never_answered(proxy: RpcProxy, number: int) -> None:
    """Hold back the reply to this call for a domain's document, as a lock that never becomes free does."""
    proxy.answers[Procedure.DOMAIN_XML] = lambda _: b"" if proxy.calls[Procedure.DOMAIN_XML] == number else None


@pytest.fixture(scope="module")
def fleet(daemon: Libvirtd, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """One scan of healthy hosts among all that hang."""
    folder = tmp_path_factory.mktemp("fleet")
    for seconds in deadlines(5):
        found = scan_of_a_fleet(daemon, folder, seconds)
        are_complete = all(found.host(name).status is HostStatus.COMPLETE for name in HEALTHY)
        if are_complete and all(found.host(name).domains for name in HANGING):
            break
    return found


def scan_of_a_fleet(daemon: Libvirtd, folder: Path, seconds: float) -> Scan:
    host = node(*(definition(name) for name in DOMAINS))
    for name in ("healthy1", "healthy2"):
        (folder / f"{name}.xml").write_text(host)
    with ExitStack() as stack:
        silent, silent_ssh, silent_server = (stack.enter_context(silent_port()) for _ in range(3))
        frozen = stack.enter_context(running_libvirtd())
        to_frozen = stack.enter_context(proxy_to(frozen.socket))
        to_stuck = stack.enter_context(proxy_to(daemon.socket))

        def freeze(_: Call) -> None:
            if to_frozen.calls[Procedure.DOMAIN_XML] > ANSWERED:
                frozen.stop()

        to_frozen.answers[Procedure.DOMAIN_XML] = freeze
        never_answered(to_stuck, ANSWERED + 1)
        definitions = [definition(name) for name in DOMAINS]
        return scan(
            folder,
            [
                f"test://{folder}/healthy1.xml",
                f"test+tcp://127.0.0.1:{port_of(silent)}/silent.xml",
                f"qemu+ssh://127.0.0.1:{port_of(silent_ssh)}/system",
                frozen.unix(frozen.definitions("frozen", *definitions), socket=to_frozen.socket),
                daemon.unix(daemon.definitions("stuck", *definitions), socket=to_stuck.socket),
                "qemu+tcp://localhost:1/system",
                daemon.tcp(daemon.definitions("healthy3", *definitions)),
                f"test://{folder}/healthy2.xml",
            ],
            f"--server=satellite:eth0=ssh://127.0.0.1:{port_of(silent_server)}",
            host_timeout=seconds,
        )


@pytest.mark.long
def test_the_process_ends_and_prints_nothing_after_its_report(fleet: Scan) -> None:
    assert fleet.stderr == ""
    assert fleet.stdout.endswith("}\n")
    assert len(json.loads(fleet.stdout)["rows"]) >= 8
    assert fleet.exit_code == 3


@pytest.mark.parametrize("name", HEALTHY)
def test_hosts_beside_those_that_hang_are_complete(fleet: Scan, name: str) -> None:
    host = fleet.host(name)

    assert host.status is HostStatus.COMPLETE
    assert tuple(domain.name for domain in host.domains) == DOMAINS


@pytest.mark.parametrize("name", ["silent", "127.0.0.1"])
def test_a_port_that_accepts_and_stays_silent_ends_at_the_hosts_deadline(fleet: Scan, name: str) -> None:
    assert fleet.host(name).status is HostStatus.FAILED
    assert fleet.reasons(name) == [LATE.format(fleet.limit)]


@pytest.mark.parametrize("name", HANGING)
def test_the_facts_of_a_host_that_hangs_are_kept(fleet: Scan, name: str) -> None:
    host = fleet.host(name)

    assert host.status is HostStatus.PARTIAL
    assert 0 < len(host.domains) < len(DOMAINS)  # how many depends on how many calls were made at once
    assert host.cpus == 16
    read = f"domains read before that: {len(host.domains)}"
    assert fleet.reasons(name) == [f"stopped at its deadline of {fleet.limit} s; raise --host-timeout; {read}"]


def test_a_port_that_refuses_does_not_wait_for_the_deadline(fleet: Scan) -> None:
    (reason,) = fleet.reasons("localhost")

    assert fleet.host("localhost").status is HostStatus.FAILED
    assert "Connection refused" in reason


def test_a_server_that_stays_silent_is_unknown_at_its_deadline(fleet: Scan) -> None:
    (server,) = fleet.inventory.servers

    assert server.tx_checksum is State.UNKNOWN
    # ssh has the same limit, and may reach it first.
    assert words(server.reason) in {LATE.format(fleet.limit), f"ssh: no answer within {fleet.limit} s"}
    assert words(server.reason) in [reason(gap) for gap in fleet.inventory.gaps]


@pytest.mark.long
def test_a_call_that_never_returns_on_a_single_host_costs_one_domain(daemon: Libvirtd, tmp_path: Path) -> None:
    # Once in some hundred times libvirt's client sends a call only with the next reply (see most_at_once), which here
    # never comes.
    lost = (lost_to_a_call_that_never_returns(daemon, tmp_path, seconds) for seconds in (3, 3, *deadlines(3)))

    assert 1 in lost


def lost_to_a_call_that_never_returns(daemon: Libvirtd, tmp_path: Path, seconds: float) -> int:
    """Return the number of domains that a scan of a single host lacks."""
    host = daemon.definitions("single", *(definition(name) for name in DOMAINS))
    with proxy_to(daemon.socket) as proxy:
        never_answered(proxy, 3)
        found = scan(tmp_path, [daemon.unix(host, socket=proxy.socket)], host_timeout=seconds)
    read = len(found.host("single").domains)
    if not read:
        return len(DOMAINS)  # the deadline was too short on a busy machine
    assert found.host("single").status is HostStatus.PARTIAL
    stopped = f"stopped at its deadline of {seconds:g} s; raise --host-timeout"
    assert found.reasons("single") == [f"{stopped}; domains read before that: {read}"]
    return len(DOMAINS) - read


def test_a_host_that_never_answers_the_close_has_been_read(daemon: Libvirtd, tmp_path: Path) -> None:
    host = daemon.definitions("open", *(definition(name) for name in DOMAINS))
    with proxy_to(daemon.socket) as proxy:
        proxy.answers[Procedure.CLOSE] = lambda _: b""
        found = scan(tmp_path, [daemon.unix(host, socket=proxy.socket)])

    assert proxy.calls[Procedure.CLOSE] == 1
    assert (found.host("open").status, found.inventory.gaps) == (HostStatus.COMPLETE, ())


@pytest.mark.long
def test_the_runs_deadline_ends_the_scan_with_a_report_of_the_facts_read(daemon: Libvirtd, tmp_path: Path) -> None:
    healthy = daemon.definitions("healthy", *(definition(name) for name in DOMAINS))
    with silent_port() as silent:
        hosts = [daemon.tcp(healthy), f"test+tcp://127.0.0.1:{port_of(silent)}/silent.xml"]
        for seconds in deadlines(3):
            found = scan(tmp_path, hosts, f"--deadline={seconds:g}s", host_timeout=LONG)
            if found.host("healthy").status is HostStatus.COMPLETE:
                break

    assert found.host("healthy").status is HostStatus.COMPLETE
    assert found.reasons("silent") == [f"stopped at the run's deadline of {seconds:g} s; raise --deadline"]
    assert (found.stderr, found.exit_code) == ("", 3)
