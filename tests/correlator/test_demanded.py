"""Scenarios whose right answer clears, although one more fact about them would warn: they demand each exemption."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from tests.build import macvlan, nic
from tests.correlator.demanded import (
    DEMANDED,
    Clearing,
    Exemption,
    has_running_copy,
    has_virtual_bottom,
    is_declared_apart,
    is_the_servers_own,
    is_weak,
    lost_an_undeclared_nic,
    tells_machines_apart,
)
from virtscan.cli.main import virtscan
from virtscan.correlator import correlate
from virtscan.correlator.positions.position import Where
from virtscan.correlator.table import Case, decide
from virtscan.correlator.table.conditions import PossibleServers
from virtscan.model import Device, Domain, Finding, Hypervisor, Inventory, Mac, Server, State, Verdict
from virtscan.storage import loads

SERVING = Mac("52:54:00:00:00:01")
CLONE = "clone"
UUID = "4c4c4544-0000-1000-8000-000000000001"
Fact: TypeAlias = Callable[[Inventory], Inventory]


def on_host(change: Callable[[Hypervisor], Hypervisor], place: int = 0) -> Fact:
    return lambda inventory: replace(
        inventory,
        hypervisors=tuple(
            change(host) if number == place else host for number, host in enumerate(inventory.hypervisors)
        ),
    )


def with_device(device: Device) -> Fact:
    """Describe a device of the first hypervisor, in place of what was known of it."""

    def change(host: Hypervisor) -> Hypervisor:
        return replace(host, devices=(*(each for each in host.devices if each.name != device.name), device))

    return on_host(change)


def with_server(change: Callable[[Server], Server]) -> Fact:
    return lambda inventory: replace(inventory, servers=tuple(map(change, inventory.servers)))


def with_clone(inventory: Inventory) -> Inventory:
    """Add a domain of another uuid with the server's MAC."""

    def change(host: Hypervisor) -> Hypervisor:
        (original,) = [domain for domain in host.domains if domain.name == "sat"]
        clone: Domain = replace(original, name=CLONE, uuid=UUID)
        return replace(host, domains=(*host.domains, clone))

    return on_host(change)(inventory)


def as_one_machine(inventory: Inventory) -> Inventory:
    return on_host(lambda host: replace(host, system_uuid=UUID), 1)(
        on_host(lambda host: replace(host, system_uuid=UUID))(inventory)
    )


def really(inventory: Inventory) -> Inventory:
    """Replace the hypervisors' addresses by those of real ones: those of the test driver are not machines."""
    hosts = (replace(host, uri=f"qemu+ssh://{host.name}/system") for host in inventory.hypervisors)
    return replace(inventory, hypervisors=tuple(hosts))


def found_on_the_device(inventory: Inventory) -> Inventory:
    of_host = with_device(replace(macvlan("mv0", "bond2"), mac=SERVING))
    return with_server(lambda server: replace(server, macs=(SERVING,), declared_macs=(SERVING,)))(of_host(inventory))


VIRTUAL = with_device(nic("eth4", driver="virtio_net", mac=Mac("52:54:00:10:00:04")))
UNKNOWN_DEVICE = with_device(Device(name=nic("odd0").name, mac=SERVING))
DEMANDS: dict[str, tuple[Exemption, str, str, Fact]] = {
    "without a NIC that is known to be virtual, a server that is nowhere is elsewhere, with low confidence": (
        is_weak,
        "029-absent-no-cards",
        "52:54:00:00:00:11",
        VIRTUAL,
    ),
    "without a NIC that is known to be virtual, ports of a bond and of its VLAN never meet": (
        has_virtual_bottom,
        "004-vlan-on-server-bond-nocards",
        "52:54:00:00:00:17",
        VIRTUAL,
    ),
    "without a common uuid two hypervisors are two machines": (
        tells_machines_apart,
        "022-server-elsewhere",
        "52:54:00:00:00:11",
        as_one_machine,
    ),
    "without a device that has its MAC, a server is where it runs": (
        has_running_copy,
        "022-server-elsewhere",
        "52:54:00:00:00:11",
        UNKNOWN_DEVICE,
    ),
    "without a clone the server's domain is itself": (
        is_the_servers_own,
        "074-server-own-interface",
        "52:54:00:00:00:01",
        with_clone,
    ),
    "without a place on the device declarations exclude the server": (
        is_declared_apart,
        "155-segment-other-declared",
        "52:54:00:00:00:11",
        found_on_the_device,
    ),
}


def finding(inventory: Inventory, mac: str) -> Finding | None:
    matching = (finding for finding in correlate(inventory).findings if finding.mac == mac and finding.domain != CLONE)
    return next(matching, None)


@pytest.mark.parametrize("words", DEMANDS)
def test_a_scenario_clears_what_one_more_fact_would_warn_of(
    words: str, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exemption, scenario, mac, fact = DEMANDS[words]
    truths = map(json.loads, (cases / "verdicts" / "truth.jsonl").read_text().splitlines())
    (truth,) = [truth for truth in truths if (truth["scenario"], truth["mac"]) == (scenario, mac)]
    monkeypatch.chdir(shutil.copytree(cases / "verdicts" / scenario, tmp_path / "scenario", symlinks=True))
    CliRunner().invoke(virtscan, [*shlex.split(truth["command"])[1:], "--save", "saved.json"])
    after = really(loads(Path("saved.json").read_bytes(), origin="saved.json"))
    before = fact(after)

    old, new = finding(before, mac), finding(after, mac)

    assert truth["verdict"] == ("none" if new is None else new.verdict.value)
    assert new is None or new.verdict is Verdict.NOT_AFFECTED
    assert old is not None
    assert old.verdict in {Verdict.AT_RISK, Verdict.UNKNOWN}
    assert [name for name in DEMANDED if name(Clearing(before, after, old, new))] == [exemption]


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("declared", [True, False])
def test_an_offload_that_is_off_mitigates_wherever_the_server_is(where: Where, declared: bool) -> None:
    known = Case(servers=PossibleServers.THIS_ONE, tx=State.OFF, where=where, declared=declared)

    assert decide(known).id == "R5"


def test_every_exemption_is_demanded() -> None:
    by_row = {lost_an_undeclared_nic}  # R5: the test above

    assert {exemption for exemption, *_ in DEMANDS.values()} | by_row == set(DEMANDED)
