"""The answer of a server: what is whole, what is cut, and what only looks like one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.missing import cannot_run
from virtscan.errors import OffloadError
from virtscan.model import DeviceKind, DeviceName, Machine
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.persistence import Evidence
from virtscan.offload.probe import SCRIPT, parse_answer

NOBODY = 65534
FIXTURES = Path(__file__).parents[2] / "fixtures"

WHOLE = b"""\
@virtscan 1
@uname
 Linux 2.6.32-279.el6.x86_64 #1 SMP Wed Jun 13 18:24:36 EDT 2012
@udev
 147
@devices
 eth0
 eth0.7
 lo
@links
 1: lo: <LOOPBACK,UP> mtu 16436 qdisc noqueue state UNKNOWN \\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
 2: eth0: <UP> mtu 1500 qdisc mq state UP qlen 1000\\    link/ether 52:54:00:AA:BB:CC brd ff:ff:ff:ff:ff:ff
 3: eth0.7@eth0: <UP> mtu 1500 state UP \\    link/ether 52:54:00:aa:bb:cc brd ff:ff\\    vlan id 7 <REORDER_HDR>
@addresses
 2: eth0    inet 10.77.0.5/24 brd 10.77.0.255 scope global eth0
@vlans
 eth0.7         | 7  | eth0
@sysfs
 eth0/device
 eth0/address 52:54:00:aa:bb:cc
 eth0/device/driver ../../../../bus/virtio/drivers/virtio_net
@ethtool eth0
 Features for eth0:
 tx-checksumming: on
@ethtool eth0.7
 Cannot get device tx csum settings: Operation not supported
@dmi
 sys_vendor Red Hat
 product_name KVM
 product_uuid 6645D778-E2C8-44AE-8FA1-DC97FC2556DB
@virtualization
@cgroup
@hypervisor
@reached 10.77.0.5
@file /etc/network/interfaces
 iface eth0 inet dhcp
   offload-tx off
