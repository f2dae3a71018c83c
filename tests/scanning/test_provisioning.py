"""Provisioning systems as one more kind of job of a scan."""

import threading

import msgspec

from tests.build import TAKEN_AT
from tests.harness.patience import LONG, deadlines
from tests.harness.ports import reserved_port
from tests.harness.web_server import Answer, Request, web_server
from tests.provisioning.cobbler.rpc import COBBLER_3, cobbler, method
from tests.provisioning.foreman.rest import foreman
from virtscan.model import GapAbout, Plan, ProvisioningKind, ProvisioningTarget, Secret
from virtscan.scanning import collect
from virtscan.views.wording.gaps import reason, subject

SUBNET = {"id": 1, "name": "lab", "network": "10.77.0.0", "mask": "255.255.255.0"}


def target(url: str, kind: ProvisioningKind = ProvisioningKind.COBBLER) -> ProvisioningTarget:
    return ProvisioningTarget(kind=kind, url=url, user="scan", secret=Secret("s3cret"))


def test_records_of_provisioning_systems_are_in_the_inventory_without_secrets() -> None:
    with web_server(cobbler(COBBLER_3)) as first, web_server(foreman({"subnets": [SUBNET], "hosts": []})) as second:
        inventory = collect(
            Plan(provisioning=(target(second.url, ProvisioningKind.FOREMAN), target(first.url))), taken_at=TAKEN_AT
        )

    assert [netboot.system for netboot in inventory.netboots] == ["web01"]
    assert [subnet.name for subnet in inventory.subnets] == ["lab"]
    assert inventory.gaps == ()
    assert b"s3cret" not in msgspec.json.encode(inventory)


def test_an_unreachable_provisioning_system_is_a_gap() -> None:
    with reserved_port() as port:
        url = f"http://127.0.0.1:{port}"
        inventory = collect(Plan(provisioning=(target(url),)))

    assert [(subject(gap), reason(gap), gap.about, gap.hypervisor) for gap in inventory.gaps] == [
        (f"cobbler {url}", "connection refused; check url, and that the server is running", GapAbout.PROVISIONING, None)
    ]


def test_systems_not_started_before_the_end_of_the_run_are_gaps() -> None:
    inventory = collect(Plan(provisioning=(target("http://127.0.0.1:1"),), deadline=0))

    assert [reason(gap) for gap in inventory.gaps] == ["not started before the run's deadline of 0 s; raise --deadline"]


def test_the_records_read_before_a_hang_are_kept() -> None:
    whole = cobbler(COBBLER_3)
    hung, release = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        if method(request) == "get_profiles":
            hung.set()
            release.wait(LONG)
        return whole(request)

    with web_server(answer) as server:
        for seconds in deadlines(0.5):
            inventory = collect(Plan(provisioning=(target(server.url),), host_timeout=seconds))
            if hung.is_set():
                break
        release.set()

    late = f"no answer within {0.9 * seconds:g} s; some next servers are unknown"
    assert [netboot.system for netboot in inventory.netboots] == ["web01"]
    assert [reason(gap) for gap in inventory.gaps] == [late] * 2
