"""Where a server stands, seen from the device that an interface is plugged into."""

from collections.abc import Iterator
from enum import Enum
from typing import assert_never

import msgspec

from virtscan.correlator.chain import Chain, is_card
from virtscan.correlator.fleet import Absent, Declared, Fleet, Guest, NotKnown, OnHost, Site
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    DomainState,
    Interface,
    Server,
    SourceMode,
    State,
)

# QEMU fills in the sums of what these send, in software.
_SUMMING_MODELS = frozenset({"e1000", "rtl8139"})
# <driver><host csum> exists for these only.
_VIRTIO_MODELS = frozenset({"virtio", "virtio-transitional", "virtio-non-transitional"})


class Place(Enum):
    """The way a server's frames take to the interface's device."""

    SAME_BRIDGE = "same lower device, server in bridge mode"
    SAME_OTHER = "same lower device, server not in bridge mode"
    CARRIED = "the lower device itself carries the server's frames on this host"
    ELSEWHERE = "known to be elsewhere"
    UNKNOWN = "unknown"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server stands, with the sentence that says so; where it is unknown, `why` is what to find out.

    `muted` says why the server's card can't send unfilled checksums, nothing when it can or nobody knows. `unless`
    names a fact that nobody observed and that would put the server elsewhere than it seems.
    """

    place: Place
    why: str
    muted: str = ""
    unless: str | None = None


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """What an interface is, or may be, plugged into.

    `network` is the libvirt network that led to the device, `segment` the name that the configuration gives to the
    layer-2 network behind it; None if there is none. `cards` are those through which alone frames from outside reach
    the device; empty if any other way is open, and where the hypervisor is known to be a virtual machine: its cards
    hand on what they get.
    """

    hypervisor: str
    device: DeviceName | None
    mode: SourceMode | None
    network: str | None
    segment: str | None
    chain: Chain
    cards: tuple[DeviceName, ...]


def from_afar(server: Server, site: Site, here: str, fleet: Fleet) -> tuple[Position, ...] | OnHost | Guest:
    """Give every place that a server may have, seen from any device of the hypervisor `here`.

    Returns:
        One position, unless the server's domain leaves several open; or the site itself if the server is on that
        very hypervisor, so that it depends on the device: then ask `nearby`.
    """
    match site:
        case Declared():
            return (_elsewhere(f"{server.name} is declared a physical machine"),)
        case Absent():
            macs = ", ".join(server.macs)
            return (_elsewhere(f"{server.name} is no domain: every hypervisor was read and none has its MAC ({macs})"),)
        case NotKnown(why):
            return (_unknown(f"where {server.name} runs: {why}"),)
        case OnHost(hypervisor):
            return site if hypervisor == here else (_on_another(server, site, here, fleet),)
        case Guest(hypervisor):
            if hypervisor == here:
                return site
            position = _on_another(server, site, here, fleet)
            return tuple(_with_card(position, server, site, nic) for nic in site.nics)
        case _:
            assert_never(site)


def nearby(server: Server, site: OnHost | Guest, seat: Seat) -> Iterator[Position]:
    """Give every place that a server on the seat's own hypervisor may have, seen from the seat."""
    if isinstance(site, OnHost):
        yield _from_the_host(server, site, seat)
        return
    for nic in site.nics:
        for position in _beside(server, nic, seat, _home(server, site)):
            yield _with_card(position, server, site, nic)


def _home(server: Server, site: OnHost | Guest) -> str:
    if isinstance(site, OnHost):
        return f"{server.name} runs on {site.hypervisor} itself ({', '.join(device.name for device in site.devices)})"
    return f"{server.name} is domain {site.domain.name} on {site.hypervisor}"


def _elsewhere(why: str, unless: str | None = None) -> Position:
    return Position(place=Place.ELSEWHERE, why=why, unless=unless)


def _unknown(why: str) -> Position:
    return Position(place=Place.UNKNOWN, why=why)


