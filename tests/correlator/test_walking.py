"""The table against frames that walk over random devices, with all of them known and with those that libvirt lists."""

from collections.abc import Iterator
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, bridged, domain, hypervisor, inventory, macvtap, server
from tests.correlator.test_properties import CLEARED, many
from tests.correlator.walking import Host, Link
from virtscan.correlator import correlate
from virtscan.model import (
    Backing,
    Confidence,
    Device,
    DeviceKind,
    Finding,
    Interface,
    Inventory,
    Mac,
    Machine,
    Verdict,
)

more = settings(many, max_examples=100)


def interface(port: Link) -> Interface:
    """The interface of the guest behind a port."""
    if port.mode is None:
        return bridged(port.source, port.mac or "", target=port.name)
    return macvtap(port.source, port.mode, port.mac or "", target=port.name)


def fleet(host: Host, sender: Link) -> Inventory:
    """The host with a server that sends from a guest, or from a macvlan of the host."""
    guests = [domain(port.name, interface(port)) for port in host.guests]
    here = hypervisor("hv1", *guests, kernel=UNFIXED_KERNEL, devices=host.devices, machine=Machine.PHYSICAL)
    mac = (Mac(sender.mac or ""),)
    return inventory(here, servers=(server("s", source="on", macs=mac, declared_macs=mac),))


def findings(looked_at: Inventory, host: Host, sender: Link) -> Iterator[tuple[bool, Finding]]:
    """Yield the findings, each with whether a partial checksum arrives."""
    received = host.partial_at(sender)
    ports = {port.mac: port for port in host.guests}
    for finding in correlate(looked_at).findings:
        if finding.mac != sender.mac:
            yield ports[finding.mac] in received, finding


def as_libvirt_lists(device: Device) -> Device | None:
    """A device as libvirt lists it: guests' ports and most macvlans are missing, some are without kind and parent."""
    if device.kind is DeviceKind.MACVLAN:
        is_listed = int(device.name[-1], 10) % 2 == 0 and not device.name.startswith("macvtap")
        return Device(name=device.name, kind=DeviceKind.ETHERNET, mac=device.mac) if is_listed else None
    if device.kind is DeviceKind.BRIDGE:
        return replace(device, lower=tuple(name for name in device.lower if not name.startswith("vnet")))
    if device.backing is Backing.VIRTUAL:
        return None
    return replace(device, driver=None)


def senders(host: Host) -> list[Link]:
    """The ports and macvlans that a server may send from."""
    return [link for link in host.links if link.kind in {"tap", "macvtap", "macvlan"}]


@more
@given(seed=st.integers(0, 2**32))
def test_an_interface_is_at_risk_where_a_partial_checksum_arrives(seed: int) -> None:
    host = Host(Random(seed))
    for sender in senders(host):
        for arrives, finding in findings(fleet(host, sender), host, sender):
            assert (finding.verdict is Verdict.AT_RISK) is arrives, (sender.name, finding)


@more
@given(seed=st.integers(0, 2**32))
def test_nothing_that_libvirt_does_not_list_clears(seed: int) -> None:
    host = Host(Random(seed))
    for sender in senders(host):
        known = fleet(host, sender)
        listed = [listed for device in known.hypervisors[0].devices if (listed := as_libvirt_lists(device)) is not None]
        here = replace(known.hypervisors[0], devices=tuple(listed), lists_all_devices=False)
        for arrives, finding in findings(replace(known, hypervisors=(here,)), host, sender):
            is_cleared = finding.verdict in CLEARED and finding.confidence is not Confidence.LOW
            assert not (arrives and is_cleared), (sender.name, finding)
