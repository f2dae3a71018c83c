"""`ssh://`, against a real sshd that runs the real script on real devices."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build import words
from tests.harness.missing import cannot_run
from tests.harness.patience import LONG
from tests.harness.sshd import Sshd, running_sshd
from virtscan.config.source import server_target
from virtscan.errors import OffloadError
from virtscan.model import DeviceKind, DeviceName, Server, State
from virtscan.offload import READERS
from virtscan.views.wording.settings import setting_words

pytestmark = pytest.mark.long


def read(sshd: Sshd, interface: str | None = "lo", timeout: float = LONG) -> Server:
    target = server_target("satellite", f"ssh://{sshd.destination}", interface=interface)
    return READERS[target.kind](target, timeout=timeout)


@pytest.fixture
def veth() -> Iterator[str]:
    """A device of our own on this machine, whose offload can be switched."""
    name, peer = f"vsa{os.getpid()}", f"vsb{os.getpid()}"
    made = subprocess.run(
        ["ip", "link", "add", name, "type", "veth", "peer", "name", peer], capture_output=True, check=False, text=True
    )
    if made.returncode != 0:
        cannot_run(f"no veth device can be made here: {made.stderr.strip()}")
    yield name
    subprocess.run(["ip", "link", "delete", name], check=True)


def test_a_device_of_the_server_is_read(sshd: Sshd) -> None:
    server = read(sshd)

    assert server.name == "satellite"
    assert server.source == f"ssh://{sshd.destination}"
    assert server.interface == "lo"
    assert server.tx_checksum is State.ON
    assert server.features["tx-checksum-ip-generic"].fixed
    assert server.reason is None
    assert server.kernel is not None
    assert (server.kernel.value, server.kernel.source) == (os.uname().release, server.source)
    assert server.kernel.observed_at == server.observed_at
    assert server.persistence is not None
    assert (server.persistence.tx_checksum, setting_words(server.persistence.setting)) == (
        State.ON,
        "fixed by the driver",
    )


def test_a_switched_device_is_read_as_it_is_now(sshd: Sshd, veth: str) -> None:
    subprocess.run(["ip", "address", "add", "10.213.7.1/24", "dev", veth], check=True)
    subprocess.run(["ip", "link", "set", veth, "up"], check=True)
    before = read(sshd, veth)
    subprocess.run(["ethtool", "-K", veth, "tx", "off"], check=True, capture_output=True)
    after = read(sshd, veth)

    assert (before.tx_checksum, after.tx_checksum) == (State.ON, State.OFF)
    assert after.macs == (Path(f"/sys/class/net/{veth}/address").read_text().strip(),)
    assert after.addresses == ("10.213.7.1/24",)
    assert after.persistence is not None
    assert after.persistence.tx_checksum is State.ON
    assert "ethtool -K alone is lost at the next reboot" in setting_words(after.persistence.setting)


def test_every_device_of_the_server_is_read(sshd: Sshd, veth: str) -> None:
    subprocess.run(["ethtool", "-K", veth, "tx", "off"], check=True, capture_output=True)
    before = device_names()
    stack = {device.device.name: device for device in read(sshd).devices}
    after = device_names()
    mine = stack[DeviceName(veth)]
    others = {name for name in stack if name.startswith("vs")}  # other tests make devices and remove them

    assert before & after <= {*stack} <= before | after | others
    assert (mine.device.kind, mine.offload.tx_checksum) == (DeviceKind.VETH, State.OFF)


def device_names() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir() if path.is_dir()}


def test_one_login_brings_everything(sshd: Sshd) -> None:
    read(sshd)

    assert sshd.log.read_text().count("Accepted publickey") == 1


def test_output_of_the_login_shell_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sshd(tmp_path, 'ForceCommand echo Welcome; exec sh -c "$SSH_ORIGINAL_COMMAND"') as sshd:
        monkeypatch.setenv("VIRTSCAN_SSH", str(sshd.client))

        assert read(sshd).tx_checksum is State.ON


def test_a_login_without_a_shell_is_reported_with_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sshd(tmp_path, "ForceCommand echo This account is for backups only.") as sshd:
        monkeypatch.setenv("VIRTSCAN_SSH", str(sshd.client))

        with pytest.raises(OffloadError, match=r"output: This account is for backups only\."):
            read(sshd)


def test_without_ethtool_the_state_is_unknown_and_the_kernel_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "mount -t tmpfs none /usr/sbin && mount -t tmpfs none /sbin"
    if subprocess.run(["unshare", "-m", "sh", "-c", hidden], check=False, capture_output=True).returncode != 0:
        cannot_run("hiding ethtool takes a mount namespace, which is not allowed here")
    command = f"unshare -m sh -c '{hidden} && exec sh -c \"$SSH_ORIGINAL_COMMAND\"'"
    with running_sshd(tmp_path, f"ForceCommand {command}") as sshd:
        monkeypatch.setenv("VIRTSCAN_SSH", str(sshd.client))
        server = read(sshd)

    assert server.tx_checksum is State.UNKNOWN
    assert words(server.reason) == "ethtool not found; install it"
    assert server.kernel is not None
    assert server.interface == "lo"


def test_no_such_device_names_those_that_there_are(sshd: Sshd) -> None:
    with pytest.raises(OffloadError, match=r"nosuch0: no such device; devices: .*\blo\b"):
        read(sshd, "nosuch0")


def test_a_failure_of_ssh_is_the_reason(sshd: Sshd) -> None:
    sshd.known_hosts.write_text("")
    with pytest.raises(OffloadError, match=r"^ssh: unknown host key; log in once manually"):
        read(sshd)
    sshd.know(sshd.host_key)
    sshd.authorized_keys.write_text("")
    with pytest.raises(OffloadError, match=r"^ssh: login refused; set up a key"):
        read(sshd)
    sshd.stop()
    with pytest.raises(OffloadError, match=r"^ssh: connection refused"):
        read(sshd)


def test_a_server_that_accepts_and_stays_silent_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "ssh -F /dev/null")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = server_target("satellite", f"ssh://127.0.0.1:{listener.getsockname()[1]}", interface="lo")

        with pytest.raises(OffloadError, match=r"^ssh: (timeout|no answer within 1\.5 s)"):  # ssh has a limit, too
            READERS[target.kind](target, timeout=1.5)
