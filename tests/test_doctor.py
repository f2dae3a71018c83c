import os
import socket
import sys
from pathlib import Path

import pytest

from tests.build import TAKEN_AT, domain, failure, gap_in_words, hypervisor, server
from virtscan import doctor
from virtscan.doctor import Check, CheckResult
from virtscan.model import (
    DeviceName,
    Gap,
    GapAbout,
    HostStatus,
    Inventory,
    Plan,
    ProvisioningKind,
    ProvisioningTarget,
    State,
    Target,
    TargetKind,
)
from virtscan.model.gaps.causes import NoAnswer
from virtscan.model.gaps.items import ServerItem, System, SystemList
from virtscan.scanning import collect

LOCAL = Target(kind=TargetKind.LIBVIRT, address="qemu:///system")
COBBLER = ProvisioningTarget(kind=ProvisioningKind.COBBLER, url="https://cobbler/cobbler_api")


def of_machine() -> dict[str, Check]:
    return {check.subject: check for check in doctor.of_machine()}


def of_socket(folder: Path) -> Check:
    (check,) = doctor.of_sockets([LOCAL], folder=folder)
    return check


def of_cobbler(*gaps: Gap) -> Check:
    inventory = Inventory(version="0", taken_at=TAKEN_AT, gaps=gaps)
    (check,) = doctor.of_inventory(Plan(provisioning=(COBBLER,)), inventory)
    return check


def test_an_installed_library_is_reported_with_its_version() -> None:
    check = of_machine()[doctor.LIBVIRT]

    assert check.outcome is CheckResult.OK
    assert check.detail.count(".") == 2


def test_without_libvirts_library_nothing_else_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "virtscan.connectors.libvirt.client", raising=False)
    monkeypatch.setitem(sys.modules, "libvirt", None)

    checks = of_machine()
    assert [name for name, check in checks.items() if check.outcome is CheckResult.FAILED] == [doctor.LIBVIRT]
    assert "libvirt-python (python3-libvirt)" in checks[doctor.LIBVIRT].detail


