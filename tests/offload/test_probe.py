"""The answer of a server: what is whole, what is cut, and what only looks like one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.missing import cannot_run
from virtscan.errors import OffloadError
from virtscan.offload.persistence import Evidence
from virtscan.offload.probe import SCRIPT, Answer, parse_answer

NOBODY = 65534

WHOLE = b"""\
@virtscan 1
@devices
 eth0
 lo
@device eth0
@ethtool
 Features for eth0:
 tx-checksumming: on
@mac
 52:54:00:AA:BB:CC
@addresses
 2: eth0    inet 10.77.0.5/24 brd 10.77.0.255 scope global eth0
@kernel
 2.6.32-279.el6.x86_64
@udev
 147
@file /etc/network/interfaces
 iface eth0 inet dhcp
   offload-tx off
@file /etc/rc.local
@unreadable /etc/NetworkManager/system-connections
@end
"""


def test_a_whole_answer_has_every_fact_in_its_place() -> None:
    answer = parse_answer(WHOLE, device="eth0")

    assert answer.device == "eth0"
    assert answer.ethtool == "Features for eth0:\ntx-checksumming: on\n"
    assert answer.macs == ("52:54:00:aa:bb:cc",)
    assert answer.addresses == ("10.77.0.5/24",)
    assert answer.kernel == "2.6.32-279.el6.x86_64"
    assert answer.evidence == Evidence(
        files={"/etc/network/interfaces": "iface eth0 inet dhcp\n  offload-tx off\n", "/etc/rc.local": ""},
        unreadable=("/etc/NetworkManager/system-connections",),
        udev=147,
        executable=frozenset(),
    )


def test_what_a_login_shell_prints_of_its_own_is_passed_over() -> None:
    noise = b"Welcome!\n@device evil0\n \xff\x00\n"

    assert parse_answer(noise + WHOLE, device="eth0") == parse_answer(WHOLE, device="eth0")


def test_without_ethtool_or_other_facts_the_rest_is_told() -> None:
    answer = parse_answer(b"@virtscan 1\n@device eth0\n@no-ethtool\n@mac\n@udev\n 9999999\n@end\n", device="eth0")

    assert answer == Answer(
        device=answer.device,
        ethtool=None,
        macs=(),
        addresses=(),
        kernel=None,
        evidence=Evidence(executable=frozenset()),
    )


def test_an_answer_that_was_cut_anywhere_is_none() -> None:
    for length in range(len(WHOLE) - len("\n")):
        with pytest.raises(OffloadError, match="it does not answer as a shell would"):
            parse_answer(WHOLE[:length], device="eth0")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"", "nothing"),
        (b"This account is currently not available.\n", "This account is currently not available."),
        (b"x" * 10_000, "x" * 200),
    ],
)
def test_what_is_no_answer_is_quoted_in_short(output: bytes, said: str) -> None:
    with pytest.raises(OffloadError) as error:
        parse_answer(output, device=None)

    assert str(error.value) == f"it does not answer as a shell would; it says: {said}"


@given(st.lists(st.sampled_from(WHOLE.splitlines(keepends=True)) | st.binary(max_size=20)).map(b"".join))
def test_no_output_does_worse_than_being_refused(output: bytes) -> None:
    try:
        answer = parse_answer(b"@virtscan 1\n" + output + b"\n@end", device="eth0")
    except OffloadError:
        return
    assert set(answer.macs) <= {"52:54:00:aa:bb:cc"}


# ------------------------------------------------------------------ the script, on a folder that stands for /


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that other users may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "sys/class/net/eth0").mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


def run(root: Path, *, shell: str = "sh", user: int | None = None) -> Answer:
    completed = subprocess.run(
        [shell, "-s", "--", "eth0", root], input=SCRIPT.encode(), check=True, capture_output=True, user=user
    )
    return parse_answer(completed.stdout, device="eth0")


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_every_shell_gives_the_same_answer(root: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        cannot_run(f"{shell} is not installed")
    (root / "etc/network").mkdir(parents=True)
    text = "iface eth0 inet dhcp\n\t offload-tx off \\c \\\\ %s $(id)  \n offload-rx off"
    (root / "etc/network/interfaces").write_text(text)

    assert run(root, shell=shell).evidence.files == {"/etc/network/interfaces": f"{text}\n"}


def test_a_file_that_looks_like_an_answer_stays_a_file(root: Path) -> None:
    (root / "etc").mkdir()
    (root / "etc/rc.local").write_text("@end ethtool\n@device evil0 ethtool\n @file /etc/passwd ethtool")
    answer = run(root)

    assert answer.device == "eth0"
    assert answer.evidence.files == {
        "/etc/rc.local": "@end ethtool\n@device evil0 ethtool\n @file /etc/passwd ethtool\n"
    }


def test_a_name_with_a_line_break_stays_a_name(root: Path) -> None:
    (root / "etc/udev/rules.d").mkdir(parents=True)
    (root / "etc/udev/rules.d/a\n@end").write_text("ethtool")

    assert run(root).evidence.files == {"/etc/udev/rules.d/a?@end": "ethtool\n"}


def test_what_may_not_be_read_is_said(root: Path) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    profiles = root / "etc/NetworkManager/system-connections"
    scripts = root / "etc/NetworkManager/dispatcher.d"
    profiles.mkdir(parents=True)
    scripts.mkdir()
    (profiles / "eth0.nmconnection").write_text("[ethtool]\nfeature-tx=false\n")
    (profiles / "eth0.nmconnection").chmod(0)
    scripts.chmod(0)

    assert run(root, user=user).evidence.unreadable == (
        "/etc/NetworkManager/system-connections/eth0.nmconnection",
        "/etc/NetworkManager/dispatcher.d",
    )
    scripts.chmod(0o755)