@file /etc/rc.local
@unreadable /etc/NetworkManager/system-connections
@end
"""


def test_a_whole_answer_has_every_fact_in_its_place() -> None:
    answer = parse_answer(WHOLE)
    devices = {device.name: device for device in answer.devices}
    nic, vlan = devices[DeviceName("eth0")], devices[DeviceName("eth0.7")]

    assert answer.features == {
        "eth0": "Features for eth0:\ntx-checksumming: on\n",
        "eth0.7": "Cannot get device tx csum settings: Operation not supported\n",
    }
    assert (nic.mac, nic.driver, nic.addresses) == ("52:54:00:aa:bb:cc", "virtio_net", ("10.77.0.5/24",))
    assert (vlan.kind, vlan.lower, vlan.vlan_id, vlan.lower_complete) == (DeviceKind.VLAN, ("eth0",), 7, True)
    assert (answer.lists_all_devices, answer.reached) == (True, "10.77.0.5")
    assert (answer.machine, answer.system_uuid) == (Machine.VIRTUAL, "6645d778-e2c8-44ae-8fa1-dc97fc2556db")
    assert answer.kernel == "2.6.32-279.el6.x86_64"
    assert answer.evidence == Evidence(
        devices=frozenset({"eth0", "eth0.7", "lo"}),
        files={"/etc/network/interfaces": "iface eth0 inet dhcp\n  offload-tx off\n", "/etc/rc.local": ""},
        unreadable=("/etc/NetworkManager/system-connections",),
        udev=147,
        executable=frozenset(),
    )


@pytest.mark.parametrize(("number", "whole"), [(999, True), (1000, False)])
def test_a_list_at_its_limit_may_have_been_cut(number: int, whole: bool) -> None:
    devices = "".join(f" v{index}\n" for index in range(number))
    links = "".join(f" {index}: v{index}: <UP> mtu 1500\n" for index in range(number))

    assert parse_answer(f"@virtscan 1\n@devices\n{devices}@links\n{links}@end\n".encode()).lists_all_devices is whole


def test_an_old_system_shows_its_bond_and_bridge_in_proc_and_sys() -> None:
    """Those kernels name no bond and no bridge in `ip -d link`."""
    answer = parse_answer((FIXTURES / "host_facts/rhel6.txt").read_bytes())
    devices = {device.name: device for device in answer.devices}

    assert {name: (device.kind, device.lower, device.lower_complete) for name, device in devices.items()} == {
        "bond2": (DeviceKind.BOND, ("eth4", "eth5"), True),
        "bond2.100": (DeviceKind.VLAN, ("bond2",), True),
        "br0": (DeviceKind.BRIDGE, ("eth0", "vnet0"), True),
        **dict.fromkeys(("eth0", "eth4", "eth5", "vnet0"), (DeviceKind.ETHERNET, (), True)),
        "lo": (DeviceKind.UNKNOWN, (), True),
    }
    member = devices[DeviceName("eth5")]
    assert (member.mac, member.permanent_mac) == ("00:1b:21:aa:00:04", "00:1b:21:aa:00:05")


def test_output_of_the_login_shell_itself_is_skipped() -> None:
    noise = b"Welcome!\n@device evil0\n \xff\x00\n"

    assert parse_answer(noise + WHOLE) == parse_answer(WHOLE)


def test_without_ethtool_or_other_facts_the_rest_is_reported() -> None:
    answer = parse_answer(b"@virtscan 1\n@no-ethtool\n@udev\n 9999999\n@end\n")

    assert answer == ServerAnswer(no_features=NoFeatures.NO_ETHTOOL, evidence=Evidence(executable=frozenset()))


def test_an_answer_truncated_anywhere_is_refused() -> None:
    for length in range(len(WHOLE) - len("\n")):
        with pytest.raises(OffloadError, match="the login shell does not run the script"):
            parse_answer(WHOLE[:length])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"", "nothing"),
        (b"This account is currently not available.\n", "This account is currently not available."),
        (b"x" * 10_000, "x" * 200),
    ],
)
def test_an_invalid_answer_is_quoted_in_short(output: bytes, said: str) -> None:
    with pytest.raises(OffloadError) as error:
        parse_answer(output)

    assert str(error.value) == f"the login shell does not run the script; output: {said}"


@given(st.lists(st.sampled_from(WHOLE.splitlines(keepends=True)) | st.binary(max_size=20)).map(b"".join))
def test_any_output_is_parsed_or_refused(output: bytes) -> None:
    try:
        answer = parse_answer(b"@virtscan 1\n" + output + b"\n@end")
    except OffloadError:
        return
    assert {device.mac for device in answer.devices} <= {"52:54:00:aa:bb:cc", None}


# ------------------------------------------------------------------ the script, on a folder that stands for /


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that other users may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "sys/class/net/eth0").mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


def run(root: Path, *, shell: str = "sh", user: int | None = None, connection: str = "") -> ServerAnswer:
    completed = subprocess.run(
        [shell, "-s", "--", "eth0", root],
        input=SCRIPT.encode(),
        check=True,
        capture_output=True,
        user=user,
        env=os.environ | {"SSH_CONNECTION": connection},
    )
    assert not completed.stderr
    return parse_answer(completed.stdout)


def files(answer: ServerAnswer) -> Mapping[str, str]:
    assert answer.evidence is not None
    return answer.evidence.files


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_every_shell_gives_the_same_answer(root: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        cannot_run(f"{shell} is not installed")
    (root / "etc/network").mkdir(parents=True)
    text = "iface eth0 inet dhcp\n\t offload-tx off \\c \\\\ %s $(id)  \n offload-rx off"
    (root / "etc/network/interfaces").write_text(text)

    assert files(run(root, shell=shell)) == {"/etc/network/interfaces": f"{text}\n"}


@pytest.mark.parametrize(
    ("connection", "reached"),
    [("10.0.0.9 50022 10.77.0.1 22", "10.77.0.1"), ("2001:db8::9 50022 2001:db8::5 22", "2001:db8::5"), ("", None)],
)
def test_the_address_that_was_reached_is_the_servers_end_of_the_connection(
    root: Path, connection: str, reached: str | None
) -> None:
    assert run(root, connection=connection).reached == reached


def test_a_file_that_looks_like_an_answer_stays_a_file(root: Path) -> None:
    (root / "etc").mkdir()
    (root / "etc/rc.local").write_text("@end ethtool\n@device evil0 ethtool\n @file /etc/passwd ethtool")
    answer = run(root)

    assert [device.name for device in answer.devices if device.name == "evil0"] == []
    assert answer.evidence is not None
    assert answer.evidence.files == {
        "/etc/rc.local": "@end ethtool\n@device evil0 ethtool\n @file /etc/passwd ethtool\n"
    }


def test_a_name_with_a_line_break_stays_a_name(root: Path) -> None:
    (root / "etc/udev/rules.d").mkdir(parents=True)
    (root / "etc/udev/rules.d/a\n@end").write_text("ethtool")

    assert files(run(root)) == {"/etc/udev/rules.d/a?@end": "ethtool\n"}


def test_files_without_read_permission_are_reported(root: Path) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    profiles = root / "etc/NetworkManager/system-connections"
    scripts = root / "etc/NetworkManager/dispatcher.d"
    profiles.mkdir(parents=True)
    scripts.mkdir()
    (profiles / "eth0.nmconnection").write_text("[ethtool]\nfeature-tx=false\n")
    (profiles / "eth0.nmconnection").chmod(0)
    scripts.chmod(0)

    evidence = run(root, user=user).evidence
    assert evidence is not None
    assert evidence.unreadable == (
        "/etc/NetworkManager/system-connections/eth0.nmconnection",
        "/etc/NetworkManager/dispatcher.d",
    )
    scripts.chmod(0o755)
