"""The machine that a system runs on: firmware, systemd's answer, and marks of containers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.hostnet import (
    Dmi,
    is_container_group,
    read_dmi_files,
    read_dmidecode,
    read_hostnamectl,
    read_machine,
    system_uuid,
)
from virtscan.model import Machine

DMIDECODE = """\
# dmidecode 2.12
SMBIOS 2.8 present.

Handle 0x0000, DMI type 0, 24 bytes
BIOS Information
\tVendor: SeaBIOS

Handle 0x0100, DMI type 1, 27 bytes
System Information
\tManufacturer: Dell Inc.
\tProduct Name: PowerEdge R640
\tUUID: 4C4C4544-0051-3510-8052-B4C04F4E5032
\tFamily: PowerEdge

Handle 0x0300, DMI type 3, 22 bytes
Chassis Information
\tManufacturer: QEMU
"""
DELL = Dmi(vendor="Dell Inc.", product="PowerEdge R640", uuid="4C4C4544-0051-3510-8052-B4C04F4E5032")
QEMU = Dmi(vendor="QEMU", product="Standard PC (i440FX + PIIX, 1996)")


def test_dmidecode_and_the_files_in_sys_give_equal_facts() -> None:
    files = {"sys_vendor": "Dell Inc.\n", "product_name": "PowerEdge R640\n", "product_uuid": f"{DELL.uuid}\n"}

    assert read_dmidecode(DMIDECODE) == read_dmi_files(files) == DELL
    assert read_dmidecode("Cannot open /dev/mem: Permission denied\n") == Dmi()


@pytest.mark.parametrize(
    ("vendor", "product", "runs_on"),
    [
        ("Dell Inc.", "PowerEdge R640", Machine.PHYSICAL),
        ("Oracle Corporation", "ORACLE SERVER X7-2", Machine.PHYSICAL),
        ("Amazon EC2", "c5.metal", Machine.PHYSICAL),
        ("Amazon EC2", "c5.large", Machine.VIRTUAL),
        ("Red Hat", "KVM", Machine.VIRTUAL),
        ("Red Hat", "RHEV Hypervisor", Machine.VIRTUAL),
        ("VMware, Inc.", "VMware Virtual Platform", Machine.VIRTUAL),
        ("innotek GmbH", "VirtualBox", Machine.VIRTUAL),
        ("Microsoft Corporation", "Virtual Machine", Machine.VIRTUAL),
        ("Microsoft Corporation", "Surface Pro", Machine.PHYSICAL),
        ("Xen", "HVM domU", Machine.VIRTUAL),
        ("OpenStack Foundation", "OpenStack Nova", Machine.VIRTUAL),
        ("Nutanix", "AHV", Machine.VIRTUAL),
        ("Nutanix", "NX-3060-G5", Machine.PHYSICAL),
        ("To be filled by O.E.M.", "x", Machine.UNKNOWN),
        ("NA", "NA", Machine.UNKNOWN),
        ("", "", Machine.UNKNOWN),
    ],
)
def test_firmware_names_the_machine(vendor: str, product: str, runs_on: Machine) -> None:
    assert read_machine(dmi=Dmi(vendor=vendor, product=product)) is runs_on


def test_evidence_against_bare_metal_counts() -> None:
    assert read_machine(dmi=DELL, hypervisor_flag=True) is Machine.VIRTUAL
    assert read_machine(dmi=DELL, words=["kvm"]) is Machine.VIRTUAL
    assert read_machine(dmi=QEMU, words=["none"]) is Machine.VIRTUAL
    assert read_machine(dmi=DELL, words=["none"], hypervisor_flag=True) is Machine.UNKNOWN
    assert read_machine(dmi=DELL, words=["none"]) is Machine.PHYSICAL
    assert read_machine(dmi=Dmi(), words=["none"]) is Machine.PHYSICAL
    assert read_machine(dmi=Dmi(), words=["a-new-word", ""]) is Machine.UNKNOWN


def test_a_container_is_one_on_every_machine() -> None:
    for dmi in (DELL, QEMU, Dmi()):
        assert read_machine(dmi=dmi, words=["kvm", "docker"]) is Machine.CONTAINER
        assert read_machine(dmi=dmi, words=["none"], container=True) is Machine.CONTAINER


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("0::/init.scope\n", False),
        ("0::/\n", False),
        ("12:cpu,cpuacct:/\n1:name=systemd:/init.scope\n", False),
        ("4:memory:/docker/3601745b3bd54d9780436faa5f0e4f72\n", True),
        ("1:name=systemd:/lxc/c1/init.scope\n", True),
        ("0::/lxc.payload.c1/init.scope\n", True),
        ("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n", True),
        ("0::/machine.slice/libpod-0a.scope\n", True),
    ],
)
def test_the_first_process_shows_a_container(text: str, inside: bool) -> None:
    assert is_container_group(text) is inside


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("           Chassis: vm\n    Virtualization: kvm\n", "kvm"),
        ("           Chassis: container\n    Virtualization: lxc\n", "lxc"),
        ("           Chassis: server\n        Machine ID: 1\n", "none"),
        ("           Chassis: server 🖥️\n", "none"),
        ("           Chassis: vm\n", ""),
        ("", ""),
    ],
)
def test_hostnamectl_names_the_virtualization(text: str, word: str) -> None:
    assert read_hostnamectl(text) == word


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        ("4C4C4544-0051-3510-8052-B4C04F4E5032\n", "4c4c4544-0051-3510-8052-b4c04f4e5032"),
        ("00000000-0000-0000-0000-000000000000", None),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", None),
        ("03000200-0400-0500-0006-000700080009", None),
        ("Not Settable", None),
        ("NA", None),
        ("", None),
    ],
)
def test_placeholders_are_not_a_uuid(text: str, uuid: str | None) -> None:
    assert system_uuid(text) == uuid


@given(st.text(max_size=60))
def test_readers_of_the_machine_accept_any_text(text: str) -> None:
    assert read_machine(dmi=read_dmidecode(f"System Information\n\t{text}"), words=[text]) in Machine
    assert isinstance(read_hostnamectl(text), str)
    assert system_uuid(text) is None or "-" in text
