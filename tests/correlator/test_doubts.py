"""Clearings that a domain that was not read leaves in doubt."""

import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    bridged,
    device,
    gap_in_words,
    hypervisor,
    macvlan,
    macvtap,
    nic,
    read_server,
    sends,
)
from tests.correlator.scenes import SERVING, finding_of, provisioner, satellite, scene
from virtscan.model import Confidence, DeviceKind, GapAbout, Inventory, Mac, SourceMode, State
from virtscan.model.reasons import NeedsHypervisors

VEPA, LOW, MEDIUM = SourceMode.VEPA, Confidence.LOW, Confidence.MEDIUM
BR0 = (device("br0", DeviceKind.BRIDGE, "eth0"), nic("eth0"))
CAPTURED = satellite(tx_checksum=State.OFF, source="file:sat.txt")
DECLARED_OFF = satellite(tx_checksum=State.OFF, source="off")
READ_OFF = read_server(sends(nic("eth0", mac=Mac(SERVING)), State.OFF), tx_checksum=State.OFF)
THERE = hypervisor("hv2", provisioner())


def unread(looked_at: Inventory, host: str = "hv1", about: GapAbout = GapAbout.DOMAIN) -> Inventory:
    """Add a domain, or something else, of a hypervisor that was not read."""
    gap = gap_in_words(subject="something", reason="timeout", about=about, hypervisor=host)
    return replace(looked_at, gaps=(*looked_at.gaps, gap))


DOUBTFUL = {
    "on another hypervisor": ("R10", scene(others=(THERE,))),
    "elsewhere on this hypervisor": ("R10", scene(beside=(provisioner(bridged("br0", SERVING)),), devices=BR0)),
    "on the device in another mode": ("R9", scene(beside=(provisioner(macvtap(mode=VEPA, mac=SERVING)),))),
    "with a NIC that fills": ("R6", scene(beside=(provisioner(macvtap(mac=SERVING, model="e1000")),))),
    "off by a capture of one device": ("R5", scene(servers=(CAPTURED,), beside=(provisioner(),))),
    "off by a capture, and found nowhere": ("R5", scene(servers=(CAPTURED,))),
}
CERTAIN = {
    "off with all its devices": ("R5", scene(servers=(READ_OFF,), beside=(provisioner(),))),
    "declared off": ("R5", scene(servers=(DECLARED_OFF,), beside=(provisioner(),))),
    "declared physical": ("R10", scene(servers=(satellite(physical=True),))),
    "declared to run elsewhere": ("R10", scene(servers=(satellite(runs_on="hv2"),), others=(hypervisor("hv2"),))),
}


@pytest.mark.parametrize("about", [GapAbout.DOMAIN, GapAbout.DEVICE])
@pytest.mark.parametrize("server", DOUBTFUL)
def test_unread_domain_may_be_another_copy_of_a_server(server: str, about: GapAbout) -> None:
    rule, looked_at = DOUBTFUL[server]
    was, now = finding_of(looked_at), finding_of(unread(looked_at, about=about))

    assert (was.rule, was.confidence) == (rule, MEDIUM)
    assert (now.rule, now.confidence) == (rule, LOW)
    assert NeedsHypervisors(hypervisors=("hv1",)) in now.missing


@pytest.mark.parametrize("server", CERTAIN)
def test_an_unread_domain_raises_no_doubt_about_a_server(server: str) -> None:
    rule, looked_at = CERTAIN[server]

    assert finding_of(looked_at).rule == rule
    assert finding_of(unread(looked_at)) == finding_of(looked_at)


def test_an_unread_domain_raises_no_doubt_on_a_fixed_kernel() -> None:
    finding = finding_of(unread(scene(servers=(CAPTURED,), kernel=FIXED_KERNEL)))

    assert (finding.rule, finding.confidence, finding.missing) == ("R2", Confidence.HIGH, ())


@pytest.mark.parametrize("server", DOUBTFUL)
def test_an_unread_domain_of_another_machine_raises_no_doubt(server: str) -> None:
    _, looked_at = DOUBTFUL[server]
    looked_at = replace(looked_at, hypervisors=(*looked_at.hypervisors, hypervisor("hv3")))

    assert finding_of(unread(looked_at, "hv3")).confidence is MEDIUM


def test_a_macvlan_of_a_server_that_is_not_found_may_be_one_of_the_interfaces_hypervisor() -> None:
    """Its neighbours get the frames before the device below it, which would fill the checksum."""
    own = macvlan("mv0", "eth0", mac="02:00:00:00:00:05")
    sender = read_server(sends(own, State.ON), sends(nic("eth0"), State.OFF), interface="mv0")

    finding = finding_of(scene(servers=(sender,)))
    assert (finding.rule, finding.missing != ()) == ("R11", True)
    assert finding_of(scene(servers=(replace(sender, physical=True),))).rule == "R5"
