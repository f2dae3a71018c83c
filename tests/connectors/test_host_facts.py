import os
import platform
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import build
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.sshd import Sshd
from virtscan.connectors import host_facts
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.errors import ConnectorError
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    GapAbout,
    HostStatus,
    Interface,
    Machine,
    SourceMode,
    Target,
    TargetKind,
)
from virtscan.views.wording.gaps import subject

FIXTURES = Path(__file__).parents[2] / "fixtures" / "host_facts"


def printed(uname: str) -> str:
    """Return the output of the script on a host without a device."""
    return f"@virtscan 1\n@uname\n {uname}\n@vlans\n@links\n@addresses\n@sysfs\n@end\n"


def draft_of(address: str, kernel: str | None = None) -> HostDraft:
    return HostDraft(Target(kind=TargetKind.LIBVIRT, address=address, kernel=kernel), name="hv1", uri="hv1")


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
    """A file whose content a substitute ssh prints for every command; empty at first."""
    answer = tmp_path / "answer"
    answer.touch()
    client = tmp_path / "ssh"
    client.write_text(f'#!/bin/sh\ncat > /dev/null\necho "$@" > "{tmp_path}/asked"\ncat "{answer}"\n')
    client.chmod(0o755)
    monkeypatch.setenv("VIRTSCAN_SSH", str(client))
    return answer


def test_the_kernel_of_this_machine_is_that_of_uname() -> None:
    facts = host_facts.of_this_machine()

    assert facts.kernel is not None
    assert (facts.kernel.value, facts.kernel.source) == (platform.release(), "this machine")
    assert (facts.kernel_build, facts.local) == (platform.version(), True)


def test_the_kernel_of_another_system_than_linux_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")  # tests run on Linux only

    assert host_facts.of_this_machine() == HostFacts(local=True)


def test_the_kernel_of_a_host_is_read_over_ssh(sshd: Sshd) -> None:
    answer = host_facts.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=LONG)

    assert (answer.kernel, answer.kernel_build) == (platform.release(), platform.version())
    assert answer.lists_all_devices


def test_a_refused_key_is_the_reason_of_the_gap(sshd: Sshd) -> None:
    sshd.authorized_keys.write_text("")

    with pytest.raises(ConnectorError, match="login refused"):
        host_facts.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=LONG)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("qemu+ssh://root@hv1.example.com:2222/system", ["-l root", "-p 2222", "-- hv1.example.com "]),
        ("qemu+ssh://hv1/system", ["-- hv1 "]),
        ("qemu+ssh://root@[2001:db8::1]/system", ["-l root", "-- 2001:db8::1 "]),
    ],
)
def test_ssh_goes_where_the_uri_leads(answering: Path, address: str, words: list[str]) -> None:
    answering.write_text(printed("Linux 2.6.32-279.el6.x86_64"))

    answer = host_facts.by_ssh(address, timeout=LONG)

    arguments = (answering.parent / "asked").read_text()
    assert answer.kernel == "2.6.32-279.el6.x86_64"
    assert all(word in arguments for word in words)


@pytest.mark.parametrize(
    "uname",
    ["", "FreeBSD 14.0-RELEASE", "Linux", "Linux \x1b[2J", "Linux 6.1\n Welcome", f"Linux {'6' * 101}", "Linux ü"],
)
def test_an_invalid_linux_release_is_refused(answering: Path, uname: str) -> None:
    answering.write_text(printed(uname))

    assert host_facts.by_ssh("qemu+ssh://hv1/system", timeout=LONG).kernel is None


@pytest.mark.parametrize(
    ("uname", "kernel", "build"),
    [
        (
            "Linux 6.1.0-18-amd64 #1 SMP Debian 6.1.76-1 (2024-02-01)",
            "6.1.0-18-amd64",
            "#1 SMP Debian 6.1.76-1 (2024-02-01)",
        ),
        ("Linux 6.1.0", "6.1.0", None),
        ("Linux 6.1.0 #1 \x1b[2J", None, None),
        (f"Linux 6.1.0 {'#' * 201}", None, None),
    ],
)
def test_a_kernel_has_its_build(answering: Path, uname: str, kernel: str | None, build: str | None) -> None:
    answering.write_text(printed(uname))

    answer = host_facts.by_ssh("qemu+ssh://hv1/system", timeout=LONG)

    assert (answer.kernel, answer.kernel_build) == (kernel, build)


UUID = "4c4c4544-0042-3510-8052-b4c04f4e3731"


