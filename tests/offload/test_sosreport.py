"""Servers read from their own sosreports."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.build import words
from tests.evidence.sosreport.build import COMPRESSIONS, ROOT, Compression, Link, as_archive, as_folder
from tests.harness.patience import LONG
from virtscan.config.source import server_target
from virtscan.errors import OffloadError
from virtscan.model import (
    DeviceKind,
    DeviceName,
    Mac,
    Machine,
    Server,
    ServerTarget,
    SourceKind,
    SourceMode,
    State,
)
from virtscan.model.facts.persistence import SettingsFound
from virtscan.offload import READERS
from virtscan.views.wording.settings import setting_words

NETWORKING = "sos_commands/networking/"
ON = "rx-checksumming: on\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: on\n"
OFF = ON.replace(": on", ": off")
NIC = "driver: virtio_net\nbus-info: 0000:00:03.0\n"


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
    f"{NETWORKING}ethtool_-i_eth0": NIC,
    **features("lo"),
    **features("eth0"),
}


RC_LOCAL = "etc/rc.d/rc.local"
IFCFG = "etc/sysconfig/network-scripts/ifcfg-eth0"
LINK = "usr/lib/systemd/network/10-a.link"
INTERFACES = "auto eth0\niface eth0 inet dhcp\n  offload-tx off\n"
AT_BOOT = "@reboot root /sbin/ethtool -K eth0 tx off\n"
KEYFILE = "etc/NetworkManager/system-connections/eth0"


def read(path: Path, tree: dict[str, str | bytes | Link], interface: str | None = None) -> Server:
    target = server_target("satellite", f"sosreport:{as_folder(path / 'report', tree)}", interface=interface)
    return READERS[target.kind](target, timeout=LONG)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("interface", ["eth0", None])
def test_a_report_gives_all_facts_of_the_named_or_only_device(
    tmp_path: Path, compression: Compression, interface: str | None
) -> None:
    path = as_archive(tmp_path / "report", ONE_CARD, compression)
    target = server_target("satellite", f"sosreport:{path}", interface=interface)
    server = READERS[target.kind](target, timeout=LONG)

    taken_at = datetime(2022, 2, 10, 16, 19, 19, tzinfo=UTC)
    assert (server.interface, server.tx_checksum, words(server.reason)) == ("eth0", State.ON, None)
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
    **{f"{NETWORKING}ethtool_-i_eth{number}": NIC for number in range(3)},
    **features("eth0", OFF),
    **features("eth1", OFF),
    **features("eth2"),
    **features("bond0", OFF),
}


def test_the_devices_of_the_report_are_the_sending_stack(tmp_path: Path) -> None:
    server = read(tmp_path, CHAIN)
    devices = {device.device.name: device for device in server.devices}

    assert server.lists_all_devices
    assert {
        name: (device.device.kind, device.device.lower, device.device.lower_complete)
        for name, device in devices.items()
    } == {
        "bond0": (DeviceKind.BOND, ("eth2",), True),
        "bond0.7": (DeviceKind.VLAN, ("bond0",), True),
        "br0": (DeviceKind.BRIDGE, ("eth0",), True),
        **dict.fromkeys(("eth0", "eth1", "eth2"), (DeviceKind.ETHERNET, (), True)),
    }
    assert {name: device.offload.tx_checksum for name, device in devices.items()} == {
        "bond0": State.OFF,
        "bond0.7": State.UNKNOWN,
        "br0": State.UNKNOWN,
        "eth0": State.OFF,
        "eth1": State.OFF,
        "eth2": State.ON,
    }
    assert devices[DeviceName("eth2")].device.driver == "virtio_net"


def test_several_that_may_be_meant_count_when_they_are_in_the_same_state(tmp_path: Path) -> None:
    server = read(tmp_path, CHAIN | features("br0", OFF) | features("bond0.7", OFF))

    assert (server.interface, server.tx_checksum, server.features) == (None, State.OFF, {})
    assert server.macs == ("52:54:00:00:00:06", "52:54:00:00:00:02")
    assert server.persistence is not None
    assert server.persistence.tx_checksum is State.UNKNOWN


def test_several_in_different_states_are_each_known(tmp_path: Path) -> None:
    server = read(tmp_path, CHAIN | features("br0", OFF) | features("bond0.7"))

    assert server.tx_checksum is State.UNKNOWN
    assert (
        words(server.reason)
        == "several devices with different states (bond0.7 (on), br0 (off)); name the serving interface"
    )


def test_persistent_state_may_depend_on_the_device(tmp_path: Path) -> None:
    rule = {"etc/crontab": "@reboot root /sbin/ethtool -K br0 tx off\n"}
    server = read(tmp_path, CHAIN | features("br0", OFF) | features("bond0.7", OFF) | rule)

    assert server.persistence is not None
    assert (server.persistence.tx_checksum, setting_words(server.persistence.setting)) == (
        State.UNKNOWN,
        "differs between its devices",
    )


def test_without_an_address_no_device_is_chosen(tmp_path: Path) -> None:
    server = read(tmp_path, ONE_CARD | {f"{NETWORKING}ip_-d_address": link(2, "eth0")})

    assert (server.interface, words(server.reason)) == (None, "no device has an address; name the serving interface")
    assert [device.device.name for device in server.devices] == ["eth0"]


def test_a_device_absent_from_the_report_is_refused_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(OffloadError, match=r"eth7: no such device; devices: eth0, lo$"):
        read(tmp_path, ONE_CARD, "eth7")


def test_a_truncated_report_is_reported_where_it_matters(tmp_path: Path) -> None:
    path = as_archive(tmp_path / "report.tar", ONE_CARD)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"Features for eth0")])
    target = server_target("satellite", f"sosreport:{path}", interface="eth7")

    with pytest.raises(OffloadError, match="only in part"):
        READERS[target.kind](target, timeout=LONG)
    assert not READERS[target.kind](msgspec.structs.replace(target, interface="eth0"), timeout=LONG).lists_all_devices


def test_a_device_without_ethtools_output_has_an_unknown_state_and_known_addresses(tmp_path: Path) -> None:
    tree = {name: content for name, content in ONE_CARD.items() if "ethtool_-k" not in name}
    server = read(tmp_path, tree, "eth0")

    assert (server.tx_checksum, words(server.reason)) == (
        State.UNKNOWN,
        "the sosreport has no ethtool -k output for it",
    )
    assert server.addresses == ("10.77.0.2/24",)


def test_a_device_read_by_ethtool_alone_is_enough(tmp_path: Path) -> None:
    server = read(tmp_path, dict(features("eth0", OFF)), "eth0")

    assert (server.tx_checksum, server.macs, server.lists_all_devices) == (State.OFF, (), False)


@pytest.mark.parametrize(
    ("files", "state", "setting"),
    [
        ({}, State.UNKNOWN, "not in a sosreport"),
        (
            {"etc/NetworkManager/system-connections/eth0": "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=0\n"},
            State.UNKNOWN,  # others may read the file
            "[ethtool] in /etc/NetworkManager/system-connections/eth0",
        ),
        (
            {IFCFG: 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"\n'},
            State.OFF,
            f"ETHTOOL_OPTS in /{IFCFG}",
        ),
        (
            {"etc/network/interfaces": INTERFACES, "etc/default/networking": "#EXCLUDE_INTERFACES=\n"},
            State.OFF,
            "/etc/network/interfaces",
        ),
        ({"etc/network/interfaces": INTERFACES}, State.UNKNOWN, "/etc/network/interfaces"),
        (
            {"etc/network/interfaces": INTERFACES, "etc/default/networking": "EXCLUDE_INTERFACES=eth0\n"},
            State.UNKNOWN,
            "/etc/network/interfaces",
        ),
        (
            {LINK: "[Match]\nOriginalName=eth0\n[Link]\n", f"etc/{LINK[8:]}": Link("/dev/null")},
            State.UNKNOWN,
            "not in a sosreport",
        ),
        ({"etc/crontab": AT_BOOT, "boot/loader/entries/a.conf": "options ro single\n"}, State.UNKNOWN, "crontab"),
        ({"etc/crontab": AT_BOOT, "boot/grub2/grubenv": "kernelopts=root=a emergency\n"}, State.UNKNOWN, "crontab"),
        (
            {
                IFCFG: 'DEVICE=eth0\nNM_CONTROLLED=no\nETHTOOL_OPTS="-K eth0 tx off"\n',
                "etc/rc.d/rc3.d/S10network": Link("../init.d/network"),
                "etc/systemd/system/multi-user.target.wants/a.service": Link("/usr/lib/systemd/system/a.service"),
            },
            State.OFF,
            IFCFG,
        ),
        ({"etc/crontab": AT_BOOT}, State.OFF, "/etc/crontab"),
        ({"etc/cron.d/tx": "@reboot root /sbin/ethtool -K eth0 tx off"}, State.UNKNOWN, "/etc/cron.d/tx"),
        ({"etc/rc.d/rc.local": "# ethtool -K eth0 tx off\nfoo -K eth0 tx off\n"}, State.UNKNOWN, "not in a sosreport"),
        (
            {"etc/network/interfaces": b" " * ((16 << 20) + 1)},
            State.UNKNOWN,
            "could not read /etc/network/interfaces, /usr/lib",
        ),
    ],
)
def test_persistent_state_is_read_from_files_in_the_sosreport(
    tmp_path: Path, files: dict[str, str | bytes | Link], state: State, setting: str
) -> None:
    persistence = read(tmp_path, ONE_CARD | files).persistence

    assert persistence is not None
    assert (persistence.tx_checksum, setting in setting_words(persistence.setting)) == (state, True), (
        persistence.setting
    )


def test_a_unit_of_a_sosreport_counts_if_it_is_enabled_there(tmp_path: Path) -> None:
    unit = {"etc/systemd/system/tx.service": "[Service]\nExecStart=/sbin/ethtool -K eth0 tx off\n"}
    wanted = {"etc/systemd/system/multi-user.target.wants/tx.service": Link("/etc/systemd/system/tx.service")}

    (tmp_path / "idle").mkdir()
    enabled, idle = read(tmp_path, ONE_CARD | unit | wanted), read(tmp_path / "idle", ONE_CARD | unit)

    assert enabled.persistence is not None
    assert enabled.persistence.tx_checksum is State.OFF
    assert idle.persistence is not None
    assert idle.persistence.tx_checksum is State.UNKNOWN
    assert isinstance(idle.persistence.setting, SettingsFound)
    assert "/usr/lib/systemd/system" in idle.persistence.setting.not_in_report
    assert idle.persistence.setting.unread == ()
    assert "/usr/lib/systemd/system (not in a sosreport)" in setting_words(idle.persistence.setting)


@pytest.mark.parametrize(
    ("release", "state"), [("2.6.32-754.el6.x86_64", State.OFF), ("5.4.0-97-generic", State.UNKNOWN)]
)
def test_red_hat_runs_scripts_in_bash(tmp_path: Path, release: str, state: State) -> None:
    uname = {"sos_commands/kernel/uname_-a": f"Linux satellite {release} #1 SMP\n"}
    script = {RC_LOCAL: "#!/bin/sh\nNICS=(eth0)\nethtool -K $NICS tx off\n"}
    folder = as_folder(tmp_path / "report", ONE_CARD | uname | script)
    (folder / RC_LOCAL).chmod(0o755)
    target = server_target("satellite", f"sosreport:{folder}")
    persistence = READERS[target.kind](target, timeout=LONG).persistence

    assert persistence is not None
    assert persistence.tx_checksum is state


@pytest.mark.parametrize(
    ("name", "text", "mode", "state"),
    [
        (RC_LOCAL, "ethtool -K eth0 tx off\n", 0o755, State.OFF),
        (RC_LOCAL, "ethtool -K eth0 tx off\n", 0o644, State.UNKNOWN),
        (KEYFILE, "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=0\n", 0o600, State.OFF),
        (KEYFILE, "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=0\n", 0o644, State.UNKNOWN),
    ],
)
def test_a_file_of_a_sosreport_counts_by_its_mode(
    tmp_path: Path, name: str, text: str, mode: int, state: State
) -> None:
    folder = as_folder(tmp_path / "report", ONE_CARD | {name: text})
    (folder / name).chmod(mode)
    packed = tmp_path / "report.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(folder, ROOT)
    for path in (folder, packed):
        target = server_target("satellite", f"sosreport:{path}")
        persistence = READERS[target.kind](target, timeout=LONG).persistence

        assert persistence is not None
        assert persistence.tx_checksum is state


def test_an_invalid_report_is_refused_with_the_reason(tmp_path: Path) -> None:
    target = server_target("satellite", f"sosreport:{tmp_path / 'gone'}")

    with pytest.raises(OffloadError, match=r"^can't be read: No such file"):
        READERS[target.kind](target, timeout=LONG)


@pytest.mark.long
def test_every_device_of_the_collected_reports_is_read(corpus: Path) -> None:
    states: dict[tuple[str, str], State] = {}
    for tree in (corpus / "sostree").iterdir():
        for capture in tree.glob(f"{NETWORKING}ethtool_-k_*"):
            device = capture.name.removeprefix("ethtool_-k_")
            if len(device) < 16:
                target = server_target("x", f"sosreport:{tree}", interface=device)
                states[tree.name, device] = READERS[target.kind](target, timeout=LONG).tx_checksum

    assert len(states) == 31
    assert {name for name, state in states.items() if state is not State.ON} == set()


@pytest.mark.parametrize(
    ("name", "interface", "runs_on"),
    [
        ("openstack", None, Machine.VIRTUAL),
        ("kubernetes", None, Machine.VIRTUAL),
        ("rabbitmq", "eth0", Machine.CONTAINER),
        ("storage-ceph-mon", "eth0", Machine.CONTAINER),
    ],
)
def test_the_collected_reports_show_their_machine_and_its_sender(
    corpus: Path, name: str, interface: str | None, runs_on: Machine
) -> None:
    target = server_target("x", f"sosreport:{corpus / 'sostree' / name}")
    server = READERS[target.kind](target, timeout=LONG)

    assert (server.machine, server.interface) == (runs_on, interface)
    assert not any(device.device.name == "lo" for device in server.devices)


def test_a_container_on_a_macvlan_shows_its_kind_and_no_parent(tmp_path: Path) -> None:
    shown = link(2, "eth0@if7", "macvlan mode bridge").replace("52:54:00:00:00:02", "8e:11:22:33:44:55")
    server = read(tmp_path, {f"{NETWORKING}ip_-s_-d_link": shown, "proc/1/cgroup": "1:name=systemd:/lxc/c1\n"}, "eth0")
    (only,) = server.devices

    assert (only.device.kind, only.device.mode, only.device.mac) == (
        DeviceKind.MACVLAN,
        SourceMode.BRIDGE,
        Mac("8e:11:22:33:44:55"),
    )
    assert (only.device.lower, only.device.lower_complete, server.machine) == ((), False, Machine.CONTAINER)


def test_bare_metal_is_recognised_by_its_firmware(tmp_path: Path) -> None:
    decoded = "System Information\n\tManufacturer: HPE\n\tProduct Name: ProLiant DL380 Gen10\n"
    uuid = "\tUUID: 30363150-3331-584D-5139-323830314C4C\n"
    tree = ONE_CARD | {"dmidecode": Link("sos_commands/hardware/dmidecode")}
    server = read(tmp_path, tree | {"sos_commands/hardware/dmidecode": decoded + uuid}, "eth0")

    assert (server.machine, server.system_uuid) == (Machine.PHYSICAL, "30363150-3331-584d-5139-323830314c4c")


def test_firmware_is_read_from_sys_too_and_the_processors_flag_counts_against_it(tmp_path: Path) -> None:
    tree = ONE_CARD | {"sys/class/dmi/id/sys_vendor": "HPE\n", "proc/cpuinfo": "processor: 0\nflags\t\t: fpu vme\n"}
    bare = read(tmp_path, tree, "eth0")
    (tmp_path / "report/proc/cpuinfo").write_text("processor: 0\nflags\t\t: fpu hypervisor vme\n")
    target = server_target("satellite", f"sosreport:{tmp_path / 'report'}", interface="eth0")

    assert bare.machine is Machine.PHYSICAL
    assert READERS[target.kind](target, timeout=LONG).machine is Machine.VIRTUAL


def test_declared_facts_about_a_server_stay_with_it(tmp_path: Path) -> None:
    address = str(as_folder(tmp_path / "report", ONE_CARD))
    target = ServerTarget(
        name="satellite", kind=SourceKind.SOSREPORT, address=address, runs_on="hv1", macs=(Mac("02:00:00:00:00:01"),)
    )
    server = READERS[target.kind](target, timeout=LONG)

    assert (server.runs_on, server.declared_macs) == ("hv1", ("02:00:00:00:00:01",))
    assert server.macs == ("52:54:00:00:00:02", "02:00:00:00:00:01")


@pytest.mark.parametrize("name", ["etc/NetworkManager/NetworkManager.conf", "usr/lib/NetworkManager/conf.d/a.conf"])
def test_a_report_shows_what_networkmanager_leaves_alone(tmp_path: Path, name: str) -> None:
    profile = "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=0\n"
    folder = as_folder(
        tmp_path / "report", ONE_CARD | {KEYFILE: profile, name: "[keyfile]\nunmanaged-devices=interface-name:eth0\n"}
    )
    (folder / KEYFILE).chmod(0o600)
    target = server_target("satellite", f"sosreport:{folder}")
    persistence = READERS[target.kind](target, timeout=LONG).persistence

    assert persistence is not None
    assert persistence.tx_checksum is State.UNKNOWN