@pytest.mark.parametrize(
    ("command", "outcome", "detail"),
    [
        (sys.executable, CheckResult.OK, sys.executable),
        ("/nowhere/ssh -F x", CheckResult.WARNING, "/nowhere/ssh not found"),
        ("ssh 'x", CheckResult.FAILED, "VIRTSCAN_SSH is not a valid command"),
    ],
)
def test_ssh_is_looked_for_where_it_would_be_started(
    command: str, outcome: CheckResult, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", command)

    check = of_machine()["ssh"]
    assert check.outcome is outcome
    assert detail in check.detail


def test_a_library_that_only_some_scans_need_is_checked_where_one_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    foreman = ProvisioningTarget(kind=ProvisioningKind.FOREMAN, url="https://satellite")
    plan = Plan(provisioning=(foreman,))

    assert {check.outcome for check in doctor.of_machine()} == {CheckResult.OK}
    (check,) = doctor.of_inventory(plan, collect(plan))
    assert check.outcome is CheckResult.FAILED
    assert "requests is not installed; install virtscan[foreman]" in check.detail


@pytest.mark.parametrize("name", ["virtqemud-sock-ro", "libvirt-sock-ro"])
def test_a_socket_with_a_listener_can_be_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(name)
        daemon.listen()

        assert of_socket(Path()).outcome is CheckResult.OK


def test_a_stale_socket_differs_from_a_missing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "start virtqemud or libvirtd" in of_socket(Path()).detail
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind("libvirt-sock-ro")

    check = of_socket(Path())
    assert check.outcome is CheckResult.FAILED
    assert "connection refused" in check.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not")
def test_a_socket_without_permission_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    os.seteuid(65534)
    try:
        check = of_socket(Path("closed"))
    finally:
        os.seteuid(0)

    assert check.outcome is CheckResult.FAILED
    assert "join the group libvirt" in check.detail


def test_a_path_that_is_not_a_socket_is_an_error_and_not_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")

    check = of_socket(Path("loop"))
    assert check.outcome is CheckResult.FAILED
    assert "Too many levels of symbolic links" in check.detail


@pytest.mark.parametrize("address", ["", "qemu:///session", "test:///default", "qemu+tcp://hv1/system"])
def test_other_uris_have_no_socket_of_the_system(address: str) -> None:
    assert doctor.of_sockets([Target(kind=TargetKind.LIBVIRT, address=address)]) == ()


def test_two_uris_of_a_driver_have_one_socket(tmp_path: Path) -> None:
    files = Target(kind=TargetKind.XML, address="qemu:///system")

    assert len(doctor.of_sockets([LOCAL, LOCAL, files], folder=tmp_path)) == 1


@pytest.mark.parametrize(
    ("settings", "user", "warned"),
    [
        ('access_drivers = [ "polkit" ]\n', 1000, True),
        ('max_clients = 5\naccess_drivers=[\n  "polkit",\n]\n', 1000, True),
        ('access_drivers = [ "polkit" ]\n', 0, False),
        ('#access_drivers = [ "polkit" ]\n', 1000, False),
        ("access_drivers = [ ]\nlog_filters = '1:polkit'\n", 1000, False),
        ('access_drivers = [ "none" ]\n', 1000, False),
        ('access_drivers = [ # polkit was tried\n  "none"\n]\n', 1000, False),
        ('access_drivers = [\n  "none",\n  #"polkit"\n]\n', 1000, False),
        ("access_drivers = [ 'polkit' ] # don't change\n", 1000, True),
        ('host_uuid = "#"; access_drivers = [ "polkit" ]\n', 1000, True),
        ('# the "usual\naccess_drivers = [ "polkit" ] # rules"\n', 1000, True),
        ('host_uuid = """\n#"""; access_drivers = [ "polkit" ]\n', 1000, True),
    ],
)
def test_access_rules_that_may_hide_domains_are_a_warning(
    settings: str, user: int, warned: bool, tmp_path: Path
) -> None:
    (tmp_path / "libvirtd.conf").write_text(settings)

    checks = doctor.of_access_rules([LOCAL, LOCAL], user=user, folder=tmp_path)
    assert [check.outcome for check in checks] == [CheckResult.WARNING] * warned
    assert all("virsh list --all" in check.detail and "libvirtd.conf: access_d" in check.detail for check in checks)


def test_settings_that_cannot_be_read_may_have_access_rules(tmp_path: Path) -> None:
    (tmp_path / "virtqemud.conf").mkdir()

    (check,) = doctor.of_access_rules([LOCAL], user=1000, folder=tmp_path)
    assert check.outcome is CheckResult.WARNING
    assert "virtqemud.conf: not a regular file; if access_drivers is set there" in check.detail
    remote = Target(kind=TargetKind.LIBVIRT, address="qemu+ssh://hv1/system")
    assert doctor.of_access_rules([remote], user=1000, folder=tmp_path) == ()


def test_equal_problems_of_several_settings_are_one_warning(tmp_path: Path) -> None:
    (tmp_path / "virtqemud.conf").mkdir()
    (tmp_path / "libvirtd.conf").mkdir()

    (check,) = doctor.of_access_rules([LOCAL], user=1000, folder=tmp_path)
    assert check.detail.startswith(f"{tmp_path}/virtqemud.conf, {tmp_path}/libvirtd.conf: not a regular file; if acc")


def test_a_host_that_was_read_in_part_is_a_warning_with_its_first_gap() -> None:
    gap = gap_in_words(subject="domain web02", reason="vanished", about=GapAbout.DOMAIN, hypervisor="hv1")
    host = hypervisor("hv1", domain(), status=HostStatus.PARTIAL)
    inventory = Inventory(version="0", taken_at=TAKEN_AT, hypervisors=(host,), gaps=(gap,))

    (check,) = doctor.of_inventory(Plan(), inventory)
    assert check.outcome is CheckResult.WARNING
    assert check.detail.endswith("domains read: 1, gaps: 1, first domain web02: vanished")


def test_a_server_that_could_not_be_read_fails_with_its_reason() -> None:
    unread = server("satellite", tx_checksum=State.UNKNOWN, reason=failure("no route"))
    inventory = Inventory(version="0", taken_at=TAKEN_AT, servers=(unread, server("other")))

    checks = doctor.of_inventory(Plan(), inventory)
    assert [check.outcome for check in checks] == [CheckResult.FAILED, CheckResult.OK]
    assert checks[0].detail.endswith("no route")
    assert checks[1].detail == f"{server('other').source}: offload state read"


def test_a_server_with_a_device_of_unknown_state_is_a_warning() -> None:
    item = ServerItem(server="satellite", device=DeviceName("eth1"))
    gap = Gap(item=item, cause=failure("no such device"), about=GapAbout.SERVER)
    servers = (server("satellite"), server("other"))

    checks = doctor.of_inventory(Plan(), Inventory(version="0", taken_at=TAKEN_AT, servers=servers, gaps=(gap,)))
    assert [check.outcome for check in checks] == [CheckResult.WARNING, CheckResult.OK]
    assert checks[0].detail.endswith("no such device")


def test_a_declared_state_is_not_called_read() -> None:
    declared = server("satellite", source="on")
    inventory = Inventory(version="0", taken_at=TAKEN_AT, servers=(declared,))

    assert [check.detail for check in doctor.of_inventory(Plan(), inventory)] == ["offload declared on"]


URL = "https://cobbler/cobbler_api"


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (System(system_kind=ProvisioningKind.COBBLER, system=URL), CheckResult.FAILED),
        (SystemList(system_kind=ProvisioningKind.COBBLER, system=URL, list="get_profiles"), CheckResult.WARNING),
        (System(system_kind=ProvisioningKind.COBBLER, system=f"{URL}2"), CheckResult.OK),
        (System(system_kind=ProvisioningKind.FOREMAN, system=URL), CheckResult.OK),
    ],
)
def test_a_provisioning_system_fails_only_when_all_of_it_is_missing(item: System, outcome: CheckResult) -> None:
    gap = Gap(item=item, cause=NoAnswer(seconds=30), about=GapAbout.PROVISIONING)

    assert of_cobbler(gap).outcome is outcome