@pytest.mark.parametrize(
    ("sections", "machine", "uuid"),
    [
        ("@virt\n none\n", Machine.PHYSICAL, None),
        ("@virt\n kvm\n", Machine.VIRTUAL, None),
        ("@virt\n@dmi sys_vendor\n QEMU\n", Machine.VIRTUAL, None),
        ("@dmi sys_vendor\n Dell Inc.\n@dmi product_name\n R640\n", Machine.PHYSICAL, None),
        (f"@dmi product_uuid\n {UUID.upper()}\n", Machine.UNKNOWN, UUID),
        ("@dmi product_uuid\n 03000200-0400-0500-0006-000700080009\n", Machine.UNKNOWN, None),
        ("", Machine.UNKNOWN, None),
    ],
)
def test_the_machine_of_a_host_is_read(answering: Path, sections: str, machine: Machine, uuid: str | None) -> None:
    answering.write_text(printed("Linux 6.1.0").replace("@vlans", f"{sections}@vlans"))
    draft = draft_of("qemu+ssh://hv1/system")

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        pass
    hypervisor, _ = draft.close()

    assert (hypervisor.machine, hypervisor.system_uuid) == (machine, uuid)


NICS = """@links
 2: eth0: <UP> mtu 1500 state UP
     link/ether 3c:fd:fe:01:01:00 brd ff:ff:ff:ff:ff:ff
 3: macvtap0@eth0: <UP> mtu 1500 state UP
     link/ether 52:54:00:00:00:07 brd ff:ff:ff:ff:ff:ff
     macvtap mode bridge
@sysfs
 bonding_masters
 eth0
 eth0/device
 macvtap0
{}@drivers
 eth0/device/driver virtio_net
"""


@pytest.mark.parametrize(("further", "is_complete"), [("", True), (" eth1\n", False)])
def test_a_device_that_ip_does_not_show_makes_the_list_incomplete(
    answering: Path, further: str, is_complete: bool
) -> None:
    whole = printed("Linux 6.1.0").replace("@links\n@addresses\n@sysfs\n", NICS.format(further))
    answering.write_text(whole)
    draft = draft_of("qemu+ssh://hv1/system")

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        pass
    hypervisor, _ = draft.close()

    devices = {device.name: device for device in hypervisor.devices}
    assert hypervisor.lists_all_devices is is_complete
    assert (devices[DeviceName("eth0")].driver, devices[DeviceName("eth0")].lower_complete) == ("virtio_net", True)
    tap = devices[DeviceName("macvtap0")]
    assert (tap.kind, tap.lower, tap.mode) == (DeviceKind.MACVLAN, ("eth0",), SourceMode.BRIDGE)


def test_a_device_created_beforehand_is_resolved_by_the_list_over_ssh(answering: Path) -> None:
    answering.write_text(printed("Linux 6.1.0").replace("@links\n@addresses\n@sysfs\n", NICS.format("")))
    draft = draft_of("qemu+ssh://hv1/system")
    created = Interface(index=0, type="ethernet", target="macvtap0", managed=False)
    draft.add(build.domain("web01", created))

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        pass
    hypervisor, _ = draft.close()

    assert hypervisor.domains[0].interfaces[0].attachments == (Attachment(DeviceName("eth0"), SourceMode.BRIDGE),)


@pytest.mark.parametrize("answer", ["", "This account is for backups only.\n", "@virtscan 1\n@uname\n Linux 6.1.0\n"])
def test_truncated_answer_is_refused(answering: Path, answer: str) -> None:
    answering.write_text(answer)

    with pytest.raises(ConnectorError, match="does not run the script"):
        host_facts.by_ssh("qemu+ssh://hv1/system", timeout=LONG)


@pytest.mark.parametrize(
    ("address", "clue"),
    [
        ("qemu+ssh://root@hv1/system?keyfile=/k", "IdentityFile"),
        ("qemu+ssh://root:secret@hv1/system", "an SSH address can't have a password"),
        ("qemu+ssh://hv1;reboot/system", "invalid SSH host"),
    ],
)
def test_uris_that_ssh_treats_differently_from_libvirt_are_refused(answering: Path, address: str, clue: str) -> None:
    with pytest.raises(ConnectorError, match=clue):
        host_facts.by_ssh(address, timeout=LONG)

    assert not (answering.parent / "asked").exists()


@pytest.mark.parametrize(
    ("address", "declared", "answer", "kernel", "subjects"),
    [
        ("qemu+ssh://hv1/system", None, printed("Linux 6.1.0"), "6.1.0", []),
        ("qemu+ssh://hv1/system", None, printed(""), None, ["hv1 kernel"]),
        ("qemu+ssh://hv1/system", None, "", None, ["hv1 kernel and devices by ssh"]),
        ("qemu+ssh://hv1/system", "2.6.32-279.el6.x86_64", printed("Linux 6.1.0"), "6.1.0", []),
        ("qemu+ssh://hv1/system", "2.6.32-279.el6.x86_64", printed(""), None, []),
    ],
)
def test_a_requested_kernel_is_read_or_a_gap(
    answering: Path, address: str, declared: str | None, answer: str, kernel: str | None, subjects: list[str]
) -> None:
    answering.write_text(answer)
    draft = draft_of(address, kernel=declared)
    draft.add(build.domain())

    with host_facts.read_by_ssh(draft, address, timeout=LONG):
        pass
    hypervisor, gaps = draft.close()

    assert (hypervisor.kernel and hypervisor.kernel.value) == kernel
    assert hypervisor.declared_kernel == declared
    assert [(subject(gap), gap.about) for gap in gaps] == [(subject, GapAbout.DEVICE) for subject in subjects]
    assert hypervisor.status is HostStatus.COMPLETE


