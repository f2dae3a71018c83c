"""Tests that a machine's lacks are reported before anything is made."""

import re
from collections.abc import Container

import pytest

from tests.lab.requirements import ThisMachine, lacking, playable
from tests.lab.scenario import Lower, Scenario, Sender, Way
from tests.lab.scenarios import CORE, SCENARIOS
from tests.readme import PROJECT


class MadeUp:
    """A machine that has everything except what is named."""

    def __init__(self, *, without: Container[str] = (), root: bool = True) -> None:
        self._without = without
        self._root = root

    def is_root(self) -> bool:
        return self._root

    def makes_namespaces(self) -> bool:
        return "namespaces" not in self._without

    def has_program(self, name: str) -> bool:
        return name not in self._without

    def has_file(self, *patterns: str) -> bool:
        return not any(word in pattern for word in ("OVMF", "ipxe", "_qemu.so") for pattern in patterns) or (
            "files" not in self._without
        )

    def makes(self, device: str) -> bool:
        return device not in self._without


def test_a_machine_that_has_everything_lacks_nothing() -> None:
    assert lacking(SCENARIOS, MadeUp()) == []


def test_without_rights_missing_programs_are_still_reported() -> None:
    rights, program = lacking(CORE, MadeUp(root=False, without=("dhcpd", "macvtap")))

    assert "run it as root" in rights
    assert program.startswith("program dhcpd:")


def test_a_root_without_the_right_to_make_namespaces_gets_that_reason_and_not_the_kernel() -> None:
    (rights,) = lacking(CORE, MadeUp(without=("namespaces", "macvtap")))

    assert rights.startswith("rights: root may not make namespaces here")


def test_each_missing_program_is_named_with_its_packages() -> None:
    lines = lacking(SCENARIOS, MadeUp(without=("dhcpd", "dnsmasq")))

    assert lines == [
        "program dhcpd: install isc-dhcp-server (Debian, Ubuntu) or dhcp-server (Fedora, RHEL)",
        "program dnsmasq: install dnsmasq-base (Debian, Ubuntu) or dnsmasq (Fedora, RHEL)",
    ]


def test_the_core_does_not_require_programs_of_other_scenarios() -> None:
    assert lacking(CORE, MadeUp(without=("dnsmasq", "bond", "vlan", "bridge"))) == []


def test_firmware_that_is_not_there_is_missed() -> None:
    lines = lacking(SCENARIOS, MadeUp(without=("files",)))

    assert [line.partition(":")[0] for line in lines] == [
        "libvirt's driver for QEMU",
        "iPXE for QEMU's NICs",
        "UEFI firmware for VMs (OVMF)",
    ]


def test_a_kernel_without_macvtap_is_named_with_the_module() -> None:
    assert lacking(CORE, MadeUp(without=("macvtap",))) == [
        "kernel: it makes no macvtap device; it lacks macvtap, or the right to load it"
    ]


def test_kernel_is_not_reported_as_lacking_a_module_if_ip_is_missing() -> None:
    (line,) = lacking(CORE, MadeUp(without=("ip", "veth", "macvtap")))

    assert line.startswith("program ip:")


def test_a_kernel_without_bonds_can_play_all_scenarios_without_one() -> None:
    machine = MadeUp(without=("bond",))

    assert {scenario.lower for scenario in SCENARIOS if not playable(scenario, machine)} == {Lower.BOND, Lower.VLAN}


def test_a_bond_of_the_server_needs_one_as_well() -> None:
    scenario = Scenario(way=Way.GUEST, sender=Sender.BOND, steps=())

    assert scenario.needs_bond
    assert not playable(scenario, MadeUp(without=("bond",)))


def test_nested_scenarios_need_the_programs_but_no_driver() -> None:
    lines = lacking((), MadeUp(without=("dhcpd", "bond", "macvtap", "veth")), SCENARIOS)

    assert [line.partition(":")[0] for line in lines] == ["program dhcpd"]


def test_every_required_package_is_installed_by_make() -> None:
    without = ("dhcpd", "dnsmasq", "in.tftpd", "files", "virsh", "ethtool", "ip", "tcpdump")
    named = {re.search(r"install (\S+)", line) for line in lacking(SCENARIOS, MadeUp(without=without))}
    script = (PROJECT / "packaging" / "system-packages.sh").read_text(encoding="utf-8")

    packages = {match[1] for match in named if match} - {"libvirt-daemon-driver-qemu"}  # there it is a pattern
    assert {package for package in packages if f"need {package} " not in script} == set()


@pytest.mark.parametrize("device", ["bond", "macvtap"])
def test_checking_the_requirements_leaves_no_device(device: str) -> None:
    ThisMachine().makes(device)

    assert not (PROJECT / "/sys/class/net/vsprobe").exists()
