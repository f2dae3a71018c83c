"""The sheets that tools which read RVTools exports look for."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.build import domain, hypervisor, inventory, macvtap
from tests.views.fleet import report
from virtscan.model import DomainState, LinkState, Report, Resources, State
from virtscan.views import EVERYTHING
from virtscan.views.document import Section
from virtscan.views.sheets import rvtools

# As RVTools 4.7 writes them, as far as virtscan has the fact; what it has of its own stands behind.
HEADERS = {
    "vInfo": [
        "VM", "Powerstate", "CPUs", "Memory", "NICs", "Disks", *(f"Network #{number}" for number in range(1, 9)),
        "Firmware", "HW version", "Annotation", "Datacenter", "Host", "VM UUID",
        "OS according to the configuration file",
    ],
    "vCPU": ["VM", "Powerstate", "CPUs", "Sockets", "Cores p/s", "Max", "Shares", "Hot Add", "Datacenter", "Host"],
    "vMemory": ["VM", "Powerstate", "Size MiB", "Max", "Reservation", "Hot Add", "Datacenter", "Host"],
    "vDisk": ["VM", "Powerstate", "Disk", "Capacity MiB", "Disk Mode", "Path", "Datacenter", "Host"],
    "vNetwork": [
        "VM", "Powerstate", "NIC label", "Adapter", "Network", "Switch", "Connected", "Starts Connected", "Mac Address",
        "Type", "Datacenter", "Host",
    ],
    "vHost": [
        "Host", "Datacenter", "CPU Model", "Speed", "# CPU", "Cores per CPU", "# Cores", "# Memory", "# VMs total",
        "# VMs", "# vCPUs", "vCPUs per Core", "vRAM",
    ],
}  # fmt: skip
OTHERWISE = {"Mode": "Disk Mode", "pool": "pool", "volume": "volume", "Bus": "Bus", "Format": "Format"}
"""Names in the contract that RVTools spells otherwise, or does not have."""


def sheets(judged: Report) -> dict[str, Section]:
    return {section.sheet or section.heading: section for section in EVERYTHING(judged).sections}


def headers(section: Section) -> list[str]:
    return [column.sheet or column.heading for column in section.columns if column.is_in_sheets]


def rows(judged: Report, sheet: str) -> list[dict[str, object]]:
    section = sheets(judged)[sheet]
    names = [column.sheet or column.heading for column in section.columns]
    return [dict(zip(names, row, strict=True)) for row in section.rows]


@pytest.mark.parametrize("sheet", HEADERS)
def test_a_sheet_has_the_headers_of_rvtools(sheet: str) -> None:
    theirs = [column.sheet for column in sheets(report())[sheet].columns if column.sheet]

    assert sorted(theirs) == sorted(HEADERS[sheet])


def test_every_column_of_the_contract_is_in_its_sheet(shared: Path) -> None:
    contract = (shared / "OUTPUTS.md").read_text(encoding="utf-8")
    promised = dict(re.findall(r"^\| (v[A-Z]\w+) \| (.+?) \|", contract, re.MULTILINE))

    assert promised.keys() == HEADERS.keys()
    for sheet, text in promised.items():
        listed = re.sub(r"\([^)]*\)|; ours.*|;.*", "", text).replace("Network #1 to #8", "Network #1, Network #8")
        names = [name for part in listed.split(",") for name in re.split(r" or | and ", part.strip()) if name]
        there = headers(sheets(report())[sheet])
        assert [name for name in names if OTHERWISE.get(name.strip(), name.strip()) not in there] == [], sheet


@pytest.mark.parametrize(
    ("state", "paused", "word"),
    [
        (DomainState.ACTIVE, State.OFF, "poweredOn"),
        (DomainState.ACTIVE, State.UNKNOWN, "poweredOn"),
        (DomainState.ACTIVE, State.ON, "Suspended"),
        (DomainState.INACTIVE, State.UNKNOWN, "poweredOff"),
        (DomainState.UNKNOWN, State.UNKNOWN, None),
    ],
)
def test_the_power_state_is_in_rvtools_words(state: DomainState, paused: State, word: str | None) -> None:
    guest = domain("web01", macvtap(), state=state, resources=Resources(paused=paused))
    judged = Report(inventory=inventory(hypervisor("hv1", guest)))

    for sheet in ("vInfo", "vCPU", "vMemory", "vNetwork"):
        assert [row["Powerstate"] for row in rows(judged, sheet)] == [word]


def test_an_interface_is_connected_while_its_domain_runs_and_its_cable_is_in() -> None:
    def connected(state: DomainState, link: LinkState | None) -> tuple[object, object]:
        guest = domain("web01", macvtap(link=link), state=state)
        (row,) = rows(Report(inventory=inventory(hypervisor("hv1", guest))), "vNetwork")
        return row["Connected"], row["Starts Connected"]

    assert connected(DomainState.ACTIVE, None) == (True, True)
    assert connected(DomainState.ACTIVE, LinkState.DOWN) == (False, False)
    assert connected(DomainState.INACTIVE, LinkState.UP) == (False, True)
    assert connected(DomainState.UNKNOWN, None) == (None, True)


def test_hot_add_shows_whether_more_can_be_given() -> None:
    fixed = domain("fixed", vcpus=2, resources=Resources(max_vcpus=2))
    more = domain("more", vcpus=2, resources=Resources(max_vcpus=4, max_memory_mib=8192))
    judged = Report(inventory=inventory(hypervisor("hv1", fixed, more, domain("unknown", vcpus=None))))

    assert [row["Hot Add"] for row in rows(judged, "vCPU")] == [False, True, None]
    assert [row["Hot Add"] for row in rows(judged, "vMemory")] == [False, True, False]


def test_a_domain_has_the_networks_of_its_interfaces_in_their_order() -> None:
    nics = (macvtap(index=0), macvtap(index=1, network="pxe"), *(macvtap(index=place) for place in range(2, 9)))
    judged = Report(inventory=inventory(hypervisor("hv1", domain("web01", *nics), segments={"bond2": "lan"})))

    (row,) = rows(judged, "vInfo")

    assert [row[f"Network #{number}"] for number in range(1, 9)] == ["lan", "pxe", *["lan"] * 6]
    assert row["NICs"] == 9


def test_every_disk_is_a_row() -> None:
    disks = [(row["VM"], row["Disk"], row["Path"], row["Disk Mode"]) for row in rows(report(), "vDisk")]

    assert disks == [
        ("satellite", "vda", "/var/lib/libvirt/images/sat.qcow2", "persistent"),
        ("satellite", "vdb", None, "transient"),
        ("satellite", "sda", None, "read-only"),
    ]


def test_a_header_belongs_to_a_column_that_exists() -> None:
    mappings = {"vInfo": rvtools.VINFO, "vCPU": rvtools.VCPU, "vMemory": rvtools.VMEMORY, "vDisk": rvtools.VDISK}
    for sheet, mapping in {**mappings, "vNetwork": rvtools.VNETWORK, "vHost": rvtools.VHOST}.items():
        assert mapping.keys() <= {column.key for column in sheets(report())[sheet].columns}, sheet


def test_the_same_domains_are_on_every_sheet_of_domains() -> None:
    info, cpu, memory = (sheets(report())[name] for name in ("vInfo", "vCPU", "vMemory"))

    assert len(info.rows) == len(cpu.rows) == len(memory.rows) == 6 + 1
    assert msgspec.structs.replace(info, rows=()) != info