def test_a_host_without_ssh_gets_no_request(answering: Path) -> None:
    draft = draft_of("qemu+tcp://hv1/system")

    with host_facts.read_by_ssh(draft, "qemu+tcp://hv1/system", timeout=LONG):
        pass

    assert not draft.has_answered
    assert not (answering.parent / "asked").exists()


def test_the_host_is_read_over_ssh_while_its_domains_are_read(answering: Path) -> None:
    answering.write_text(printed("Linux 6.1.0"))
    draft = draft_of("qemu+ssh://hv1/system")

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        end = time.monotonic() + LONG
        while not (started := (answering.parent / "asked").exists()) and time.monotonic() < end:
            time.sleep(0.005)
        draft.add(build.domain())
    hypervisor, gaps = draft.close()

    assert started
    assert gaps == ()
    assert (len(hypervisor.domains), hypervisor.kernel and hypervisor.kernel.value) == (1, "6.1.0")


def test_the_lower_devices_of_a_rhel_6_host_are_read(answering: Path) -> None:
    answering.write_text((FIXTURES / "rhel6.txt").read_text())
    draft = draft_of("qemu+ssh://hv1/system")
    draft.add(build.domain("web01", build.macvtap("bond2.100")), build.domain("web02", build.bridged("br0")))

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        pass
    hypervisor, gaps = draft.close()

    assert gaps == ()
    assert hypervisor.kernel is not None
    assert (hypervisor.kernel.value, hypervisor.kernel.source) == ("2.6.32-431.el6.x86_64", "ssh")
    told = {device.name: (device.kind.value, device.backing.value, device.lower) for device in hypervisor.devices}
    assert hypervisor.lists_all_devices
    assert told == {
        "bond2": ("bond", "unknown", ("eth4", "eth5")),
        "bond2.100": ("vlan", "unknown", ("bond2",)),
        "br0": ("bridge", "unknown", ("eth0", "vnet0")),
        "eth0": ("ethernet", "physical", ()),
        "eth4": ("ethernet", "physical", ()),
        "eth5": ("ethernet", "physical", ()),
        "lo": ("unknown", "unknown", ()),
        "vnet0": ("ethernet", "virtual", ()),
    }
    (vlan,) = (device for device in hypervisor.devices if device.name == "bond2.100")
    assert (vlan.vlan_id, vlan.addresses, vlan.sources) == (100, ("192.0.2.11/24",), ("ssh",))
    assert vlan.observed_at is not None


def test_facts_of_libvirt_take_precedence_and_ssh_adds_the_rest(answering: Path) -> None:
    answering.write_text((FIXTURES / "rhel6.txt").read_text())
    draft = draft_of("qemu+ssh://hv1/system")
    libvirts = Device(
        name=DeviceName("bond2"),
        kind=DeviceKind.BOND,
        lower=(DeviceName("eth4"),),
        lower_complete=True,
        sources=("libvirt",),
    )
    draft.add(build.domain("web01", build.macvtap("bond2.100")), libvirts)

    with host_facts.read_by_ssh(draft, "qemu+ssh://hv1/system", timeout=LONG):
        pass
    hypervisor, _ = draft.close()

    told = {str(device.name): (device.lower, device.sources) for device in hypervisor.devices}
    assert told["bond2"] == (("eth4",), ("libvirt", "ssh"))
    assert told["bond2.100"] == (("bond2",), ("ssh",))
    assert told["eth4"] == ((), ("ssh",))


def test_the_lower_devices_of_a_live_host_are_read(sshd: Sshd, links: str) -> None:
    address = f"qemu+ssh://{sshd.destination}/system"
    draft = draft_of(address)
    draft.add(build.domain("web01", build.bridged(f"{links}b")), build.domain("web02", build.macvtap(f"{links}m")))

    with host_facts.read_by_ssh(draft, address, timeout=LONG):
        pass
    hypervisor, gaps = draft.close()

    assert gaps == ()
    told = {
        device.name: (device.kind.value, device.backing.value, device.lower)
        for device in hypervisor.devices
        if device.name.startswith(links)
    }
    assert told == {
        f"{links}b": ("bridge", "unknown", (f"{links}v",)),
        f"{links}m": ("macvlan", "virtual", (f"{links}w",)),
        f"{links}v": ("veth", "virtual", ()),
        f"{links}w": ("veth", "virtual", ()),
    }
    assert hypervisor.lists_all_devices
    (bridge,) = (device for device in hypervisor.devices if device.name == f"{links}b")
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
def test_ssh_is_used_only_if_it_surely_leads_to_the_hypervisor(address: str, reached: bool) -> None:
    assert host_facts.is_reached_by_ssh(address) is reached