def _on_another(server: Server, site: OnHost | Guest, here: str, fleet: Fleet) -> Position:
    """Judge a server on another hypervisor.

    Of two hypervisors of which one is a domain of the other, or both of a third, the frames may pass from one to the
    other without a card. Only the MACs of their devices can tell.
    """
    there = site.hypervisor
    if fleet.machines[there] == fleet.machines[here]:
        return _unknown(f"how frames get from {server.name} to {here}: {there} and {here} share a machine")
    if {there, here} <= fleet.addressed:
        return _elsewhere(f"{_home(server, site)}, another hypervisor")
    blind = " or ".join(sorted({there, here} - fleet.addressed))
    return _elsewhere(
        f"{_home(server, site)}, another hypervisor",
        f"whether {here} and {there} share a machine: no MAC of a device of {blind} was read",
    )


def _from_the_host(server: Server, site: OnHost, seat: Seat) -> Position:
    """Judge a server that runs on the interface's own hypervisor, outside any domain.

    What a host sends through a card, bond, VLAN or bridge goes down, and a macvtap sees only what comes up from
    below. That holds for no other device: from a macvlan or veth a frame can reach its neighbour directly.
    """
    home = _home(server, site)
    if seat.cards and all(_sends_down(device) for device in site.devices):
        return _elsewhere(f"{home}, and {_way_out(seat)}")
    return _unknown(f"how frames get from {server.name} to {_name(seat)}: {home}")


def _sends_down(device: Device) -> bool:
    return is_card(device) or device.kind in {DeviceKind.BOND, DeviceKind.VLAN, DeviceKind.BRIDGE}


def _beside(server: Server, nic: Interface | None, seat: Seat, home: str) -> Iterator[Position]:
    """Judge a server that is a domain of the interface's own hypervisor, at every device it may be plugged into."""
    if nic is None:
        yield _unknown(f"which interface {server.name} sends from: {home}, where not all its MACs are found")
    elif nic.type == "hostdev" and seat.cards:
        yield _elsewhere(f"{home} with a card of its own, and {_way_out(seat)}")
    elif not nic.attachments:
        yield _unknown(f"how frames of {server.name} leave {seat.hypervisor}: its interface is of type {nic.type}")
    else:
        for attachment in nic.attachments:
            yield _neighbour(server, attachment, seat, home)


def _neighbour(server: Server, attachment: Attachment, seat: Seat, home: str) -> Position:
    device, mode = attachment.device, attachment.mode
    meets = device in (seat.device, *seat.chain.lower)
    if device is None or (meets and mode is SourceMode.UNKNOWN):
        return _unknown(f"whether the interfaces of {server.name} and of the domain meet on one device: {home}")
    if meets and mode is None:
        over = "" if device == seat.device else f", which {seat.device} stands on"
        return Position(place=Place.CARRIED, why=f"{home} and plugged into {device} itself{over}")
    if device == seat.device and mode is not None:
        place = Place.SAME_BRIDGE if mode is SourceMode.BRIDGE else Place.SAME_OTHER
        return Position(place=place, why=f"{home}, on {device} as well, in {mode.value} mode")
    if seat.cards:
        return _elsewhere(f"{home}, on {device}, and {_way_out(seat)}")
    return _unknown(f"whether frames get from {device} to {_name(seat)} without a card: {home}")


def _way_out(seat: Seat) -> str:
    return f"{_name(seat)} is reached only through its own cards ({', '.join(seat.cards)})"


def _name(seat: Seat) -> str:
    return seat.device or "the device of the interface"


def _with_card(position: Position, server: Server, site: Guest, nic: Interface | None) -> Position:
    """Add what the server's virtual card does, if that is known."""
    if nic is None:
        return position
    if nic.model in _SUMMING_MODELS:
        muted = f"the card of {server.name} is a virtual {nic.model}, which sends only filled checksums"
        return msgspec.structs.replace(position, muted=muted)
    live = site.domain.state is DomainState.ACTIVE
    if live and nic.host_csum is State.OFF and nic.model in _VIRTIO_MODELS:
        muted = f"the card of {server.name} has <host csum='off'/>, so it sends only filled checksums"
        return msgspec.structs.replace(position, muted=muted)
    return position
