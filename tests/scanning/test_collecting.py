import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.build import TAKEN_AT, domain, hypervisor, inventory, macvtap, server, words
from tests.harness.libvirtd import node
from virtscan import __version__
from virtscan.correlator import correlate
from virtscan.correlator.judging import judge
from virtscan.errors import ConfigError
from virtscan.model import (
    GapAbout,
    HostStatus,
    Inventory,
    LowerDevice,
    Plan,
    Policy,
    ServerTarget,
    SourceKind,
    State,
    Target,
    TargetKind,
    Waiver,
)
from virtscan.scanning import collect
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of

DOMAIN = "<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
REFUSED = "qemu+tcp://127.0.0.1:1/system"


def libvirt_host(folder: Path, name: str, *domains: str) -> Target:
    """A host of the test driver, named after its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.xml"
    file.write_text(node(*(DOMAIN.format(name=domain) for domain in domains)))
    return Target(kind=TargetKind.LIBVIRT, address=f"test://{file}")


def xml_host(folder: Path, *domains: str) -> Target:
    folder.mkdir(parents=True)
    for name in domains:
        (folder / f"{name}.xml").write_text(DOMAIN.format(name=name))
    return Target(kind=TargetKind.XML, address=str(folder))


def refused(address: str = REFUSED) -> Target:
    return Target(kind=TargetKind.LIBVIRT, address=address)


def declared(name: str, state: State | None = State.ON) -> ServerTarget:
    return ServerTarget(name=name, kind=SourceKind.DECLARED, declared=state)


def domains(inventory: Inventory) -> dict[str, list[str]]:
    return {hypervisor.name: [domain.name for domain in hypervisor.domains] for hypervisor in inventory.hypervisors}


def test_results_are_in_the_plans_order_whichever_comes_first(tmp_path: Path) -> None:
    many = [f"vm{number:03d}" for number in range(100)]
    plan = Plan(
        targets=(libvirt_host(tmp_path, "hv1", *many), refused(), xml_host(tmp_path / "hv3", "web01")),
        servers=(declared("first"), declared("second")),
    )

    inventory = collect(plan)

    assert domains(inventory) == {"hv1": many, "127.0.0.1": [], "hv3": ["web01"]}
    assert [hypervisor.status for hypervisor in inventory.hypervisors] == [
        HostStatus.COMPLETE,
        HostStatus.FAILED,
        HostStatus.COMPLETE,
    ]
    assert [server.name for server in inventory.servers] == ["first", "second"]
    assert [(subject_of(gap), gap.about, gap.hypervisor) for gap in inventory.gaps] == [
        (REFUSED, GapAbout.HYPERVISOR, "127.0.0.1")
    ]


def test_a_plan_without_anything_gives_an_inventory_without_anything() -> None:
    inventory = collect(Plan())

    assert (inventory.hypervisors, inventory.servers, inventory.gaps) == ((), (), ())


def test_the_inventory_has_its_time_version_and_policy() -> None:
    policy = Policy(lower_device=LowerDevice.ANY, waivers=(Waiver(reason="ISO"),))

    inventory = collect(Plan(policy=policy), taken_at=TAKEN_AT)

    assert (inventory.taken_at, inventory.version, inventory.policy) == (TAKEN_AT, __version__, policy)


def test_default_time_of_a_scan_is_now_in_whole_seconds() -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    taken_at = collect(Plan()).taken_at

    assert before <= taken_at <= datetime.now(UTC)
    assert taken_at.microsecond == 0


def test_declared_facts_of_a_hypervisor_are_kept(tmp_path: Path) -> None:
    target = Target(
        kind=TargetKind.XML,
        address=xml_host(tmp_path / "hv1", "web01").address,
        name="ams1-hv1",
        site="ams1",
        kernel="2.6.32-279.el6",
        segments={"bond2": "pxe-a"},
        reflective=("bond2",),
        physical=True,
    )

    (host,) = collect(Plan(targets=(target,))).hypervisors

    assert (host.name, host.site, host.segments) == ("ams1-hv1", "ams1", {"bond2": "pxe-a"})
    assert (host.kernel, host.declared_kernel) == (None, "2.6.32-279.el6")
    assert (host.reflective, host.physical) == (("bond2",), True)


def test_an_address_named_twice_is_read_once_with_the_first_declaration(tmp_path: Path) -> None:
    first, second = xml_host(tmp_path / "hv1", "web01"), xml_host(tmp_path / "hv2", "web02")
    again = Target(kind=TargetKind.XML, address=first.address, name="another name")

    inventory = collect(Plan(targets=(first, second, again)))

    assert domains(inventory) == {"hv1": ["web01"], "hv2": ["web02"]}


def test_hypervisors_of_one_name_are_distinguished_by_their_addresses(tmp_path: Path) -> None:
    targets = (
        libvirt_host(tmp_path / "a", "hv1", "web01"),
        xml_host(tmp_path / "b/hv1", "web02"),
        libvirt_host(tmp_path / "a", "hv2", "web03"),
        Target(kind=TargetKind.XML, address=f"{tmp_path}/nowhere/hv1"),
    )

    inventory = collect(Plan(targets=targets))

    assert domains(inventory) == {
        f"hv1 (test://{tmp_path}/a/hv1.xml)": ["web01"],
        f"hv1 (xml:{tmp_path}/b/hv1)": ["web02"],
        "hv2": ["web03"],
        f"hv1 (xml:{tmp_path}/nowhere/hv1)": [],
    }
    assert [gap.hypervisor for gap in inventory.gaps] == [f"hv1 (xml:{tmp_path}/nowhere/hv1)"]


def test_a_number_distinguishes_equal_addresses() -> None:
    targets = tuple(
        refused(f"qemu+tcp://user:{password}@127.0.0.1:1/system") for password in ("s3cret-1", "s3cret-2", "s3cret-3")
    )

    inventory = collect(Plan(targets=targets))

    shown = "127.0.0.1 (qemu+tcp://user:***@127.0.0.1:1/system)"
    assert [hypervisor.name for hypervisor in inventory.hypervisors] == [shown, f"{shown} #2", f"{shown} #3"]
    assert [gap.hypervisor for gap in inventory.gaps] == [shown, f"{shown} #2", f"{shown} #3"]
    assert "s3cret" not in repr(inventory)


def test_a_server_with_unknown_offload_is_a_gap_even_if_it_answered(tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    capture.write_text("Features for eth0:\nrx-checksumming: on\n")
    plan = Plan(
        servers=(
            ServerTarget(name="answered", kind=SourceKind.FILE, address=str(capture)),
            ServerTarget(name="silent", kind=SourceKind.FILE, address=f"{tmp_path}/nothing"),
            declared("known", State.OFF),
        )
    )

    inventory = collect(plan)

    assert [server.tx_checksum for server in inventory.servers] == [State.UNKNOWN, State.UNKNOWN, State.OFF]
    assert [(subject_of(gap), reason_of(gap), gap.about, gap.hypervisor) for gap in inventory.gaps] == [
        (f"server {server.name} ({server.source})", words(server.reason), GapAbout.SERVER, None)
        for server in inventory.servers[:2]
    ]


def test_items_not_started_before_the_end_of_the_run_are_gaps(tmp_path: Path) -> None:
    plan = Plan(targets=(xml_host(tmp_path / "hv1", "web01"),), servers=(declared("satellite"),), deadline=0)

    inventory = collect(plan)

    assert inventory.hypervisors[0].status is HostStatus.FAILED
    assert inventory.servers[0].tx_checksum is State.UNKNOWN
    reason = "not started before the run's deadline of 0 s; raise --deadline"
    assert [reason_of(gap) for gap in inventory.gaps] == [reason, reason]
    assert words(inventory.servers[0].reason) == reason


def test_progress_is_reported_once_for_each_in_the_calling_thread(tmp_path: Path) -> None:
    threads = []

    collect(
        Plan(targets=(refused(), xml_host(tmp_path / "hv1", "web01")), servers=(declared("satellite"),)),
        on_progress=lambda _event: threads.append(threading.current_thread()),
    )

    assert threads == [threading.current_thread()] * 3


class Defective(str):
    """An address that fails where it is read, as a defect of ours would."""

    __slots__ = ()

    def __str__(self) -> str:
        if threading.current_thread().name != "bounded call":
            return "address"
        raise ZeroDivisionError

    def __bool__(self) -> bool:
        return bool(str(self))  # from Python 3.12 on a path no longer converts to text


def test_a_defect_loses_one_item_only_and_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = ServerTarget(name="satellite", kind=SourceKind.FILE, address=Defective())

    inventory = collect(Plan(targets=(xml_host(tmp_path / "hv1", "web01"),), servers=(broken,)))

    assert domains(inventory) == {"hv1": ["web01"]}
    assert [reason_of(gap) for gap in inventory.gaps] == [
        "internal error of virtscan (ZeroDivisionError); please report it"
    ]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_an_invalid_address_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError):
        collect(Plan(targets=(refused("qemu+ssh://-oProxyCommand=x/system"),)))


def test_files_are_read_without_the_c_library(tmp_path: Path) -> None:
    target = xml_host(tmp_path / "hv1", "web01")
    script = f"""
