"""`local:`: the script that every server runs, on this machine and on one that is made up of files."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.build import words
from tests.harness.patience import LONG
from virtscan.config.source import server_target
from virtscan.errors import OffloadError
from virtscan.model import Backing, DeviceKind, DeviceName, Mac, Persistence, Server, State
from virtscan.model import Machine as RunsOn
from virtscan.model.facts.persistence import FoundSetting, SettingPlace, SettingsFound
from virtscan.offload.probe import SCRIPT
from virtscan.offload.sources import local
from virtscan.views.wording.settings import setting_words

OFF_TEXT = "Features for eth0:\ntx-checksumming: off\n"
EACH_OFF = """[ "$1" = -k ] && printf 'Features for %s:\ntx-checksumming: off\n' "$2\""""


class Machine:
    """A folder that stands for / and programs that stand for the system's."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.program("ethtool", EACH_OFF)
        self.program("systemd-detect-virt", "echo kvm")
        self.program("udevadm", "echo 252")
        self.program("ip", "exit 1")

    def program(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def ip(self, *, links: str = "", addresses: str = "") -> None:
        for command, printed in (("-o -d link", links), ("-o addr", addresses)):
            self.file(f"/printed/{command}", f"{printed}\n" if printed else "")
        self.program("ip", f'cat "{self.root}/printed/$*"')

    def device(self, name: str, *marks: str, operstate: str = "up", address: str = "52:54:00:aa:bb:cc") -> None:
        folder = self.root / "sys/class/net" / name
        for mark in marks:
            (folder / mark).mkdir(parents=True)
        self.file(f"/sys/class/net/{name}/operstate", f"{operstate}\n")
        self.file(f"/sys/class/net/{name}/address", f"{address}\n")

    def file(self, path: str, text: str) -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def read(self, interface: str | None = None, timeout: float = LONG, declared: tuple[Mac, ...] = ()) -> Server:
        target = msgspec.structs.replace(server_target("satellite", "local:", interface=interface), macs=declared)
        return local.read(target, timeout=timeout, root=self.root)

    def persistence(self, interface: str) -> Persistence:
        persistence = self.read(interface).persistence
        assert persistence is not None
        return persistence


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{machine.programs}:{os.environ['PATH']}")
    machine.device("lo", address="00:00:00:00:00:00")
    machine.device("eth0", "device")
    return machine


# ------------------------------------------------------------------ this machine


def test_the_loopback_of_this_machine_is_read_as_ethtool_has_it() -> None:
    printed = subprocess.run(["ethtool", "-k", "lo"], check=True, capture_output=True, text=True).stdout
    server = local.read(server_target("here", "local:", interface="lo"), timeout=LONG)

    assert server.interface == "lo"
    assert server.source == "local:"
    assert server.kernel is not None
    assert server.kernel.value == os.uname().release
    assert server.macs == ()
    assert server.addresses == ()
    assert server.observed_at is not None
    for name, feature in server.features.items():
        mark = " [fixed]" if feature.fixed else ""
        assert f"{name}: {feature.state.value}{mark}\n" in printed
    assert len(server.features) == printed.count("\ttx-") + printed.count("\ntx-")


def test_a_device_that_this_machine_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(OffloadError, match=r"nosuch0: no such device; devices: .*\blo\b"):
        local.read(server_target("here", "local:", interface="nosuch0"), timeout=LONG)


@pytest.mark.long
def test_a_name_that_was_not_checked_before_runs_nothing(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    target = server_target("here", "local:", interface="lo")

    for name in (
        f"$(touch {trap})",
        f"lo;touch {trap}",
        f"lo`touch {trap}`",
        f"'; touch {trap} #",
        f"lo\ntouch {trap}",
    ):
        with pytest.raises(OffloadError, match="no such device"):
            local.read(msgspec.structs.replace(target, interface=name), timeout=LONG)
    assert not trap.exists()


# ------------------------------------------------------------------ ethtool of every age


def test_a_failure_that_ethtool_prints_beside_its_text_is_seen(machine: Machine) -> None:
    error = "Cannot get device tx csum settings: Operation not supported"
    machine.program("ethtool", f"echo '{error}' >&2; printf '%s' '{OFF_TEXT}'")
    server = machine.read("eth0")

    assert server.tx_checksum is State.UNKNOWN
    assert words(server.reason) == f"ethtool can't read tx-checksumming: {error}"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'netlink error: Operation not permitted' >&2; exit 1", "permission denied (netlink error"),
        ("exit 1", "no feature found"),
        ("kill -9 $$", "no feature found"),
    ],
)
def test_without_an_offload_state_the_rest_is_still_known(machine: Machine, script: str, reason: str) -> None:
    machine.program("ethtool", script)
    server = machine.read("eth0")

    assert server.tx_checksum is State.UNKNOWN
    assert (words(server.reason) or "").startswith(reason)
    assert server.macs == ("52:54:00:aa:bb:cc",)
    assert server.kernel is not None


def test_a_program_that_hangs_is_ended_in_time(machine: Machine) -> None:
    machine.program("ethtool", "sleep 60")

    with pytest.raises(OffloadError, match=r"^no answer within 0\.5 s$"):
        machine.read("eth0", timeout=0.5)


@pytest.mark.long
def test_a_program_that_floods_is_ended(machine: Machine) -> None:
    machine.program("udevadm", "yes")

    with pytest.raises(OffloadError, match="sh can't be run: endless output"):
        machine.read("eth0")


def test_without_a_shell_the_reason_is_given(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(OffloadError, match="sh can't be run: No such file or directory"):
        machine.read("eth0")


def test_a_device_on_which_ethtool_fails_costs_only_itself(machine: Machine) -> None:
    machine.device("eth1", "device")
    machine.program("ethtool", f"[ $2 = eth1 ] && kill -9 $$; {EACH_OFF}")
    states = {device.device.name: device.offload for device in machine.read("eth0").devices}

    assert (states[DeviceName("eth0")].tx_checksum, states[DeviceName("eth0")].reason) == (State.OFF, None)
    assert states[DeviceName("eth1")].tx_checksum is State.UNKNOWN
    assert states[DeviceName("eth1")].reason is not None


def test_ethtool_is_called_for_the_features_only(machine: Machine) -> None:
    machine.device("eth1", "device")
    machine.device("br0", "bridge")
    machine.program("ethtool", f'echo "$*" >> {machine.root}/asked')
    machine.read("eth0")

    assert (machine.root / "asked").read_text().splitlines() == ["-k eth0", "-k br0", "-k eth1"]


# ------------------------------------------------------------------ which device

LINKS = r"""1: lo: <LOOPBACK,UP> mtu 65536 state UNKNOWN \    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0: <UP> mtu 1500 master bond0 state UP \    link/ether 52:54:00:aa:bb:cc brd ff:ff \    bond_slave state ACTIVE
3: bond0: <UP> mtu 1500 state UP \    link/ether 52:54:00:aa:bb:cc brd ff:ff:ff:ff:ff:ff \    bond mode active-backup
4: bond0.7@bond0: <UP> mtu 1500 state UP \    link/ether 52:54:00:aa:bb:cc brd ff:ff \    vlan id 7 <REORDER_HDR>
"""


def test_the_only_device_with_an_address_needs_no_name(machine: Machine) -> None:
    machine.device("bond0", "bonding")
    machine.ip(addresses="3: bond0    inet 10.77.0.5/24 scope global bond0")

    assert machine.read().interface == "bond0"


def test_no_interface_has_to_be_named_if_all_devices_have_one_state(machine: Machine) -> None:
    machine.device("eth1", "device", address="52:54:00:aa:bb:dd")
    machine.ip(
        addresses="2: eth0    inet 10.0.0.5/24 scope global eth0\n3: eth1    inet 10.77.0.5/24 scope global eth1"
    )
    server = machine.read()

    assert (server.interface, server.tx_checksum, words(server.reason)) == (None, State.OFF, None)
    assert server.macs == ("52:54:00:aa:bb:cc", "52:54:00:aa:bb:dd")
    assert server.addresses == ("10.0.0.5/24", "10.77.0.5/24")


def test_several_in_different_states_leave_the_server_unknown_and_each_device_known(machine: Machine) -> None:
    machine.device("eth1", "device")
    machine.ip(
        addresses="2: eth0    inet 10.0.0.5/24 scope global eth0\n3: eth1    inet 10.77.0.5/24 scope global eth1"
    )
    machine.program(
        "ethtool", """printf 'Features for %s:\ntx-checksumming: ' "$2"; [ $2 = eth0 ] && echo on || echo off"""
    )
    server = machine.read()

    assert (server.interface, server.tx_checksum) == (None, State.UNKNOWN)
    assert (
        words(server.reason)
        == "several devices with different states (eth0 (on), eth1 (off)); name the serving interface"
    )
    assert [device.offload.tx_checksum for device in server.devices] == [State.ON, State.OFF]


def test_without_an_address_no_device_is_chosen(machine: Machine) -> None:
    server = machine.read()

    assert (server.interface, server.tx_checksum) == (None, State.UNKNOWN)
    assert words(server.reason) == "no device has an address; name the serving interface"


# ------------------------------------------------------------------ the sending stack


def test_the_stack_is_read_down_to_the_nic(machine: Machine) -> None:
    machine.device("bond0", "bonding")
    machine.device("bond0.7")
    machine.file("/sys/class/net/bonding_masters", "bond0\n")  # a file that the bonding driver puts among the devices
    machine.file(
        "/proc/net/bonding/bond0", "Bonding Mode: x\nSlave Interface: eth0\nPermanent HW addr: 52:54:00:00:00:01\n"
    )
    driver = machine.root / "sys/class/net/eth0/device/driver"
    driver.symlink_to("../../../../bus/virtio/drivers/virtio_net")
    machine.ip(links=LINKS, addresses="4: bond0.7@bond0    inet 10.77.0.5/24 scope global bond0.7")
    server = machine.read()
    devices = {device.device.name: device.device for device in server.devices}

    assert (server.interface, server.lists_all_devices) == ("bond0.7", True)
    assert {name: (device.kind, device.lower, device.lower_complete) for name, device in devices.items()} == {
        "bond0": (DeviceKind.BOND, ("eth0",), True),
        "bond0.7": (DeviceKind.VLAN, ("bond0",), True),
        "eth0": (DeviceKind.ETHERNET, (), True),
    }
    nic = devices[DeviceName("eth0")]
    assert (nic.backing, nic.driver, nic.permanent_mac) == (Backing.PHYSICAL, "virtio_net", "52:54:00:00:00:01")
    assert {
        device.device.name for device in server.devices if device.offload.tx_checksum is State.OFF
    } == devices.keys()


def test_each_device_has_its_own_persistent_setting(machine: Machine) -> None:
    machine.device("eth1", "device")
    machine.file("/etc/network/interfaces", "auto eth1\niface eth1 inet dhcp\n  offload-tx off\n")
    lasting = {device.device.name: device.offload.persistence for device in machine.read("eth0").devices}

    assert {name: told and told.tx_checksum for name, told in lasting.items()} == {"eth0": State.ON, "eth1": State.OFF}


def test_devices_that_ip_does_not_list_leave_the_list_incomplete(machine: Machine) -> None:
    for name in ("bond0", "bond0.7"):
        machine.device(name)
    machine.ip(links=LINKS)
    assert machine.read("eth0").lists_all_devices

    machine.device("eth9")
    assert not machine.read("eth0").lists_all_devices
    machine.program("ip", "exit 1")
    server = machine.read("eth0")
    assert not server.lists_all_devices
    assert [device.device.name for device in server.devices] == ["bond0", "bond0.7", "eth0", "eth9"]


@pytest.mark.long
def test_the_answer_of_a_host_with_many_containers_is_bounded_and_has_its_nics(machine: Machine) -> None:
    links = ["2: eth0: <UP> mtu 1500 \\    link/ether 52:54:00:aa:bb:cc brd ff:ff"]
    for number in range(1200):
        (machine.root / f"sys/class/net/cali{number}").mkdir()
        links.append(f"{number + 3}: cali{number}@if2: <UP> mtu 1500 \\    link/ether ee:ee:ee:ee:ee:ee \\    veth")
    machine.device("zz9", "device")
    machine.ip(links="\n".join(links))
    server = machine.read("eth0")
    read = {device.device.name for device in server.devices if device.offload.tx_checksum is State.OFF}
    unread = {words(device.offload.reason) for device in server.devices if device.device.name not in read}

    assert not server.lists_all_devices
    assert len(read) == 400
    assert {"eth0", "zz9"} <= read
    assert unread == {"not read, too many devices; name the interface"}


@pytest.mark.long
def test_devices_that_ethtool_was_not_run_on_leave_the_list_incomplete(machine: Machine) -> None:
    names = [f"cali{number:03}" for number in range(400)]
    for name in names:
        (machine.root / f"sys/class/net/{name}").mkdir()
    links = (f"{number}: {name}: <UP> mtu 1500 \\    veth" for number, name in enumerate([*names, "eth0", "lo"]))
    machine.ip(links="\n".join(links))

    assert not machine.read("eth0").lists_all_devices


# ------------------------------------------------------------------ what the machine is


def test_a_virtual_machine_is_recognised_and_has_its_uuid(machine: Machine) -> None:
    machine.file("/sys/class/dmi/id/sys_vendor", "QEMU\n")
    machine.file("/sys/class/dmi/id/product_uuid", "6645D778-E2C8-44AE-8FA1-DC97FC2556DB\n")
    machine.program("systemd-detect-virt", "exit 127")
    server = machine.read("eth0")

    assert (server.machine, server.system_uuid) == (RunsOn.VIRTUAL, "6645d778-e2c8-44ae-8fa1-dc97fc2556db")


@pytest.mark.parametrize("path", ["/.dockerenv", "/run/.containerenv", "/run/systemd/container", "/proc/1/cgroup"])
def test_each_mark_of_a_container_counts(machine: Machine, path: str) -> None:
    assert machine.read("eth0").machine is RunsOn.VIRTUAL
    machine.file(path, "0::/docker/1\n")

    assert machine.read("eth0").machine is RunsOn.CONTAINER


def test_bare_metal_is_one_that_no_flag_of_the_processor_contradicts(machine: Machine) -> None:
    machine.program("systemd-detect-virt", "echo none; exit 1")
    machine.file("/proc/cpuinfo", "flags\t\t: fpu vme\n")
    assert machine.read("eth0").machine is RunsOn.PHYSICAL
    machine.file("/proc/cpuinfo", "flags\t\t: fpu hypervisor vme\n")
    assert machine.read("eth0").machine is RunsOn.UNKNOWN


# ------------------------------------------------------------------ addresses


def test_addresses_of_the_device_are_read_and_those_of_the_link_are_not(machine: Machine) -> None:
    lines = (
        "2: eth0    inet 10.77.0.5/24 brd 10.77.0.255 scope global eth0\\\\       valid_lft forever",
        "2: eth0    inet 10.78.0.1 peer 10.78.0.2/32 scope global eth0",
        "2: eth0    inet 169.254.3.4/16 scope link eth0",
        "2: eth0    inet6 2001:db8::5/64 scope global ",
        "2: eth0    inet6 fe80::1/64 scope link ",
        "2: eth0    inet $(id) scope global eth0",
    )
    machine.ip(addresses="\n".join(lines))

    assert machine.read("eth0").addresses == ("10.77.0.5/24", "10.78.0.1/32", "2001:db8::5/64")


@pytest.mark.parametrize("address", ["", "00:00:00:00:00:00", "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00"])
def test_an_invalid_mac_gives_none(machine: Machine, address: str) -> None:
    machine.device("ib0", "device", address=address)

    assert machine.read("ib0").macs == ()


def test_the_address_of_the_device_comes_before_declared_ones(machine: Machine) -> None:
    declared = (Mac("52:54:00:00:00:01"), Mac("52:54:00:aa:bb:cc"))

    assert machine.read("eth0", declared=declared).macs == ("52:54:00:aa:bb:cc", "52:54:00:00:00:01")


# ------------------------------------------------------------------ what is lasting


LOST = ("NetworkManager/system-connections/eth0.nmconnection", "systemd/network/10-a.link", "systemd/system/tx.service")


@pytest.mark.long
def test_every_place_of_a_lasting_setting_is_read(machine: Machine) -> None:
    off = "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=false\n"
    link = "[Match]\nOriginalName=eth0\n[Link]\nTransmitChecksumOffload=no\n"
    stanza = "auto eth0\niface eth0 inet dhcp\n  offload-tx off\n"
    machine.file("/etc/network/interfaces", "source interfaces.d/*\n")
    machine.file("/run/systemd/network/10-netplan-eth0.link", link.replace("=eth0", "=eth9"))
    machine.file("/etc/systemd/system/multi-user.target.wants/tx.service", "../tx.service")
    machine.file("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", "NetworkManager.service")
    machine.file("/etc/systemd/system/multi-user.target.wants/cron.service", "cron.service")
    machine.file("/etc/systemd/system/multi-user.target.wants/networking.service", "networking.service")
    machine.file("/etc/systemd/system/multi-user.target.wants/wicked.service", "wicked.service")
    command = "ethtool -K eth0 tx off\n"
    script = f"#!/bin/sh\n{command}"
    unit = f"[Service]\nExecStart=/sbin/{command}"
    plan = "network:\n  ethernets:\n    eth0:\n      transmit-checksum-offload: false\n"
    # No unit of networkd-dispatcher is enabled, no stanza is the device's, NetworkManager calls no ifup-local.
    doubtful = {"/etc/networkd-dispatcher/routable.d/10-tx", "/etc/network/if-up.d/tx", "/sbin/ifup-local"}
    # What is in /run is gone after a reboot, unless it is made anew.
    doubtful |= {f"/run/{path}" for path in LOST}
    for path, text in (
        ("/etc/NetworkManager/system-connections/eth0.nmconnection", off),
        ("/etc/NetworkManager/system-connections/Wired connection 1", off),
        ("/run/NetworkManager/system-connections/eth0.nmconnection", off),
        ("/usr/lib/NetworkManager/system-connections/eth0.nmconnection", off),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"\n'),
        ("/etc/sysconfig/network/ifcfg-eth0", "ETHTOOL_OPTIONS='-K iface tx off'\n"),
        ("/etc/systemd/network/10-a.link", link),
        ("/run/systemd/network/10-a.link", link),
        ("/usr/local/lib/systemd/network/10-a.link", link),
        ("/usr/lib/systemd/network/10-a.link", link),
        ("/lib/systemd/network/10-a.link", link),
        ("/etc/netplan/50-a.yaml", plan),
        ("/etc/network/interfaces.d/eth0", stanza),
        ("/etc/network/if-up.d/tx", command),
        ("/etc/rc.local", script),
        ("/etc/rc.d/rc.local", script),
        ("/etc/init.d/boot.local", command),
        ("/etc/local.d/tx.start", command),
        ("/etc/rc3.d/S99tx", command),
        ("/sbin/ifup-local", command),
        ("/etc/NetworkManager/dispatcher.d/10-tx", command),
        ("/etc/NetworkManager/dispatcher.d/pre-up.d/10-tx", command),
        ("/usr/lib/NetworkManager/dispatcher.d/10-tx", command),
        ("/etc/networkd-dispatcher/routable.d/10-tx", command),
        ("/etc/udev/rules.d/10-tx.rules", 'RUN+="/sbin/ethtool -K eth0 tx off"\n'),
        ("/usr/lib/udev/rules.d/10-tx.rules", 'RUN+="/sbin/ethtool -K eth0 tx off"\n'),
        *((f"/{base}/systemd/system/tx.service", unit) for base in ("etc", "run", "usr/lib", "lib")),
        ("/etc/crontab", f"@reboot root /sbin/{command}"),
        ("/etc/cron.d/tx", f"@reboot root /sbin/{command}"),
        ("/var/spool/cron/root", f"@reboot /sbin/{command}"),
        ("/var/spool/cron/crontabs/root", f"@reboot /sbin/{command}"),
    ):
        file = machine.file(path, text)
        file.chmod(0o600 if "system-connections" in path else 0o755)
        persistence = machine.persistence("eth0")
        file.unlink()

        state = State.UNKNOWN if path in doubtful else State.OFF
        assert (persistence.tx_checksum, path in setting_words(persistence.setting)) == (state, True), (
            path,
            persistence.setting,
        )


def test_an_rc_local_beside_red_hats_own_may_not_run(machine: Machine) -> None:
    off, own = "#!/bin/sh\nethtool -K eth0 tx off\n", machine.file("/etc/rc.d/rc.local", "#!/bin/sh\n\ntrue\n")
    own.chmod(0o755)
    machine.file("/etc/rc.local", off).chmod(0o755)

    assert machine.persistence("eth0").tx_checksum is State.UNKNOWN
    own.write_text(off)
    assert machine.persistence("eth0").tx_checksum is State.OFF
    (machine.root / "etc/rc.local").unlink()
    (machine.root / "etc/rc.local").symlink_to("rc.d/rc.local")
    assert machine.persistence("eth0").tx_checksum is State.OFF


def test_a_match_of_netplan_on_one_line_is_read(machine: Machine) -> None:
    lines = "network:\n  ethernets:\n    all:\n      match: {driver: virtio_net}\n      transmit-checksum-offload: no\n"
    machine.file("/etc/netplan/a.yaml", lines)

    assert machine.persistence("eth0").tx_checksum is State.UNKNOWN


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("ethtool.feature-tx: 'false'", State.UNKNOWN),
        ("# ethtool.feature-tx: 'false'", State.ON),
        ("ethtool.feature-gro: 'false'", State.ON),
    ],
)
def test_netplan_may_pass_a_setting_on_to_network_manager(machine: Machine, line: str, state: State) -> None:
    keys = (
        "network:",
        "  ethernets:",
        "    NM-a:",
        "      networkmanager:",
        "        passthrough:",
        f"          {line}",
    )
    machine.file("/etc/netplan/a.yaml", "\n".join((*keys, "")))

    assert machine.persistence("eth0").tx_checksum is state


def test_a_drop_in_of_a_link_file_is_read(machine: Machine) -> None:
    machine.file("/usr/lib/systemd/network/99-default.link", "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep\n")
    machine.file("/etc/systemd/network/99-default.link.d/tx.conf", "[Link]\nTransmitChecksumOffload=false\n")

    assert machine.persistence("eth0").tx_checksum is State.OFF


def test_a_link_file_masked_with_dev_null_is_ignored(machine: Machine) -> None:
    machine.file("/usr/lib/systemd/network/10-a.link", "[Match]\nOriginalName=*\n[Link]\nTransmitChecksumOffload=no\n")
    mask = machine.root / "etc/systemd/network/10-a.link"
    mask.parent.mkdir(parents=True)
    mask.symlink_to("/dev/null")

    assert machine.persistence("eth0").tx_checksum is State.ON


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        (None, State.ON),
        ("", State.ON),
        ('SUBSYSTEM=="net", IMPORT{builtin}="path_id"\n', State.ON),
        ('SUBSYSTEM=="net", IMPORT{builtin}="net_setup_link"\n', State.OFF),
    ],
)
def test_link_files_need_the_rule_that_applies_them(machine: Machine, rules: str | None, state: State) -> None:
    machine.file("/etc/systemd/network/10-a.link", "[Match]\nOriginalName=*\n[Link]\nTransmitChecksumOffload=no\n")
    rule = machine.file("/etc/udev/rules.d/80-net-setup-link.rules", rules or "")
    if rules is None:
        rule.unlink()
        rule.symlink_to("/dev/null")

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ('SUBSYSTEM=="net", RUN="/bin/true"', State.ON),
        ('SUBSYSTEM!="block", GOTO="end"\nRUN:="/bin/true"\nLABEL="end"', State.OFF),
        ('# SUBSYSTEM=="net", RUN="/bin/true"', State.OFF),
    ],
)
def test_a_rule_of_a_package_may_empty_the_list_of_programs(machine: Machine, rule: str, state: State) -> None:
    off = 'ACTION=="add", SUBSYSTEM=="net", KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"\n'
    machine.file("/etc/udev/rules.d/50-tx.rules", off)
    machine.file("/usr/lib/udev/rules.d/90-z.rules", f"{rule}\n")

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(("link", "state"), [("tx.service", State.OFF), ("other.service", State.UNKNOWN)])
def test_a_unit_of_a_package_may_exclude_a_service(machine: Machine, link: str, state: State) -> None:
    machine.file("/etc/systemd/system/tx.service", "[Service]\nType=oneshot\nExecStart=/sbin/ethtool -K eth0 tx off\n")
    machine.file("/usr/lib/systemd/system/other.service", "[Unit]\nConflicts=tx.service\n")
    for name in {"tx.service", link}:
        machine.file(f"/etc/systemd/system/multi-user.target.wants/{name}", "x")

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("target", "state"),
    [("bash", State.OFF), ("/usr/bin/bash", State.OFF), ("dash", State.UNKNOWN), (None, State.UNKNOWN)],
)
def test_the_shell_of_scripts_is_read(machine: Machine, target: str | None, state: State) -> None:
    script = "#!/bin/sh\nNICS=(eth0 eth1)\nfor d in ${NICS[@]}; do ethtool -K $d tx off; done\n"
    machine.file("/etc/rc.local", script).chmod(0o755)
    if target is not None:
        (machine.root / "bin").mkdir()
        (machine.root / "bin/sh").symlink_to(target)

    assert machine.persistence("eth0").tx_checksum is state


GRUB = "menuentry 'Debian' {{\n\tlinux /vmlinuz root=/dev/sda1 {}\n}}\n"


@pytest.mark.parametrize(
    ("path", "text", "state"),
    [
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet"\n', State.OFF),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="net.ifnames=0"\n', State.UNKNOWN),
        ("/etc/default/grub.d/a.cfg", 'GRUB_CMDLINE_LINUX="systemd.unit=rescue.target"\n', State.UNKNOWN),
        ("/boot/loader/entries/a.conf", "options root=/dev/sda1 biosdevname=0\n", State.UNKNOWN),
        ("/boot/grub/grub.cfg", GRUB.format("quiet"), State.OFF),
        ("/boot/grub/grub.cfg", GRUB.format("net.ifnames=0"), State.UNKNOWN),
        ("/boot/grub2/grub.cfg", GRUB.format("emergency"), State.UNKNOWN),
        ("/boot/efi/EFI/redhat/grub.cfg", GRUB.format("single"), State.UNKNOWN),
        (
            "/boot/grub/grub.cfg",
            GRUB.format("quiet") + GRUB.format("single").replace("Debian", "Debian (recovery mode)"),
            State.OFF,
        ),
        ("/boot/grub/grub.cfg", f'set default="0"\n{GRUB.format("quiet")}{GRUB.format("single")}', State.OFF),
    ],
)
def test_the_command_line_of_the_next_boot_counts(machine: Machine, path: str, text: str, state: State) -> None:
    machine.file("/proc/cmdline", "root=/dev/sda1\n")
    machine.file("/etc/rc.local", "#!/bin/sh\nethtool -K eth0 tx off\n").chmod(0o755)
    machine.file(path, text)

    assert machine.persistence("eth0").tx_checksum is state


def test_an_old_udev_is_recognised_by_its_version(machine: Machine) -> None:
    machine.file("/etc/systemd/network/10-a.link", "[Match]\nOriginalName=*\n[Link]\nTransmitChecksumOffload=no\n")
    machine.program("udevadm", "echo 147")

    assert machine.persistence("eth0").tx_checksum is State.ON


def test_a_path_that_is_not_a_file_is_reported_without_waiting(machine: Machine) -> None:
    machine.file("/etc/sysconfig/network-scripts/ifcfg-lo", "DEVICE=lo\n")
    os.mkfifo(machine.root / "etc/sysconfig/network-scripts/ifcfg-eth0")

    assert machine.read("eth0").persistence == Persistence(
        setting=SettingsFound(unread=("/etc/sysconfig/network-scripts/ifcfg-eth0",))
    )


@pytest.mark.parametrize(
    "script",
    [
        "ethtool -K eth0 tx off\n. /etc/default/own\nethtool -K $NIC tx on",
        ". /etc/default/own\nethtool -K $NIC tx off",
        "NIC=eth1\n. /etc/default/own\nethtool -K ${NIC} tx off",
    ],
)
def test_a_file_of_assignments_that_a_boot_script_reads_is_neither_sent_nor_known(
    machine: Machine, script: str
) -> None:
    machine.file("/etc/default/own", "NIC=eth0 # hunter2\nAUTH=hunter2\n")
    machine.file("/etc/rc.local", f"#!/bin/sh\n{script}\ncurl -u $AUTH server\n").chmod(0o755)
    printed = subprocess.run(
        ["sh", "-s", "--", "eth0", machine.root], input=SCRIPT, check=True, capture_output=True, text=True
    ).stdout

    assert "hunter2" not in printed
    assert machine.persistence("eth0").tx_checksum is State.UNKNOWN


@pytest.mark.parametrize(
    "script",
    [
        # A variable with such a name may not be a secret.
        "PASSTHROUGH_NIC=eth0\nethtool -K eth0 tx off\nethtool -K $PASSTHROUGH_NIC tx on",
        "ethtool -K eth0 tx off\nmasked=x\nPASS_NIC=eth0\nethtool -K $PASS_NIC tx on",
        # The value may do more than set the variable.
        'ethtool -K eth0 tx off\nTOKEN="$(ethtool -K eth0 tx on)"',
        "ethtool -K eth0 tx off\nTOKEN='a'`ethtool -K eth0 tx on`",
        "ethtool -K eth0 tx off\nTOKEN=$(ethtool -K eth0 tx on)",
        'ethtool -K eth0 tx off\nTOKEN="`ethtool -K eth0 tx on`"',
        "ethtool -K eth0 tx off\nn=1\nTOKEN=$((n=0))\nethtool -K eth$n tx on",
        "ethtool -K eth0 tx off\nTOKEN=${d:=eth0}\nethtool -K $d tx on",
        "ethtool -K eth0 tx off\nTOKEN=x&&ethtool -K eth0 tx on",
        # In single quotes, two such values would seem to be equal.
        "ethtool -K eth0 tx off\n[ 'key=a' = 'key=b' ] || ethtool -K eth0 tx on",
    ],
)
def test_the_value_of_a_variable_named_like_a_secret_is_unknown(machine: Machine, script: str) -> None:
    machine.file("/etc/rc.local", f"#!/bin/sh\n{script}\n").chmod(0o755)

    assert machine.persistence("eth0").tx_checksum is State.UNKNOWN


@pytest.mark.parametrize("path", ["/etc/rc.local", "/etc/network/interfaces"])
@pytest.mark.parametrize(("lines", "state"), [(900, State.ON), (1000, State.UNKNOWN)])
def test_a_file_that_is_too_long_to_be_sent_leaves_the_outcome_open(
    machine: Machine, path: str, lines: int, state: State
) -> None:
    script = "#!/bin/sh\nethtool -K eth0 tx off\n", ":\n", "ethtool -K eth0 tx on\n"
    stanza = (
        "auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\n",
        "  mtu 1500\n",
        "  up ethtool -K eth0 tx on\n",
    )
    first, between, last = script if path == "/etc/rc.local" else stanza
    machine.file(path, f"{first}{between * lines}{last}").chmod(0o755)

    persistence = machine.read("eth0").persistence
    assert persistence is not None
    assert persistence.tx_checksum is state


@pytest.mark.parametrize("line", ["# a comment\n", "\n", "  \t\n"])
def test_comments_and_blank_lines_do_not_make_a_script_too_long(machine: Machine, line: str) -> None:
    machine.file("/etc/rc.local", f"#!/bin/sh\nethtool -K eth0 tx off\n{line * 1001}").chmod(0o755)

    assert machine.persistence("eth0").tx_checksum is State.OFF


def test_passwords_beside_the_settings_never_leave_the_machine(machine: Machine) -> None:
    secret = "hunter2"
    for path, text in (
        ("/etc/NetworkManager/system-connections/a.nmconnection", f"[wifi-security]\npsk={secret}\n"),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", f"DEVICE=eth0\nKEY={secret}\nWPA_PSK={secret}\n"),
        ("/etc/systemd/network/10-a.link", f"[Link]\nWakeOnLanPassword={secret}\n"),
        ("/etc/network/interfaces", f"iface eth0 inet dhcp\n  wpa-psk {secret}\n"),
        ("/etc/rc.local", f"export PASSWORD={secret}\nethtool -K eth0 gro off\n# {secret}\n"),
        (
            "/etc/rc.d/rc.local",
            f"mount -o password={secret} /mnt\n/usr/local/bin/off\n/usr/local/bin/off2; /usr/local/bin/off3\n",
        ),
        ("/usr/local/bin/off", f"#!/bin/sh\n  DB_PASS='{secret}' ethtool -K eth0 tx off\n"),
        ("/usr/local/bin/off2", f"#!/bin/sh\nA_TOKEN='x'\"{secret}\" PASS=$(get {secret}) ethtool -K eth0 tx off\n"),
        (
            "/usr/local/bin/off3",
            f'#!/bin/sh\nKEY="$(cat \'a b\' "{secret}")"; PSK=`get {secret}`; ethtool -K eth0 tx on\n',
        ),
        ("/usr/local/bin/on", "#!/bin/sh\n. /etc/default/own\nethtool -K $NIC tx on $(echo $VPN_KEY)\n"),
        ("/etc/default/own", f"NIC=eth0\nAUTH={secret}\nVPN_KEY='{secret}'\n# {secret}\n"),
        ("/etc/rc.d/rc2.d/S01own", "#!/bin/sh\n/usr/local/bin/on\n"),
        ("/etc/crontab", f"@reboot root backup --pw {secret}\nTOKEN={secret}\n"),
        ("/etc/cron.d/backup", f"AUTH={secret}\n@daily root backup\n"),
        ("/etc/udev/rules.d/a.rules", f'RUN+="/bin/mount -o {secret}"\n'),
        ("/etc/systemd/system/a.service", f"[Service]\nEnvironment=API_KEY={secret}\nExecStart=/sbin/ethtool\n"),
        ("/etc/systemd/system/b.service", f"[Service]\nExecStart=/bin/login {secret}\n"),
        ("/etc/netplan/a.yaml", f"network:\n  wifis:\n    w0:\n      password: {secret}\n"),
        ("/etc/network/interfaces.d/a", f"iface eth1 inet dhcp\n  up vpn {secret}\n"),
        ("/etc/network/interfaces.d/b", f"iface eth2 inet dhcp\n  up ethtool -K eth2 tx off\n  up A={secret} vpn\n"),
        ("/etc/network/interfaces.d/c", f"iface eth3 inet dhcp\n  up vpn; mount {secret}\n  up vpn {secret} || true\n"),
    ):
        machine.file(path, text)
    printed = subprocess.run(
        ["sh", "-s", "--", "eth0", machine.root], input=SCRIPT, check=True, capture_output=True, text=True
    ).stdout

    for path in ("/etc/network/interfaces", "/etc/rc.local", "/usr/local/bin/off", "/etc/systemd/system/a.service"):
        assert f"@file {path}\n" in printed
    assert secret not in printed


def test_a_script_that_a_boot_file_names_is_read_with_it(machine: Machine) -> None:
    script = machine.file("/usr/local/sbin/off", '#!/bin/sh\nethtool -K "$1" tx off\n')
    script.chmod(0o755)
    for name in ("tx", "cron", "networking"):
        machine.file(f"/etc/systemd/system/multi-user.target.wants/{name}.service", f"../{name}.service")
    for path, text, state in (
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=/usr/local/sbin/off eth0\n", State.OFF),
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=/usr/local/sbin/off eth1\n", State.ON),
        ("/etc/crontab", "PATH=/usr/sbin:/usr/bin\n@reboot root /usr/local/sbin/off eth0\n", State.OFF),
        ("/etc/crontab", "@reboot root /usr/local/sbin/off eth0\n", State.UNKNOWN),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up /usr/local/sbin/off eth0\n", State.OFF),
        ("/etc/udev/rules.d/a.rules", 'RUN+="/usr/local/sbin/off eth0"\n', State.OFF),
        ("/etc/udev/rules.d/a.rules", 'OPTIONS="last_rule"\nRUN+="/usr/local/sbin/off eth0"\n', State.UNKNOWN),
        ("/etc/rc.local", "#!/bin/sh\n/usr/local/sbin/off eth0\n", State.OFF),
        ("/etc/rc.local", "#!/bin/sh\n/usr/local/sbin/off eth1\n", State.ON),
        ("/etc/rc.local", "#!/bin/sh -e\nsome-check\n/usr/local/sbin/off eth0\n", State.UNKNOWN),
        ("/etc/rc.local", "#!/usr/bin/perl\nsystem('/usr/local/sbin/off eth0');\n", State.UNKNOWN),
        ("/etc/rc3.d/S99x", "#!/bin/sh\n/usr/local/sbin/off eth0\n", State.OFF),
    ):
        file = machine.file(path, text)
        file.chmod(0o755)
        persistence = machine.persistence("eth0")
        file.unlink()

        assert persistence.tx_checksum is state, (path, persistence.setting)


@pytest.mark.parametrize(
    ("program", "folder", "state"),
    [
        ("tx.sh eth0", "/usr/lib/udev", State.OFF),
        ("tx.sh eth0", "/lib/udev", State.OFF),
        ("tx.sh eth1", "/lib/udev", State.ON),
        ("tx.sh eth0", "/usr/local/bin", State.ON),
        ("other.sh eth0", "/lib/udev", State.ON),
    ],
)
def test_udev_has_its_own_folder_of_programs(machine: Machine, program: str, folder: str, state: State) -> None:
    machine.file(f"{folder}/tx.sh", '#!/bin/sh\n/sbin/ethtool -K "$1" tx off\n').chmod(0o755)
    machine.file("/etc/udev/rules.d/50-tx.rules", f'ACTION=="add", KERNEL=="eth0", RUN+="{program}"\n')

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("path", "line", "state"),
    [
        ("/etc/crontab", "@reboot root cd /opt/own && ./off.sh", State.UNKNOWN),
        ("/etc/crontab", "@reboot root cd /opt/own; sh off.sh", State.UNKNOWN),
        ("/etc/crontab", "@reboot root cd /opt && ./off.sh", State.ON),
        ("/etc/crontab", "@reboot root ./off.sh", State.ON),
        ("/etc/rc.local", "#!/bin/sh\ncd /opt/own/\n./off.sh", State.UNKNOWN),
        ("/etc/rc.local", "#!/bin/sh\n# cd /opt/own\n./off.sh", State.ON),
    ],
)
def test_a_script_may_be_named_in_the_folder_of_a_boot_file(
    machine: Machine, path: str, line: str, state: State
) -> None:
    machine.file("/opt/own/off.sh", "#!/bin/sh\n/sbin/ethtool -K eth0 tx off\n").chmod(0o755)
    machine.file(path, f"{line}\n").chmod(0o755)

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("loop", "other", "state"),
    [
        ('for f in {}/*.sh; do . "$f"; done', "", State.OFF),
        ('for f in {}/*.sh; do [ -r "$f" ] && . "$f"; done', "DEV=eth1\n", State.OFF),
        ('for f in {}/*.sh; do if [ -x "$f" ]; then . "$f"; fi; done', "exit 0\n", State.UNKNOWN),
        ('for f in {}/*.sh; do [ -x "$f" ] && "$f"; done', "exit 0\n", State.OFF),
        ('for f in "{}"/?*; do sh "$f" start; done', "exit 0\n", State.OFF),
        ('D={}\nfor f in "$D"/*; do [ -f "$f" ] || continue; bash $f; done', "exit 0\n", State.OFF),
        ('for f in "{}/*.sh"; do echo "$f"; done', "", State.ON),
        ('set -e\nfor f in {}/*.sh; do "$f"; done', "exit 0\n", State.UNKNOWN),
        ('for f in {}/*.sh; do "$f" & done', "", State.OFF),
        # The name of a file that was not read decides nothing.
        ('for f in {}/*; do case "$f" in *.sh) . "$f";; esac; done', "", State.OFF),
        ('for f in {}/*; do case "$f" in *.sh) . "$f";; esac; done', "exit 0\n", State.UNKNOWN),
        ('for f in {}/*; do case "$f" in *10-*) exit;; esac; sh "$f"; done', "exit 0\n", State.UNKNOWN),
        ('for f in {0}/*; do [ "$f" = {0}/10-other.sh ] && exit; sh $f; done', "exit 0\n", State.UNKNOWN),
        ("for f in {0}/*; do [[ $f == *10-* ]] && exit; sh $f; done", "exit 0\n", State.UNKNOWN),
        ("for f in {0}/*.sh; do sh $f; [ $f = {0}/10-other.sh ] && break; done", "exit 0\n", State.UNKNOWN),
        ("for f in {0}/*; do case {0}/10-other.sh in $f) exit;; esac; sh $f; done", "exit 0\n", State.UNKNOWN),
        ("set -f\nfor f in {}/*.sh; do sh $f; done", "", State.ON),
        ("set -o noglob\nfor f in {}/*.sh; do sh $f; done", "", State.ON),
        ("set -f; set +f\nfor f in {}/*.sh; do sh $f; done", "", State.OFF),
    ],
)
def test_a_loop_over_the_scripts_in_a_folder_is_followed(machine: Machine, loop: str, other: str, state: State) -> None:
    folder = "/etc/rc.d/local.d"
    machine.file("/etc/rc.local", f"#!/bin/sh\n{loop.format(folder)}\nexit 0\n").chmod(0o755)
    machine.file(f"{folder}/20-tx.sh", "#!/bin/sh\n/sbin/ethtool -K eth0 tx off\n").chmod(0o755)
    if other:
        machine.file(f"{folder}/10-other.sh", other).chmod(0o755)
    persistence = machine.persistence("eth0")

    assert persistence.tx_checksum is state, persistence.setting


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("ip link set eth0 up", State.OFF),
        ("ip link set eth9 name lan0", State.OFF),
        ("ip link set eth0 name lan0", State.UNKNOWN),
        ("ip link set dev eth0 netns blue", State.UNKNOWN),
        ("nameif lan0 52:54:00:aa:bb:cc", State.UNKNOWN),
        ("ifrename -i eth0 -n lan0", State.UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/usr/local/sbin/arrange", "/usr/local/sbin/arrange"),
        ("/usr/local/sbin/arrange", "arrange"),
        ("/opt/own.d/arrange", "for f in /opt/own.d/*; do $f; done"),
        ("/opt/own.d/arrange", "run-parts /opt/own.d"),
    ],
)
def test_a_local_script_may_rename_the_device_without_ethtool(
    machine: Machine, path: str, call: str, line: str, state: State
) -> None:
    machine.file(path, f"#!/bin/sh\n{line}\n").chmod(0o755)
    machine.file("/etc/rc.local", f"#!/bin/sh\n{call}\nethtool -K eth0 tx off\n").chmod(0o755)

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("path", "text", "mode", "state"),
    [
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up off eth0\n", 0o755, State.OFF),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up off eth0\n", 0o644, State.ON),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up turn off eth0\n", 0o755, State.ON),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up {} eth0\n", 0o644, State.ON),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up sh {} eth0\n", 0o644, State.OFF),
        ("/etc/rc.local", "#!/bin/sh\noff eth0\n", 0o755, State.OFF),
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart={} eth0\n", 0o644, State.ON),
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=-/bin/sh {} eth0\n", 0o644, State.OFF),
    ],
)
def test_a_script_that_is_not_executable_runs_only_in_a_shell(
    machine: Machine, path: str, text: str, mode: int, state: State
) -> None:
    script = "/usr/local/sbin/off"
    machine.file(script, '#!/bin/sh\nethtool -K "$1" tx off\n').chmod(mode)
    machine.file("/etc/systemd/system/multi-user.target.wants/tx.service", "../tx.service")
    machine.file("/etc/systemd/system/multi-user.target.wants/networking.service", "../networking.service")
    machine.file(path, text.format(script)).chmod(0o755)

    persistence = machine.persistence("eth0")
    assert persistence.tx_checksum is state, persistence.setting


@pytest.mark.parametrize(
    ("path", "text", "state"),
    [
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=/opt/offload.py off\n", State.UNKNOWN),
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=/opt/tool --no-offload\n", State.ON),
        ("/etc/rc.local", "#!/bin/sh\n/opt/disable-offload\n", State.UNKNOWN),
        ("/etc/rc.local", "#!/bin/sh\n# /opt/disable-offload\n", State.ON),
        ("/etc/cron.d/tx", "@reboot root /opt/ethtool.pl\n", State.UNKNOWN),
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n  up /opt/offload off\n", State.UNKNOWN),
        ("/etc/udev/rules.d/a.rules", 'SUBSYSTEM=="net", KERNEL=="eth0", RUN+="/opt/offload %k"\n', State.UNKNOWN),
    ],
)
def test_an_unread_script_leaves_the_outcome_open_if_its_name_suggests_it(
    machine: Machine, path: str, text: str, state: State
) -> None:
    machine.file("/etc/systemd/system/multi-user.target.wants/tx.service", "../tx.service")
    machine.file(path, text).chmod(0o755)

    persistence = machine.persistence("eth0")
    assert persistence.tx_checksum is state, persistence.setting


@pytest.mark.parametrize("command", ["/bin/sh /opt/off", "-/bin/sh -e '/opt/off'"])
def test_a_service_may_run_a_script_without_a_first_line_in_a_shell(machine: Machine, command: str) -> None:
    machine.file("/opt/off", "ethtool -K eth0 tx off\n")
    machine.file("/etc/systemd/system/tx.service", f"[Service]\nExecStart={command}\n")
    machine.file("/etc/systemd/system/multi-user.target.wants/tx.service", "../tx.service")

    assert machine.persistence("eth0").tx_checksum is State.OFF


def test_the_mode_and_owner_of_files_are_read(machine: Machine) -> None:
    path = "/etc/NetworkManager/dispatcher.d/10-tx"
    script = machine.file(path, "#!/bin/sh\nethtool -K eth0 tx off\n")
    for mode, state in (
        (0o755, State.OFF),
        (0o644, State.ON),
        (0o775, State.ON),
        (0o757, State.ON),
        (0o700, State.OFF),
    ):
        script.chmod(mode)

        assert machine.persistence("eth0").tx_checksum is state, oct(mode)


@pytest.mark.parametrize(
    ("folder", "folder_mode", "script_mode", "state"),
    [
        ("routable.d", 0o755, 0o755, State.OFF),
        ("routable.d", 0o755, 0o700, State.UNKNOWN),
        ("routable.d", 0o750, 0o755, State.UNKNOWN),
        ("routable.d", 0o755, 0o644, State.ON),
        ("off.d", 0o755, 0o755, State.UNKNOWN),
    ],
)
def test_networkd_dispatcher_runs_scripts_of_one_mode(
    machine: Machine, folder: str, folder_mode: int, script_mode: int, state: State
) -> None:
    script = machine.file(f"/etc/networkd-dispatcher/{folder}/50-tx", "#!/bin/sh\nethtool -K eth0 tx off\n")
    script.chmod(script_mode)
    script.parent.chmod(folder_mode)
    machine.file("/etc/systemd/system/multi-user.target.wants/networkd-dispatcher.service", "x")
    machine.file("/etc/default/networkd-dispatcher", 'networkd_dispatcher_args="--run-startup-triggers"\n')

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("folder", "mode", "state"),
    [
        ("/etc", 0o600, State.OFF),
        ("/etc", 0o400, State.OFF),
        ("/etc", 0o644, State.ON),
        ("/run", 0o640, State.ON),
        ("/etc", 0o602, State.ON),
        ("/usr/lib", 0o644, State.UNKNOWN),
        # A copy that was made read-only.
        ("/etc", 0o444, State.OFF),
    ],
)
def test_a_profile_that_others_may_read_is_ignored(machine: Machine, folder: str, mode: int, state: State) -> None:
    profile = "[connection]\ntype=ethernet\ninterface-name=eth0\n[ethtool]\nfeature-tx=false\n"
    machine.file(f"{folder}/NetworkManager/system-connections/a.nmconnection", profile).chmod(mode)

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("line", "text", "state"),
    [
        (". /etc/tune.sh", "ethtool -K eth0 tx off", State.OFF),
        ("[ -r /etc/tune.sh ] && source '/etc/tune.sh'", "ethtool -K eth0 tx off", State.UNKNOWN),
        ("bash -e /etc/tune.sh", "ethtool -K eth0 tx off", State.OFF),
        (". /etc/tune.sh; off eth0", "off() { ethtool -K $1 tx off; }", State.OFF),
        (". /etc/tune.sh; ethtool -K eth0 tx off", "exit 0 # ethtool", State.ON),
        (". /etc/tune.sh; ethtool -K $NIC tx off", "NIC=eth0 # ethtool", State.OFF),
        (". /etc/tune.sh", "ethtool -K eth1 tx off", State.ON),
        (". /etc/tune.sh; ethtool -K eth0 tx off", "NIC=eth0", State.OFF),
        (". /etc/tune.sh; ethtool -K eth0 tx off", "A='x y' # z\nexport B=\"1\"\n\n# end", State.OFF),
        (". /etc/tune.sh; ethtool -K eth0 tx off", "NIC=eth0; exit", State.UNKNOWN),
        (". /etc/tune.sh; ethtool -K eth0 tx off", '[ "$OFF" = yes ] || exit 0', State.UNKNOWN),
        (". /etc/tune.sh; ethtool -K eth0 tx off", 'NIC="${NIC:?}"', State.UNKNOWN),
        (". /etc/missing.sh; ethtool -K eth0 tx off", "", State.UNKNOWN),
        ("# . /etc/tune.sh", "ethtool -K eth0 tx off", State.ON),
    ],
)
def test_a_file_that_a_boot_script_sources_is_followed(machine: Machine, line: str, text: str, state: State) -> None:
    machine.file("/etc/rc.local", f"#!/bin/sh\n{line}\n").chmod(0o755)
    machine.file("/etc/tune.sh", f"{text}\n")

    assert machine.persistence("eth0").tx_checksum is state


@pytest.mark.parametrize(
    ("path", "text", "state"),
    [
        ("/etc/tuned/mine/tuned.conf", "[net]\nfeatures = tx off\n", State.UNKNOWN),
        ("/etc/tuned/profiles/mine/tuned.conf", "[net]\nfeatures = tx off\n", State.UNKNOWN),
        ("/etc/tuned/mine/script.sh", "#!/bin/sh\nethtool -K eth0 tx off\n", State.UNKNOWN),
        ("/etc/tuned/mine/tuned.conf", "[cpu]\ngovernor = performance\n", State.ON),
        ("/etc/init/offload.conf", "start on net-device-up IFACE=eth0\nexec /sbin/tune\n", State.UNKNOWN),
        ("/etc/init/offload.conf", "start on net-device-up IFACE=veth01\nexec /sbin/tune\n", State.ON),
        ("/etc/modprobe.d/virtio.conf", "options virtio_net csum=0\n", State.UNKNOWN),
        ("/etc/modprobe.d/virtio.conf", "# options virtio_net csum=0\nalias eth0 virtio_net\n", State.ON),
        ("/etc/dhcp/dhclient-exit-hooks.d/tx", "ethtool -K $interface tx off\n", State.UNKNOWN),
        ("/etc/dhcp/dhclient-exit-hooks", "ethtool -K $interface tx off\n", State.UNKNOWN),
        ("/etc/wicked/ifconfig/eth.xml", "<tx-checksum>false</tx-checksum>\n", State.UNKNOWN),
        ("/etc/conf.d/net", "config_eth0=dhcp\npostup() { ethtool -K eth0 tx off; }\n", State.UNKNOWN),
        ("/etc/conf.d/net", "config_eth0=dhcp\n", State.ON),
        ("/etc/runlevels/default/offload", "#!/sbin/openrc-run\nstart() { ethtool -K eth0 tx off; }\n", State.UNKNOWN),
        ("/etc/netctl/lan", "Interface=eth0\nExecUpPost='ethtool -K eth0 tx off'\n", State.UNKNOWN),
        ("/etc/dhcpcd.exit-hook", "ethtool -K $interface tx off\n", State.UNKNOWN),
        ("/etc/cloud/cloud.cfg", "bootcmd:\n  - ethtool -K eth0 tx off\n", State.UNKNOWN),
        ("/etc/cloud/cloud.cfg.d/90.cfg", "bootcmd:\n  - ethtool -K eth0 tx off\n", State.UNKNOWN),
        ("/var/lib/cloud/scripts/per-boot/tx", "#!/bin/sh\nethtool -K eth0 tx off\n", State.UNKNOWN),
    ],
)
def test_a_place_that_is_not_interpreted_leaves_the_outcome_open(
    machine: Machine, path: str, text: str, state: State
) -> None:
    machine.file(path, text)

    persistence = machine.persistence("eth0")
    assert persistence.tx_checksum is state
    assert (f"could not interpret {path}" in setting_words(persistence.setting)) == (state is State.UNKNOWN)


@pytest.mark.parametrize(
    ("path", "active", "text", "state"),
    [
        ("/usr/lib/tuned/stock/tuned.conf", "stock", "[net]\nfeatures = tx off\n", State.UNKNOWN),
        ("/usr/lib/tuned/profiles/stock/tuned.conf", "stock", "[net]\nfeatures=tx off\n", State.UNKNOWN),
        ("/usr/lib/tuned/stock/script.sh", "other  stock", "#!/bin/sh\nethtool -K eth0 tx off\n", State.UNKNOWN),
        ("/usr/lib/tuned/stock/tuned.conf", "mine", "[net]\nfeatures = tx off\n", State.UNKNOWN),
        ("/usr/lib/tuned/last/tuned.conf", "mine", "[net]\nfeatures = tx off\n", State.UNKNOWN),
        ("/usr/lib/tuned/stock/tuned.conf", "other", "[net]\nfeatures = tx off\n", State.ON),
        ("/usr/lib/tuned/stock/tuned.conf", "stock", "[main]\ninclude = stock\n", State.ON),
    ],
)
def test_a_stock_profile_of_tuned_counts_while_it_is_active(
    machine: Machine, path: str, active: str, text: str, state: State
) -> None:
    machine.file("/etc/tuned/active_profile", f"{active}\n")
    machine.file("/etc/tuned/mine/tuned.conf", "[main]\ninclude=base,stock;-last\n")
    machine.file(path, text)

    assert machine.persistence("eth0").tx_checksum is state


def test_a_stock_profile_of_tuned_counts_while_it_is_loaded_after_the_active_one(machine: Machine) -> None:
    machine.file("/etc/tuned/post_loaded_profile", "stock\n")
    machine.file("/usr/lib/tuned/stock/tuned.conf", "[net]\nfeatures = tx off\n")

    assert machine.persistence("eth0").tx_checksum is State.UNKNOWN


def test_a_service_is_enabled_by_a_link_whatever_it_leads_to(machine: Machine) -> None:
    machine.file("/usr/lib/systemd/system/tx.service", "[Service]\nExecStart=/sbin/ethtool -K eth0 tx off\n")
    folder = machine.root / "etc/systemd/system/multi-user.target.wants"
    folder.mkdir(parents=True)
    states = []
    for target in (None, "/usr/lib/systemd/system/tx.service", "/dev/null"):
        if target is not None:
            (folder / "tx.service").unlink(missing_ok=True)
            (folder / "tx.service").symlink_to(target)
        states.append(machine.persistence("eth0").tx_checksum)
    (folder / "tx.service").unlink()
    (folder / "other.service").symlink_to("/usr/lib/systemd/system/tx.service")
    (machine.root / "etc/systemd/system/other.service").symlink_to("/usr/lib/systemd/system/tx.service")

    assert states == [State.ON, State.OFF, State.ON]
    assert machine.persistence("eth0").tx_checksum is State.OFF


def test_files_that_the_interfaces_file_includes_are_read(machine: Machine) -> None:
    machine.file("/etc/network/interfaces", "source /etc/own/*.cfg\nsource-directory more\n")
    machine.file("/etc/own/b.cfg", "source b/*\n")
    for path in ("/etc/own/a.cfg", "/etc/network/more/a", "/etc/own/b/d"):
        file = machine.file(path, "auto eth0\niface eth0 inet dhcp\n  offload-gso off\n  offload-tx off\n")
        persistence = machine.persistence("eth0")
        file.unlink()

        assert (persistence.tx_checksum, path in setting_words(persistence.setting)) == (State.OFF, True), (
            persistence.setting
        )


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("pre-up false", State.ON),
        ("pre-up /usr/local/bin/check eth0", State.UNKNOWN),
        ("pre-up /usr/local/bin/check eth0 || true", State.OFF),
        ("up ip route add 10.0.0.0/8 via 10.0.0.1", State.OFF),
        ("up echo 1 > /proc/sys/net/ipv4/ip_forward", State.OFF),
        ("up cd /srv; ./tune", State.UNKNOWN),
        ("pre-up sleep 5", State.OFF),
        ("pre-up modprobe 8021q", State.UNKNOWN),
        ("pre-up brctl addbr $IFACE", State.OFF),
        ("pre-up brctl addif br0 $IFACE", State.UNKNOWN),
        ("down /usr/local/bin/check", State.OFF),
    ],
)
def test_a_command_that_fails_ends_an_interface_of_ifupdown(machine: Machine, line: str, state: State) -> None:
    machine.file("/etc/systemd/system/multi-user.target.wants/networking.service", "../networking.service")
    text = f"auto eth0\niface eth0 inet dhcp\n  {line}\n  post-up ethtool -K eth0 tx off\n"
    machine.file("/etc/network/interfaces", text)

    persistence = machine.persistence("eth0")
    assert persistence.tx_checksum is state, persistence.setting


@pytest.mark.parametrize(
    ("name", "commands", "state"),
    [
        ("br0", ("ip link add br0 type bridge",), State.OFF),
        ("br0", ("ip link add name $IFACE type bridge stp_state 0", "ip link set br0 up"), State.OFF),
        ("br0", ("ip link add br0 type bridge || true",), State.OFF),
        ("eth0.5", ("ip link add link eth0 name eth0.5 type vlan id 5",), State.OFF),
        ("br0", ("ip link add eth0 type bridge",), State.UNKNOWN),
        ("br0", ("ip link add br0 type bridge", "ip link add dev $IFACE type bridge"), State.UNKNOWN),
        ("br0", ("brctl addbr br0", "ip link add br0 type bridge"), State.UNKNOWN),
        ("br0", ("brctl addbr br0", "brctl addbr ${IFACE}"), State.UNKNOWN),
        ("bond0", ("ip link add bond0 type bond mode active-backup",), State.OFF),
    ],
)
def test_a_stanza_of_ifupdown_makes_its_device_once(
    machine: Machine, name: str, commands: tuple[str, ...], state: State
) -> None:
    machine.device(name)
    lines = "".join(f"  pre-up {command}\n" for command in commands)
    text = f"auto {name}\niface {name} inet manual\n{lines}  up ethtool -K {name} tx off\n"
    machine.file("/etc/network/interfaces", text)

    persistence = machine.persistence(name)
    assert persistence.tx_checksum is state, persistence.setting


def test_a_module_of_an_old_system_makes_bond0_before_its_stanza(machine: Machine) -> None:
    machine.device("bond0")
    machine.program("udevadm", "echo 232")
    lines = "  pre-up ip link add bond0 type bond\n  up ethtool -K bond0 tx off\n"
    machine.file("/etc/network/interfaces", f"auto bond0\niface bond0 inet manual\n{lines}")

    assert machine.persistence("bond0").tx_checksum is State.UNKNOWN


def test_a_program_among_the_boot_scripts_is_a_place_that_is_not_read(machine: Machine) -> None:
    path = "/etc/NetworkManager/dispatcher.d/10-tx"
    machine.file(path, "\x7fELF\0\0/sbin/ethtool -K %s tx off").chmod(0o755)

    assert machine.read("eth0").persistence == Persistence(setting=SettingsFound(unread=(path,)))


def test_a_script_that_no_shell_understands_leaves_the_outcome_open(machine: Machine) -> None:
    script = machine.file("/etc/rc.local", "#!/usr/bin/perl\nsystem('ethtool -K eth0 tx off');\n")
    script.chmod(0o755)

    assert machine.read("eth0").persistence == Persistence(
        setting=SettingsFound(
            settings=(FoundSetting(place=SettingPlace(files=("/etc/rc.local",)), state=State.UNKNOWN),)
        )
    )
