import platform
from pathlib import Path

import pytest

from tests.harness.sshd import Sshd
from virtscan.connectors import host_kernel
from virtscan.connectors.reading import Reading
from virtscan.errors import ConnectorError
from virtscan.model import Target, TargetKind

TIMEOUT = 20.0


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
    kernel = host_kernel.of_this_machine()

    assert kernel is not None
    assert (kernel.value, kernel.source) == (platform.release(), "this machine")


def test_a_machine_that_is_not_linux_has_no_kernel_to_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")

    assert host_kernel.of_this_machine() is None


def test_a_host_tells_its_kernel_over_ssh(sshd: Sshd) -> None:
    kernel = host_kernel.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=TIMEOUT)

    assert (kernel.value, kernel.source) == (platform.release(), "ssh")


def test_a_host_that_does_not_know_us_says_so(sshd: Sshd) -> None:
    sshd.authorized_keys.write_text("")

    with pytest.raises(ConnectorError, match="permission denied"):
        host_kernel.by_ssh(f"qemu+ssh://{sshd.destination}/system", timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("qemu+ssh://root@hv1.example.com:2222/system", ["-l root", "-p 2222", "-- hv1.example.com "]),
        ("qemu+ssh://hv1/system", ["-- hv1 "]),
        ("qemu+ssh://root@[2001:db8::1]/system", ["-l root", "-- 2001:db8::1 "]),
    ],
)
def test_ssh_goes_where_the_uri_leads(answering: Path, address: str, asked: list[str]) -> None:
    answering.write_text("Linux 2.6.32-279.el6.x86_64\n")

    kernel = host_kernel.by_ssh(address, timeout=TIMEOUT)

    arguments = (answering.parent / "asked").read_text()
    assert kernel.value == "2.6.32-279.el6.x86_64"
    assert all(words in arguments for words in asked)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "FreeBSD 14.0-RELEASE\n",
        "Linux\n",
        "Linux \x1b[2J\n",
        "Linux 6.1\nWelcome\n",
        f"Linux {'6' * 101}\n",
        "Linux ü\n",
    ],
)
def test_what_is_no_linux_release_is_not_taken_for_one(answering: Path, answer: str) -> None:
    answering.write_text(answer)

    with pytest.raises(ConnectorError, match="no Linux release"):
        host_kernel.by_ssh("qemu+ssh://hv1/system", timeout=TIMEOUT)


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
        host_kernel.by_ssh(address, timeout=TIMEOUT)

    assert not (answering.parent / "asked").exists()


@pytest.mark.parametrize(
    ("address", "declared", "answer", "asked", "kernel", "subjects"),
    [
        ("qemu+ssh://hv1/system", None, "Linux 6.1.0\n", True, "6.1.0", []),
        ("qemu+ssh://hv1/system", None, "", True, None, ["hv1 kernel"]),
        ("qemu+ssh://hv1/system", "2.6.32-279.el6.x86_64", "Linux 6.1.0\n", False, "2.6.32-279.el6.x86_64", []),
        ("qemu+tcp://hv1/system", None, "Linux 6.1.0\n", False, None, []),
    ],
)
def test_a_kernel_that_is_asked_for_is_delivered_or_missed(
    answering: Path,
    address: str,
    declared: str | None,
    answer: str,
    asked: bool,
    kernel: str | None,
    subjects: list[str],
) -> None:
    answering.write_text(answer)
    target = Target(kind=TargetKind.LIBVIRT, address=address, kernel=declared)
    reading = Reading(target, name="hv1", uri="hv1")

    host_kernel.read_by_ssh(reading, address, timeout=TIMEOUT)
    hypervisor, gaps = reading.close()

    assert (hypervisor.kernel and hypervisor.kernel.value) == kernel
    assert [gap.subject for gap in gaps] == subjects
    assert (answering.parent / "asked").exists() is asked


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
    assert host_kernel.is_reached_by_ssh(address) is reached
