"""Jobs as values: they leave the process, and their results come back."""

import multiprocessing
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from tests.build import TAKEN_AT, failure
from tests.readme import PROJECT
from tests.scanning.test_collecting import REFUSED, declared, refused, xml_host
from virtscan.config.default_uri import DefaultUri
from virtscan.config.file.document import read_document
from virtscan.config.merge import Options, make_plan
from virtscan.engines.engine import Job, JobOutcome, Returned
from virtscan.model import (
    Inventory,
    Mac,
    Plan,
    ProvisioningKind,
    ProvisioningTarget,
    Secret,
    ServerTarget,
    SourceKind,
    Target,
    TargetKind,
)
from virtscan.scanning import Limits, collect
from virtscan.scanning.jobs.planning import AnyJob, HostJob, ProvisioningJob, ServerJob, jobs_of

FLEET = PROJECT / "fixtures" / "fleet"
LIMITS = Limits(host_timeout=20, server_macs=frozenset({Mac("52:54:00:00:00:01")}), ssh_facts=True)

T = TypeVar("T")


def host(kind: TargetKind, address: str, facts: str | None = None) -> HostJob:
    return HostJob(target=Target(kind=kind, address=address, facts=facts, segments={"bond0": "a"}), limits=LIMITS)


def server(kind: SourceKind, address: str) -> ServerJob:
    return ServerJob(target=ServerTarget(name="satellite", kind=kind, address=address), limits=LIMITS)


def provisioning(kind: ProvisioningKind, secret: Secret | None = None) -> ProvisioningJob:
    return ProvisioningJob(
        target=ProvisioningTarget(kind=kind, url="http://127.0.0.1:1", user="scan", secret=secret), limits=LIMITS
    )


JOBS: tuple[AnyJob, ...] = (
    host(TargetKind.LIBVIRT, REFUSED),
    host(TargetKind.LIBVIRT, f"test://{FLEET}/ams1-kvm01.xml"),
    host(TargetKind.XML, str(FLEET)),
    host(TargetKind.SOSREPORT, "/nowhere"),
    *(server(kind, "/nowhere" if kind is not SourceKind.SSH else "127.0.0.1:1") for kind in SourceKind),
    *(provisioning(kind) for kind in ProvisioningKind),
)


def test_every_kind_of_target_has_a_job_here() -> None:
    assert {job.target.kind for job in JOBS} == {*TargetKind, *SourceKind, *ProvisioningKind}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.target.kind.value}")
def test_a_job_and_its_result_are_the_same_after_pickling(job: AnyJob) -> None:
    assert pickle.loads(pickle.dumps(job)) == job

    result = pickle.loads(pickle.dumps(job))(60.0)

    assert pickle.loads(pickle.dumps(result)) == result
    failed = job.failed(failure("no route"))
    assert pickle.loads(pickle.dumps(failed)) == failed
    assert b"no route" in msgspec.json.encode(failed)


@pytest.mark.parametrize("kind", ProvisioningKind)
def test_a_secret_does_not_leave_the_process(kind: ProvisioningKind) -> None:
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(provisioning(kind, Secret("s3cret")))


