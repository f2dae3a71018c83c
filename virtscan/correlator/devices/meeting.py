"""Relation of two device stacks of one hypervisor: where the frames of one pass the devices of the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from virtscan.correlator.devices.stack import DeviceStack, downwards
from virtscan.model import Closed, DeviceKind, DeviceName, Reach, SourceMode, State

NEVER_REFLECTED = frozenset({SourceMode.PRIVATE, SourceMode.PASSTHROUGH})
"""Modes in which the port does not receive frames that a switch sends back."""

APART = NEVER_REFLECTED | {SourceMode.VEPA}
"""Modes in which a macvtap gets no frames of others on its device, unless a switch reflects them."""


class Relation(Closed):
    """Position of a device relative to another one: BESIDE it on a common device, APART if there is none."""

    SAME = "same"
    BELOW = "below"
    ABOVE = "above"
    BESIDE = "beside"
    APART = "apart"


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """The relation of a device to another one on its hypervisor.

    `vlan` is ON if one of them is on top of a shared device through a VLAN, UNKNOWN if it may be.
    """

    device: DeviceName
    other: DeviceName
    relation: Relation
    vlan: State


def meeting(device: DeviceName, other: DeviceName, stacks: Mapping[DeviceName, DeviceStack]) -> Meeting:
    """Compare the stacks of two devices, each with everything below it."""
    own, others = downwards(device, stacks), downwards(other, stacks)
    if device == other:
        relation = Relation.SAME
    elif device in others:
        relation = Relation.BELOW
    elif other in own:
        relation = Relation.ABOVE
    else:
        relation = Relation.APART if set(own).isdisjoint(others) else Relation.BESIDE
    apart = set(own) ^ set(others)
    between = [name for name in apart if name in stacks and stacks[name].kind in {DeviceKind.VLAN, DeviceKind.UNKNOWN}]
    kinds = {stacks[name].kind for name in over_shared(between, own, others, stacks)} if between else set()
    vlan = State.ON if DeviceKind.VLAN in kinds else State.UNKNOWN if DeviceKind.UNKNOWN in kinds else State.OFF
    return Meeting(device=device, other=other, relation=relation, vlan=vlan)


def over_shared(
    names: Iterable[DeviceName],
    own: Collection[DeviceName],
    others: Collection[DeviceName],
    stacks: Mapping[DeviceName, DeviceStack],
) -> Iterator[DeviceName]:
    """Yield those of the names that are a device of both `own` and `others`, or are on top of one."""
    shared = set(own).intersection(others)
    return (name for name in names if name in stacks and not shared.isdisjoint(downwards(name, stacks)))


def reach_between(modes: set[SourceMode], *, reflective: State) -> Reach:
    """Return whether two ports of one device can exchange frames, by the modes of both."""
    if modes & NEVER_REFLECTED:
        return Reach.NO
    if SourceMode.VEPA in modes:
        # With a reflecting switch a port whose mode is unknown may still be a private one.
        if reflective is State.OFF:
            return Reach.NO
        return Reach.YES if reflective is State.ON and SourceMode.UNKNOWN not in modes else Reach.UNKNOWN
    return Reach.UNKNOWN if SourceMode.UNKNOWN in modes else Reach.YES