import sys
from virtscan.model import Plan, Target, TargetKind
from virtscan.scanning import collect
found = collect(Plan(targets=(Target(kind=TargetKind.XML, address={target.address!r}),)))
print(len(found.hypervisors[0].domains), "libvirt" in sys.modules)
"""

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("1 False\n", "")


def test_a_sosreport_is_a_hypervisor_like_any_other(tmp_path: Path) -> None:
    files = {"etc/hostname": "hv7\n", "etc/libvirt/qemu/web01.xml": DOMAIN.format(name="web01")}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)

    inventory = collect(Plan(targets=(Target(kind=TargetKind.SOSREPORT, address=str(tmp_path)),)))

    assert domains(inventory) == {"hv7": ["web01"]}
    assert inventory.hypervisors[0].uri == f"sosreport:{tmp_path}"


def test_judging_is_the_decision_table_and_nothing_else() -> None:
    scanned = inventory(hypervisor("hv1", domain("web01", macvtap())), servers=(server(),))

    assert judge(scanned) == correlate(scanned)
    assert len(judge(scanned).findings) == 1


def test_a_server_on_a_hypervisor_that_was_not_scanned_is_warned_about_once() -> None:
    lost = inventory(hypervisor("hv1", domain("web01", macvtap())), servers=(server(runs_on="hv2"),))

    (warning,) = judge(lost).warnings

    assert (subject_of(warning), reason_of(warning)) == (
        "server satellite",
        "runs_on: no hypervisor is named 'hv2'; did you mean 'hv1'?",
    )
