"""The small fleet in fixtures/ shows every rule of the decision table, through libvirt's own test driver."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.patience import LONG
from tests.readme import PROJECT
from virtscan.correlator import RULES as TABLE

FLEET = PROJECT / "fixtures" / "fleet"

RULES = {
    ("ams1-kvm01", "spare01", 0): "R7",  # powered off, on a pool of bond2 and bond3: the worse one counts
    ("ams1-kvm01", "web01", 0): "R7",
    ("ams1-kvm01", "web02", 0): "R7",
    ("ams1-kvm01", "db01", 0): "R7",
    ("ams1-kvm01", "iso-kiosk", 0): "R7",
    ("ams1-kvm02", "ci01", 0): "R11",
    ("ams1-kvm01", "jump01", 1): "R11",  # on a NIC, not on a bond
    ("ams1-kvm02", "thin01", 0): "R8",
    ("ams1-kvm02", "ci02", 0): "R12",
    ("ams1-kvm01", "jump01", 2): "R13",
    ("ams1-kvm01", "report01", 0): "R5",
    ("ams1-kvm02", "backup01", 0): "R6",
    ("ams1-kvm01", "db01", 1): "R9",
    ("ams1-kvm01", "mail01", 0): "R9",
    ("ams1-kvm02", "web03", 0): "R10",
    ("ams1-kvm02", "dev01", 0): "R14",
    ("fra1-kvm03", "shop01", 0): "R2",
    ("fra1-kvm03", "shop02", 0): "R2",
    ("ams1-kvm02", "backup01", 1): "R4",
}
NOT_JUDGED = {
    ("ams1-kvm01", "jump01", 0),  # a host bridge
    ("ams1-kvm01", "web02", 1),  # NAT
    ("ams1-kvm01", "satellite", 0),  # a server's own interface
    ("ams1-kvm01", "satellite", 1),
    ("ams1-kvm02", "kickstart", 0),  # likewise
    ("ams1-kvm02", "imager", 0),
}


class Scan:
    """One run of `virtscan scan` in JSON."""

    def __init__(self, *arguments: str, home: Path) -> None:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "virtscan"), "scan", "--format", "json", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ
            | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "VIRTSCAN_CONFIG": "", "LC_ALL": "C.UTF-8"},
            timeout=LONG,
        )
        self.code = done.returncode
        self.document: dict[str, Any] = json.loads(done.stdout)  # Any: as JSON is

    def column(self, name: str, rows: str = "findings") -> dict[tuple[str, str, int], Any]:  # Any: as JSON is
        """One column of a list of rows, by hypervisor, domain and index."""
        return {(row["hypervisor"], row["domain"], row["index"]): row[name] for row in self.document[rows]}


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """The scan that `make scan` runs."""
    return Scan("--config", str(FLEET / "virtscan.toml"), home=tmp_path_factory.mktemp("home"))


def test_each_interface_is_decided_by_the_rule_it_is_there_for(scan: Scan) -> None:
    assert scan.column("rule") == RULES


def test_every_rule_that_needs_a_server_decides_a_finding(scan: Scan) -> None:
    assert {*scan.column("rule").values()} == {rule.id for rule in TABLE if rule.verdict is not None} - {"R3"}


def test_remaining_interfaces_are_not_judged(tmp_path: Path) -> None:
    everything = Scan("--config", str(FLEET / "virtscan.toml"), "--view", "interfaces", home=tmp_path)

    verdicts = everything.column("verdict", "rows")
    assert {interface for interface, verdict in verdicts.items() if verdict is None} == NOT_JUDGED


def test_without_a_server_only_a_fixed_kernel_clears(tmp_path: Path) -> None:
    without = Scan("-c", f"test://{FLEET}/ams1-kvm01.xml", home=tmp_path)

    assert {*without.column("rule").values()} == {"R3"}
    assert without.code == 3


def test_a_bond_of_the_server_is_cured_on_both_of_its_nics(scan: Scan) -> None:
    (satellite,) = (
        reason
        for finding in scan.document["findings"]
        if finding["domain"] == "web01"
        for reason in finding["reasons"]
        if reason["code"] == "offload-known"
    )

    assert (satellite["interface"], satellite["devices"]) == ("bond0", ["bond0", "eth0", "eth1"])


def test_interfaces_that_reach_no_server_are_in_the_findings(scan: Scan) -> None:
    lost = {interface for interface, reach in scan.column("reaches_server").items() if reach == "no"}

    assert lost == {("ams1-kvm01", "db01", 1), ("ams1-kvm01", "mail01", 0)}


def test_unread_items_of_the_fleet_are_reported(scan: Scan) -> None:
    host, server, warning = scan.document["gaps"]

    assert host["subject"] == "qemu+tcp://127.0.0.1:9/system"
    assert server["subject"].startswith("server depot (file:")
    assert warning["subject"] == "segment backup"
    assert scan.code == 4


def test_a_waiver_and_every_exposure_known_to_libvirt_show(scan: Scan) -> None:
    waived = {interface for interface, reason in scan.column("waived").items() if reason}

    assert waived == {("ams1-kvm01", "iso-kiosk", 0)}
    assert {*scan.column("exposure").values()} == {"boots", "latent"}
