"""Facts that the documents of domains lack; a source observes them for all domains of a host together."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import msgspec

from virtscan.model import Disk, Domain, Resources, State


class Mark(Enum):
    """A fact that is a list of domains; the value is the field of `Resources`."""

    AUTOSTART = "autostart"
    PAUSED = "paused"
    HAS_SNAPSHOT = "has_snapshot"


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """All domains of a host for which a fact is true, by uuid."""

    mark: Mark
    uuids: frozenset[str]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes of a domain's disks by their targets, and of its balloon, in MiB."""

    uuid: str
    capacities: Mapping[str, int] = {}
    balloon_mib: int | None = None


def with_observations(domains: Iterable[Domain], observed: Sequence[Marked | Measured]) -> list[Domain]:
    """Fill in the observations; the definition of a domain's next start, and one without a uuid, stay as they are."""
    marked = [observation for observation in observed if isinstance(observation, Marked)]
    measured = {observation.uuid: observation for observation in observed if isinstance(observation, Measured)}
    return [
        domain
        if domain.next_start or domain.uuid is None or not observed
        else domain.with_shape(_observed(domain.packed.shape, domain.uuid, marked, measured))
        for domain in domains
    ]


def _observed(shape: Resources, uuid: str, marked: Iterable[Marked], measured: Mapping[str, Measured]) -> Resources:
    changes: dict[str, object] = {
        observation.mark.value: State.ON if uuid in observation.uuids else State.OFF for observation in marked
    }
    sizes = measured.get(uuid)
    if sizes is not None:
        changes["disks"] = tuple(_sized(disk, sizes.capacities) for disk in shape.disks)
        changes["balloon_mib"] = shape.balloon_mib if sizes.balloon_mib is None else sizes.balloon_mib
    return msgspec.structs.replace(shape, **changes)


def _sized(disk: Disk, capacities: Mapping[str, int]) -> Disk:
    capacity = capacities.get(disk.target or "")
    return disk if capacity is None else msgspec.structs.replace(disk, capacity_mib=capacity)