@pytest.mark.parametrize(
    ("job", "stays"),
    [
        (host(TargetKind.LIBVIRT, "qemu+ssh://root@hv1/system"), False),
        (host(TargetKind.LIBVIRT, "qemu://hv1/system"), False),
        (host(TargetKind.LIBVIRT, "qemu+tcp://hv1:16509/system"), False),
        (host(TargetKind.LIBVIRT, "qemu+ssh://hv1/system?socket=/run/libvirt/libvirt-sock-ro"), False),
        (host(TargetKind.LIBVIRT, "qemu+ssh://hv1/system", facts="/var/cache/facts/hv1"), True),
        (host(TargetKind.LIBVIRT, "qemu+ssh://hv1/system?keyfile=/root/.ssh/id"), True),
        (host(TargetKind.LIBVIRT, "qemu://hv1/system?pkipath=/etc/pki/lab"), True),
        (host(TargetKind.LIBVIRT, "qemu+tcp://hv1/system?authfile=/etc/libvirt/lab.conf"), True),
        (host(TargetKind.LIBVIRT, "qemu+libssh2://hv1/system?known_hosts=/root/known"), True),
        (host(TargetKind.LIBVIRT, "qemu+ext://hv1/system"), True),
        (host(TargetKind.LIBVIRT, "qemu+tcp://scan:s3cret@hv1/system"), True),
        (host(TargetKind.LIBVIRT, "qemu+tcp://hv1/system?name=qemu%2Btcp%3A//scan%3As3cret@hv2/system"), True),
        (host(TargetKind.LIBVIRT, "qemu:///system"), True),
        (host(TargetKind.LIBVIRT, "qemu+unix:///system?socket=/run/forwarded"), True),
        *(
            (host(TargetKind.LIBVIRT, f"qemu+tcp://{loopback}/system"), True)
            # Names in the hosts files of Red Hat and Debian, and of RFC 6761.
            for loopback in (
                *("localhost4.localdomain4", "localhost6", "ip6-loopback", "hv1.localhost", "LOCALHOST."),
                *("127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"),
                *("127.1", "127.0.1", "127.1.", "2130706433", "0"),
            )
        ),
        # On another machine, a link-local address is one of another network.
        *(
            (host(TargetKind.LIBVIRT, f"qemu+tcp://{address}/system"), True)
            for address in ("169.254.7.1", "[fe80::1%25eth0]", "[fe80::1]", "[::ffff:169.254.7.1]")
        ),
        (host(TargetKind.LIBVIRT, "qemu+tcp://192.0.2.1/system"), False),
        (host(TargetKind.LIBVIRT, "qemu+tcp://[2001:db8::1]/system"), False),
        (host(TargetKind.LIBVIRT, "test:///etc/hv1.xml"), True),
        (host(TargetKind.LIBVIRT, "an-alias"), True),
        (host(TargetKind.LIBVIRT, ""), True),
        (host(TargetKind.XML, "/srv/hv1"), True),
        (host(TargetKind.SOSREPORT, "/srv/sosreport"), True),
    ],
    ids=lambda value: f"{value.target.kind.value} {value.target}"[:60] if not isinstance(value, bool) else "",
)
def test_a_hypervisor_that_only_this_machine_can_read_is_marked(job: HostJob, stays: bool) -> None:
    assert job.needs_this_machine is stays


def test_servers_come_before_hypervisors_and_an_address_comes_once(tmp_path: Path) -> None:
    target = xml_host(tmp_path / "hv1", "web01")
    plan = Plan(targets=(target, refused(), target), servers=(declared("satellite"),), host_timeout=7, next_start=True)

    jobs = jobs_of(plan)

    assert [type(job) for job in jobs] == [ServerJob, HostJob, HostJob]
    assert {(job.limits.host_timeout, job.limits.next_start, job.limits.in_fleet) for job in jobs} == {(7, True, True)}


class Processes:
    """An engine that runs jobs in other processes, started afresh."""

    def run(
        self,
        jobs: Sequence[Job[T]],
        *,
        job_timeout: float,
        deadline: float,
        on_end: Callable[[int, JobOutcome[T]], None],
        on_start: Callable[[int], None] = lambda _index: None,  # noqa: ARG002 the engine's signature
        is_interrupted: Callable[[], bool] = lambda: False,  # noqa: ARG002 the engine's signature
    ) -> tuple[JobOutcome[T], ...]:
        """Run them, two at once."""
        outcomes: list[JobOutcome[T]] = []
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            for index, pending in enumerate([pool.apply_async(job, (deadline,)) for job in jobs]):
                outcomes.append(Returned(pending.get(job_timeout + deadline)))
                on_end(index, outcomes[-1])
        return tuple(outcomes)


def without_times(inventory: Inventory) -> Inventory:
    """Take out how long it took and when it was observed."""
    hosts = [
        msgspec.structs.replace(host, open_seconds=None, read_seconds=None, observed_at=None, daemon=None)
        for host in inventory.hypervisors
    ]
    return msgspec.structs.replace(inventory, hypervisors=tuple(hosts))


@pytest.mark.slow
@pytest.mark.long
def test_a_fleet_that_is_read_in_other_processes_is_the_same(tmp_path: Path) -> None:
    path = FLEET / "virtscan.toml"
    document = read_document(path.read_text(), path=path, environment={})
    default = DefaultUri("qemu:///system", "the default")
    plan, _warnings = make_plan(document, Options(), folder=FLEET, default_uri=default)
    plan = msgspec.structs.replace(plan, targets=(*plan.targets, xml_host(tmp_path / "ams1-kvm01", "web99")))
    done: list[object] = []

    elsewhere = collect(plan, engine=Processes(), on_progress=done.append, taken_at=TAKEN_AT)

    assert without_times(elsewhere) == without_times(collect(plan, taken_at=TAKEN_AT))
    assert len(elsewhere.hypervisors) == len(plan.targets)
    assert sum(len(host.domains) for host in elsewhere.hypervisors) >= 20
    assert len(done) == len(plan.targets) + len(plan.servers) + len(plan.provisioning)
