"""Slices: which hypervisors travel, in what groups, and that nothing is lost or let out on the way."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.build import TAKEN_AT, domain, failure, hypervisor, inventory
from virtscan import __version__
from virtscan.engines.engine import AnswerError
from virtscan.model import (
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
from virtscan.model.gaps.items import WholeHost
from virtscan.scanning.jobs.planning import HostJob, jobs_of
from virtscan.scanning.slices import LARGEST, HostCarrier, jobs_of_slice, unread_slice
from virtscan.storage import dumps
from virtscan.storage.plan_file import plan_loads

SECRETS = (
    "s3cret-uri",
    "s3cret-token",
    "s3cret-file",
    "S3CRET_VARIABLE",
    "s3cret-keyfile",
    "s3cret-facts",
    "s3cret-user",
)


def libvirt(address: str, site: str | None = None, facts: str | None = None) -> Target:
    return Target(kind=TargetKind.LIBVIRT, address=address, site=site, facts=facts)


def fleet(count: int, site: str | None = None) -> list[Target]:
    return [libvirt(f"qemu+ssh://{site}-hv{number}/system", site) for number in range(count)]


def hosts_of(targets: Sequence[Target], **limits: object) -> list[HostJob]:
    plan = msgspec.structs.replace(Plan(targets=tuple(targets)), **limits)
    return [job for job in jobs_of(plan) if isinstance(job, HostJob)]


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ({"a": 1}, [1]),
        ({"a": LARGEST}, [LARGEST]),
        ({"a": LARGEST + 1}, [30, 31]),
        ({"a": 130, "b": 5, None: 61}, [43, 43, 44, 5, 30, 31]),
        ({None: 2000}, [58, 59]),
    ],
)
def test_a_slice_is_of_one_site_and_has_30_to_60_hosts_where_there_are_as_many(
    counts: dict[str | None, int], sizes: list[int]
) -> None:
    jobs = hosts_of([target for site, count in counts.items() for target in fleet(count, site)])

    slices = HostCarrier().slices(jobs)

    assert {len(slice_.jobs) for slice_ in slices} == set(sizes)
    assert sorted(index for slice_ in slices for index in slice_.jobs) == list(range(len(jobs)))
    assert all({jobs[index].target.site for index in slice_.jobs} == {slice_.site} for slice_ in slices)


def test_a_slice_has_all_facts_of_its_jobs() -> None:
    target = Target(
        kind=TargetKind.LIBVIRT,
        address="qemu+ssh://hv1/system",
        name="one",
        site="ams1",
        kernel="5.14.0",
        segments={"bond2": "a"},
        reflective=("bond2",),
        physical=True,
    )
    server = ServerTarget(name="satellite", kind=SourceKind.LOCAL, macs=(Mac("52:54:00:00:00:01"),))
    plan = Plan(
        targets=(target, libvirt("qemu+tcp://hv2/system")),
        servers=(server,),
        host_timeout=7,
        deadline=70,
        ssh_facts=True,
        next_start=True,
        stats=True,
        allow_unsafe_uri=True,
    )
    jobs = [job for job in jobs_of(plan) if isinstance(job, HostJob)]

    sent = plan_loads(HostCarrier().pack(jobs, 33.0), origin="")

    assert jobs_of_slice(sent) == tuple(jobs)
    assert (sent.run_left, sent.deadline, sent.version) == (33.0, 70.0, __version__)


def test_no_secret_no_server_and_nothing_of_this_machine_is_in_a_slice(tmp_path: Path) -> None:
    plan = Plan(
        targets=(
            libvirt("qemu+ssh://hv1/system"),
            libvirt("qemu+tcp://root:s3cret-uri@hv2/system"),
            libvirt("esx://hv3/?password=s3cret-uri"),
            libvirt("qemu+ssh://hv4/system?keyfile=/s3cret-keyfile"),
            libvirt("qemu+ssh://hv5/system", facts=str(tmp_path / "s3cret-facts")),
            libvirt("qemu:///system"),
            libvirt("qemu+ssh://localhost/system"),
            libvirt("qemu+tcp://127.0.0.1:16510/system"),
            libvirt("qemu+tcp://[::1]/system"),
            libvirt("test:///default"),
            Target(kind=TargetKind.XML, address=str(tmp_path)),
            Target(kind=TargetKind.SOSREPORT, address=str(tmp_path)),
        ),
        servers=(
            ServerTarget(name="satellite", kind=SourceKind.SSH, address="s3cret-user@satellite"),
            ServerTarget(name="here", kind=SourceKind.LOCAL),
        ),
        provisioning=tuple(
            ProvisioningTarget(
                kind=kind,
                url="https://satellite",
                user="s3cret-user",
                secret=Secret("s3cret-token"),
                secret_file="/s3cret-file",
                secret_variable="S3CRET_VARIABLE",
            )
            for kind in ProvisioningKind
        ),
    )
    jobs = jobs_of(plan)

    slices = HostCarrier().slices(jobs)

    (slice_,) = slices
    text = HostCarrier().pack([jobs[index] for index in slice_.jobs], 60.0).decode()
    assert [host["uri"] for host in msgspec.json.decode(text)["hypervisors"]] == ["qemu+ssh://hv1/system"]
    assert [secret for secret in (*SECRETS, "satellite", str(tmp_path)) if secret in text] == []


def test_a_hypervisor_keeps_its_own_name_and_gaps_whatever_its_namesakes_in_the_slice() -> None:
    jobs = hosts_of([libvirt("test+tcp://hv1/a/web.xml"), libvirt("test+tcp://hv2/b/web.xml")])
    answer = dumps(unread_slice(jobs, failure("no route")))
    assert b"web (test" in answer

    results = HostCarrier().unpack(jobs, answer)

    assert [result.hypervisor.name for result in results] == ["web", "web"]
    assert [[(gap.item, gap.hypervisor) for gap in result.gaps] for result in results] == [
        [(WholeHost(uri=job.target.address), "web")] for job in jobs
    ]


def test_a_slice_without_a_domain_is_not_a_gap_of_the_fleet() -> None:
    jobs = hosts_of([libvirt("qemu+ssh://hv1/system")])
    empty = hypervisor("hv1", uri="qemu+ssh://hv1/system")

    (result,) = HostCarrier().unpack(jobs, dumps(inventory(empty)))

    assert result.gaps == ()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "empty"),
        (b"Traceback", "not JSON"),
        (dumps(inventory(hypervisor("hv2", domain("a"), uri="qemu+ssh://hv2/system"))), "other hypervisors"),
        (dumps(inventory()), "other hypervisors"),
        (
            dumps(
                msgspec.structs.replace(
                    inventory(hypervisor("hv1", uri="qemu+ssh://hv1/system")), version="9.9", taken_at=TAKEN_AT
                )
            ),
            "answered by virtscan 9.9",
        ),
    ],
)
def test_an_invalid_answer_is_refused(answer: bytes, problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        HostCarrier().unpack(hosts_of([libvirt("qemu+ssh://hv1/system")]), answer)
