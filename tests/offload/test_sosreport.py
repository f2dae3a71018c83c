"""Servers read from their own sosreports."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sosreport.build import COMPRESSIONS, ROOT, Compression, Link, as_archive, as_folder
from virtscan.errors import OffloadError
from virtscan.model import Server, State
from virtscan.offload import READERS
from virtscan.offload.source import server_target

NETWORKING = "sos_commands/networking/"
ON = "rx-checksumming: on\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: on\n"
OFF = ON.replace(": on", ": off")
CARD = "driver: virtio_net\nbus-info: 0000:00:03.0\n"


def link(number: int, name: str, *rest: str, master: str = "") -> str:
    under = f" master {master}" if master else ""
    lines = "".join(f"    {line}\n" for line in rest)
    return (
        f"{number}: {name}: <UP> mtu 1500{under} state UP\n    link/ether 52:54:00:00:00:0{number} brd ff:ff\n{lines}"
    )


def features(device: str, text: str = ON) -> dict[str, str]:
    return {f"{NETWORKING}ethtool_-k_{device}": f"Features for {device}:\n{text}"}


ONE_CARD: dict[str, str | bytes | Link] = {
    "sos_commands/date/date": "Thu Feb 10 16:19:19 UTC 2022\n",
    "sos_commands/kernel/uname_-a": "Linux satellite 5.4.0-97-generic #1 SMP\n",
    f"{NETWORKING}ip_-d_address": link(1, "lo") + link(2, "eth0", "inet 10.77.0.2/24 scope global eth0"),
    f"{NETWORKING}ethtool_-i_eth0": CARD,
    **features("lo"),
    **features("eth0"),
}


def read(path: Path, tree: dict[str, str | bytes | Link], interface: str | None = None) -> Server:
    target = server_target("satellite", f"sosreport:{as_folder(path / 'report', tree)}", interface=interface)
    return READERS[target.kind](target, timeout=30)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("interface", ["eth0", None])
def test_a_report_tells_all_about_the_device_that_is_named_or_the_only_one(
    tmp_path: Path, compression: Compression, interface: str | None
) -> None:
    path = as_archive(tmp_path / "report", ONE_CARD, compression)
    target = server_target("satellite", f"sosreport:{path}", interface=interface)
    server = READERS[target.kind](target, timeout=30)

    taken_at = datetime(2022, 2, 10, 16, 19, 19, tzinfo=UTC)
    assert (server.interface, server.tx_checksum, server.reason) == ("eth0", State.ON, None)
    assert (server.macs, server.addresses) == (("52:54:00:00:00:02",), ("10.77.0.2/24",))
    assert server.kernel is not None
    assert (server.kernel.value, server.kernel.observed_at) == ("5.4.0-97-generic", taken_at)
    assert (server.source, server.observed_at) == (f"sosreport:{path}", taken_at)


CHAIN: dict[str, str | bytes | Link] = {
    f"{NETWORKING}ip_-d_address": link(1, "eth0", "bridge_slave state forwarding", master="br0")
    + link(2, "br0", "bridge forward_delay 1500", "inet 10.77.0.2/24 scope global br0")
    + link(3, "eth1")
    + link(4, "eth2", "bond_slave state ACTIVE", master="bond0")
    + link(5, "bond0", "bond mode 802.3ad")
    + link(6, "bond0.7@bond0", "vlan protocol 802.1Q id 7 <REORDER_HDR>", "inet 10.7.0.2/24 scope global bond0.7"),
    **{f"{NETWORKING}ethtool_-i_eth{number}": CARD for number in range(3)},
    **features("eth0", OFF),
    **features("eth1", OFF),
    **features("eth2"),
    **features("bond0", OFF),
}


def test_several_that_may_be_meant_count_when_they_are_in_the_same_state(tmp_path: Path) -> None:
    server = read(tmp_path, CHAIN)

    assert (server.interface, server.tx_checksum, server.features) == (None, State.OFF, {})
    assert server.macs == ("52:54:00:00:00:05", "52:54:00:00:00:01")
    assert server.persistence is not None
    assert server.persistence.tx_checksum is State.UNKNOWN


def test_several_in_different_states_are_to_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(OffloadError, match=r"name the interface that answers: bond0 \(on\), eth0 \(off\)"):
        read(tmp_path, CHAIN | features("bond0", ON))


def test_what_lasts_may_depend_on_the_device(tmp_path: Path) -> None:
    rule = {"etc/crontab": "@reboot root ethtool -K eth0 tx off\n"}
    server = read(tmp_path, CHAIN | rule)

    assert server.persistence is not None
    assert (server.persistence.tx_checksum, server.persistence.setting) == (State.UNKNOWN, "it depends on the device")


def test_without_an_address_nobody_knows_which_device_is_meant(tmp_path: Path) -> None:
    tree = ONE_CARD | {f"{NETWORKING}ip_-d_address": link(2, "eth0")}

    with pytest.raises(OffloadError, match="name the interface that answers: the sosreport has eth0, lo"):
        read(tmp_path, tree)


def test_bridges_that_are_ports_of_each_other_end_somewhere(tmp_path: Path) -> None:
    circle = link(1, "br0", "bridge x", "inet 10.0.0.1/24 scope global br0", master="br1") + link(
        2, "br1", "bridge x", master="br0"
    )

    with pytest.raises(OffloadError, match="name the interface"):
        read(tmp_path, {f"{NETWORKING}ip_-d_address": circle})


def test_a_device_that_the_report_does_not_have_is_said_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(OffloadError, match=r"no device eth7, but of eth0, lo$"):
        read(tmp_path, ONE_CARD, "eth7")


def test_a_report_that_is_cut_short_says_so_where_it_matters(tmp_path: Path) -> None:
    path = as_archive(tmp_path / "report.tar", ONE_CARD)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"Features for eth0")])
    target = server_target("satellite", f"sosreport:{path}", interface="eth7")

    with pytest.raises(OffloadError, match="in part only"):
        READERS[target.kind](target, timeout=30)


def test_a_device_without_ethtools_output_is_unknown_and_its_addresses_are_not(tmp_path: Path) -> None:
    tree = {name: content for name, content in ONE_CARD.items() if "ethtool_-k" not in name}
    server = read(tmp_path, tree, "eth0")

    assert (server.tx_checksum, server.reason) == (State.UNKNOWN, "the sosreport has no ethtool -k of eth0")
    assert server.addresses == ("10.77.0.2/24",)


def test_a_device_known_by_ethtool_alone_will_do(tmp_path: Path) -> None:
    server = read(tmp_path, dict(features("eth0", OFF)), "eth0")

    assert (server.tx_checksum, server.macs) == (State.OFF, ())


@pytest.mark.parametrize(
    ("files", "state", "setting"),
    [
        ({}, State.UNKNOWN, "not in a sosreport"),
        (
            {"etc/NetworkManager/system-connections/eth0": "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=0\n"},
            State.OFF,
            "[ethtool] in /etc/NetworkManager/system-connections/eth0",
        ),
        (
            {"etc/sysconfig/network-scripts/ifcfg-eth0": 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"\n'},
            State.OFF,
            "ETHTOOL_OPTS in /etc/sysconfig/network-scripts/ifcfg-eth0",
        ),
        (
            {"etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n  offload-tx off\n"},
            State.OFF,
            "/etc/network/interfaces",
        ),
        ({"etc/crontab": "@reboot root ethtool -K eth0 tx off\n"}, State.OFF, "/etc/crontab"),
        ({"etc/rc.d/rc.local": "# ethtool -K eth0 tx off\nfoo -K eth0 tx off\n"}, State.UNKNOWN, "not in a sosreport"),
        (
            {"etc/network/interfaces": b" " * ((16 << 20) + 1)},
            State.UNKNOWN,
            "could not read /etc/network/interfaces, /usr/lib",
        ),
    ],
)
def test_what_lasts_is_read_from_the_files_that_sos_takes_along(
    tmp_path: Path, files: dict[str, str | bytes | Link], state: State, setting: str
) -> None:
    persistence = read(tmp_path, ONE_CARD | files).persistence

    assert persistence is not None
    assert (persistence.tx_checksum, setting in persistence.setting) == (state, True), persistence.setting


def test_a_unit_of_a_sosreport_counts_if_it_is_enabled_there(tmp_path: Path) -> None:
    unit = {"etc/systemd/system/tx.service": "[Service]\nExecStart=/sbin/ethtool -K eth0 tx off\n"}
    wanted = {"etc/systemd/system/multi-user.target.wants/tx.service": Link("/etc/systemd/system/tx.service")}

    (tmp_path / "idle").mkdir()
    enabled, idle = read(tmp_path, ONE_CARD | unit | wanted), read(tmp_path / "idle", ONE_CARD | unit)

    assert enabled.persistence is not None
    assert enabled.persistence.tx_checksum is State.OFF
    assert idle.persistence is not None
    assert idle.persistence.tx_checksum is State.UNKNOWN
    assert "/usr/lib/systemd/system (not in a sosreport)" in idle.persistence.setting


@pytest.mark.parametrize(("mode", "state"), [(0o755, State.OFF), (0o644, State.UNKNOWN)])
def test_a_script_of_a_sosreport_counts_if_it_may_be_executed(tmp_path: Path, mode: int, state: State) -> None:
    folder = as_folder(tmp_path / "report", ONE_CARD | {"etc/rc.d/rc.local": "ethtool -K eth0 tx off\n"})
    (folder / "etc/rc.d/rc.local").chmod(mode)
    packed = tmp_path / "report.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(folder, ROOT)
    for path in (folder, packed):
        target = server_target("satellite", f"sosreport:{path}")
        persistence = READERS[target.kind](target, timeout=30).persistence

        assert persistence is not None
        assert persistence.tx_checksum is state


def test_what_is_no_report_is_refused_with_the_reason(tmp_path: Path) -> None:
    target = server_target("satellite", f"sosreport:{tmp_path / 'gone'}")

    with pytest.raises(OffloadError, match="the sosreport can't be read: No such file"):
        READERS[target.kind](target, timeout=30)


def test_every_device_of_the_collected_reports_is_read(corpus: Path) -> None:
    states: dict[tuple[str, str], State] = {}
    for tree in (corpus / "sostree").iterdir():
        for capture in tree.glob(f"{NETWORKING}ethtool_-k_*"):
            device = capture.name.removeprefix("ethtool_-k_")
            if len(device) < 16:
                target = server_target("x", f"sosreport:{tree}", interface=device)
                states[tree.name, device] = READERS[target.kind](target, timeout=30).tx_checksum

    assert len(states) == 31
    assert {name for name, state in states.items() if state is not State.ON} == set()
    only = server_target("x", f"sosreport:{corpus / 'sostree' / 'openstack'}")
    assert READERS[only.kind](only, timeout=30).interface == "ens3"
