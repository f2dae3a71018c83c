"""The steps of commands between the command line and an inventory."""

import re

import pytest

from virtscan.cli.acquire import collected
from virtscan.cli.output.console import Console, Verbosity
from virtscan.model import (
    Plan,
    ProvisioningKind,
    ProvisioningTarget,
    ServerTarget,
    SourceKind,
    State,
    Target,
    TargetKind,
)


def test_progress_is_reported_of_hypervisors_servers_and_provisioning_systems(
    capfd: pytest.CaptureFixture[str],
) -> None:
    plan = Plan(
        targets=(Target(kind=TargetKind.LIBVIRT, address="test:///default"),),
        servers=(ServerTarget(name="satellite", kind=SourceKind.DECLARED, address="", declared=State.ON),),
        provisioning=(ProvisioningTarget(kind=ProvisioningKind.COBBLER, url="http://127.0.0.1:9/cobbler_api"),),
    )
    collected(plan, Console(Verbosity.VERBOSE))

    lines = [line for line in capfd.readouterr().err.splitlines() if re.search(r"\d\.\d\d s\)?$", line)]
    assert len(lines) == 3
