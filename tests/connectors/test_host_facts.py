import os
import platform
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import build
from tests.harness.missing import cannot_run
from tests.harness.sshd import Sshd
from virtscan.connectors import host_facts
from virtscan.connectors.reading import Reading
from virtscan.errors import ConnectorError
from virtscan.model import Device, DeviceKind, DeviceName, GapAbout, HostStatus, Target, TargetKind

TIMEOUT = 20.0
FIXTURES = Path(__file__).parents[2] / "fixtures" / "host_facts"


def printed(uname: str) -> str:
    """What the script prints on a host that has no device."""
    return f"@virtscan 1\n@uname\n {uname}\n@vlans\n@links\n@addresses\n@sysfs\n@end\n"


def reading_of(address: str, kernel: str | None = None) -> Reading:
    return Reading(Target(kind=TargetKind.LIBVIRT, address=address, kernel=kernel), name="hv1", uri="hv1")


@pytest.fixture
def links() -> Iterator[str]:
    """A prefix: `b` is a bridge over `v`, one end of a veth, and `m` a macvlan on `w`, its other end."""
    if os.geteuid() != 0:
        cannot_run("only root can make devices")
    prefix = f"vs{uuid.uuid4().hex[:8]}"
    commands = [
        f"link add {prefix}v type veth peer name {prefix}w",
        f"link add {prefix}b type bridge",
        f"link set {prefix}v master {prefix}b",
        f"link add {prefix}m link {prefix}w type macvlan mode bridge",
        f"addr add 192.0.2.77/32 dev {prefix}b",
    ]
    try:
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        yield prefix
    finally:
        for name in (f"{prefix}v", f"{prefix}b"):
            subprocess.run(["ip", "link", "delete", name], check=False)


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file whose content an ssh prints, whatever it is asked; empty at first."""
    answer = tmp_path / "answer"
    answer.touch()
    client = tmp_path / "ssh"
    client.write_text(f'#!/bin/sh\ncat > /dev/null\necho "$@" > "{tmp_path}/asked"\ncat "{answer}"\n')
    client.chmod(0o755)
    monkeypatch.setenv("VIRTSCAN_SSH", str(client))
    return answer


def test_this_machine_runs_the_kernel_that_uname_says() -> None:
    kernel = host_facts.of_this_machine()

    assert kernel is not None
    assert (kernel.value, kernel.source) == (platform.release(), "this machine")


def test_a_machine_that_is_not_linux_has_no_kernel_to_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")  # tests run on Linux only

    assert host_facts.of_this_machine() is None


def test_a_host_tells_its_kernel_over_ssh(sshd: Sshd) -> None:
    answer = host_facts.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=TIMEOUT)

    assert answer.kernel == platform.release()


def test_a_host_that_does_not_know_us_says_so(sshd: Sshd) -> None:
    sshd.authorized_keys.write_text("")

    with pytest.raises(ConnectorError, match="permission denied"):
        host_facts.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("qemu+ssh://root@hv1.example.com:2222/system", ["-l root", "-p 2222", "-- hv1.example.com "]),
        ("qemu+ssh://hv1/system", ["-- hv1 "]),
        ("qemu+ssh://root@[2001:db8::1]/system", ["-l root", "-- 2001:db8::1 "]),
    ],
)
def test_ssh_goes_where_the_uri_leads(answering: Path, address: str, asked: list[str]) -> None:
    answering.write_text(printed("Linux 2.6.32-279.el6.x86_64"))

    answer = host_facts.by_ssh(address, timeout=TIMEOUT)

    arguments = (answering.parent / "asked").read_text()
    assert answer.kernel == "2.6.32-279.el6.x86_64"
    assert all(words in arguments for words in asked)


@pytest.mark.parametrize(
    "uname",
    ["", "FreeBSD 14.0-RELEASE", "Linux", "Linux \x1b[2J", "Linux 6.1\n Welcome", f"Linux {'6' * 101}", "Linux ü"],
)
def test_what_is_no_linux_release_is_not_taken_for_one(answering: Path, uname: str) -> None:
    answering.write_text(printed(uname))

    assert host_facts.by_ssh("qemu+ssh://hv1/system", timeout=TIMEOUT).kernel is None


@pytest.mark.parametrize("answer", ["", "This account is for backups only.\n", "@virtscan 1\n@uname\n Linux 6.1.0\n"])
def test_an_answer_that_is_not_whole_is_none(answering: Path, answer: str) -> None:
    answering.write_text(answer)

    with pytest.raises(ConnectorError, match="does not answer as a shell would"):
        host_facts.by_ssh("qemu+ssh://hv1/system", timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("address", "clue"),
    [
        ("qemu+ssh://root@hv1/system?keyfile=/k", "IdentityFile"),
        ("qemu+ssh://root:secret@hv1/system", "no password belongs"),
        ("qemu+ssh://hv1;reboot/system", "no host for ssh"),
    ],
)
def test_what_ssh_would_not_do_as_libvirt_does_is_refused(answering: Path, address: str, clue: str) -> None:
    with pytest.raises(ConnectorError, match=clue):
        host_facts.by_ssh(address, timeout=TIMEOUT)

    assert not (answering.parent / "asked").exists()


@pytest.mark.parametrize(
    ("address", "declared", "answer", "kernel", "subjects"),
    [
        ("qemu+ssh://hv1/system", None, printed("Linux 6.1.0"), "6.1.0", []),
        ("qemu+ssh://hv1/system", None, printed(""), None, ["hv1 kernel"]),
        ("qemu+ssh://hv1/system", None, "", None, ["hv1 kernel and devices by ssh"]),
        ("qemu+ssh://hv1/system", "2.6.32-279.el6.x86_64", printed("Linux 6.1.0"), "2.6.32-279.el6.x86_64", []),
        ("qemu+ssh://hv1/system", "2.6.32-279.el6.x86_64", printed(""), "2.6.32-279.el6.x86_64", []),
    ],
)
def test_a_kernel_that_is_asked_for_is_delivered_or_missed(
    answering: Path, address: str, declared: str | None, answer: str, kernel: str | None, subjects: list[str]
) -> None:
    answering.write_text(answer)
    reading = reading_of(address, kernel=declared)
    reading.add(build.domain())

    host_facts.read_by_ssh(reading, address, timeout=TIMEOUT)
    hypervisor, gaps = reading.close()

    assert (hypervisor.kernel and hypervisor.kernel.value) == kernel
    assert [(gap.subject, gap.about) for gap in gaps] == [(subject, GapAbout.DEVICE) for subject in subjects]
    assert hypervisor.status is HostStatus.COMPLETE


def test_who_is_not_reached_by_ssh_is_not_asked(answering: Path) -> None:
    reading = reading_of("qemu+tcp://hv1/system")

    host_facts.read_by_ssh(reading, "qemu+tcp://hv1/system", timeout=TIMEOUT)

    assert not reading.has_answered
    assert not (answering.parent / "asked").exists()


def test_a_host_of_rhel_6_tells_what_its_devices_stand_on(answering: Path) -> None:
    answering.write_text((FIXTURES / "rhel6.txt").read_text())
    reading = reading_of("qemu+ssh://hv1/system")
    reading.add(build.domain("web01", build.macvtap("bond2.100")), build.domain("web02", build.bridged("br0")))

    host_facts.read_by_ssh(reading, "qemu+ssh://hv1/system", timeout=TIMEOUT)
    hypervisor, gaps = reading.close()

    assert gaps == ()
    assert hypervisor.kernel is not None
    assert (hypervisor.kernel.value, hypervisor.kernel.source) == ("2.6.32-431.el6.x86_64", "ssh")
    told = {device.name: (device.kind.value, device.backing.value, device.lower) for device in hypervisor.devices}
    assert told == {
        "bond2": ("bond", "unknown", ("eth4", "eth5")),
        "bond2.100": ("vlan", "unknown", ("bond2",)),
        "br0": ("bridge", "unknown", ("eth0", "vnet0")),
        "eth0": ("ethernet", "physical", ()),
        "eth4": ("ethernet", "physical", ()),
        "eth5": ("ethernet", "physical", ()),
        "vnet0": ("ethernet", "virtual", ()),
    }
    (vlan,) = (device for device in hypervisor.devices if device.name == "bond2.100")
    assert (vlan.vlan_id, vlan.addresses, vlan.sources) == (100, ("192.0.2.11/24",), ("ssh",))
    assert vlan.observed_at is not None


def test_libvirt_counts_first_and_a_list_of_all_members_replaces_one_that_may_lack_some(
    answering: Path,
) -> None:
    answering.write_text((FIXTURES / "rhel6.txt").read_text())
    reading = reading_of("qemu+ssh://hv1/system")
    libvirts = Device(name=DeviceName("bond2"), kind=DeviceKind.BOND, lower=(DeviceName("eth4"),), sources=("libvirt",))
    reading.add(build.domain("web01", build.macvtap("bond2.100")), libvirts)

    host_facts.read_by_ssh(reading, "qemu+ssh://hv1/system", timeout=TIMEOUT)
    hypervisor, _ = reading.close()

    told = {device.name: (device.lower, device.sources) for device in hypervisor.devices}
    assert told == {
        "bond2": (("eth4", "eth5"), ("libvirt", "ssh")),
        "bond2.100": (("bond2",), ("ssh",)),
        "eth4": ((), ("ssh",)),
        "eth5": ((), ("ssh",)),
    }


def test_a_live_host_tells_what_its_devices_stand_on(sshd: Sshd, links: str) -> None:
    address = f"qemu+ssh://{sshd.destination}/system"
    reading = reading_of(address)
    reading.add(build.domain("web01", build.bridged(f"{links}b")), build.domain("web02", build.macvtap(f"{links}m")))

    host_facts.read_by_ssh(reading, address, timeout=TIMEOUT)
    hypervisor, gaps = reading.close()

    assert gaps == ()
    told = {device.name: (device.kind.value, device.backing.value, device.lower) for device in hypervisor.devices}
    assert told == {
        f"{links}b": ("bridge", "unknown", (f"{links}v",)),
        f"{links}m": ("macvlan", "virtual", (f"{links}w",)),
        f"{links}v": ("veth", "virtual", ()),
        f"{links}w": ("veth", "virtual", ()),
    }
    (bridge, *_) = hypervisor.devices
    assert bridge.addresses == ("192.0.2.77/32",)
    assert bridge.mac is not None


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("qemu+ssh://root@hv1/system", True),
        ("xen+ssh://hv1/", True),
        ("qemu+ssh:///system", False),
        ("qemu+libssh2://hv1/system", False),
        ("qemu+tcp://hv1/system", False),
        ("qemu:///system", False),
        ("test+ssh://hv1/default", False),
        ("remote+ssh://hv1/?name=test:///default", False),
        ("qemu+ssh://hv1/system?socket=/run/forwarded", False),
        ("qemu+ssh://hv1/system?command=/opt/ssh", False),
    ],
)
def test_only_where_ssh_surely_leads_to_the_hypervisor_it_is_asked(address: str, reached: bool) -> None:
    assert host_facts.is_reached_by_ssh(address) is reached
