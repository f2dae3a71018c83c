"""Resources of thousands of domains in little memory: the common part of domains is one value for all of them.

Each domain has its own paths and descriptions. The rest, its shape, is shared: a fleet has few shapes. With four disks
per domain, this takes a quarter of the memory.
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from virtscan.model.facts.resources import Resources

NO_RESOURCES = Resources()
"""The value of a domain whose source has no resources; the inventory file omits this object."""

_OWN = "\0"
"""Placeholder in a shape for a text of the domain's own; XML can't contain it."""

_SHAPES = 4096
"""Shapes that are remembered; a domain with another one has a shape of its own."""

_JUST_READ = 8
"""Domains whose unpacked resources are kept: a view reads one domain's resources column by column."""


class Packed(msgspec.Struct, frozen=True, gc=False):
    """Packed resources: a shared shape, and the domain's own `texts` in the order of their placeholders."""

    shape: Resources = NO_RESOURCES
    texts: str = ""

    def __hash__(self) -> int:
        """Leave out the shape, which takes long."""
        return hash(self.texts)


def pack(resources: Resources) -> Packed:
    """Pack resources."""
    if resources is NO_RESOURCES:
        return Packed()
    texts: list[str] = []

    def own(text: str | None) -> str | None:
        if not text:
            return text
        texts.append(text)
        return _OWN

    disks = tuple(
        msgspec.structs.replace(disk, path=own(disk.path), volume=own(disk.volume)) for disk in resources.disks
    )
    shape = msgspec.structs.replace(resources, disks=disks, description=own(resources.description))
    together = _OWN.join(texts)
    if together.count(_OWN) != max(0, len(texts) - 1):
        return Packed(resources)  # a text contains the mark
    return Packed(_shared(shape), together)


def reshape(packed: Packed, shape: Resources) -> Packed:
    """Give resources another shape, with the same texts in the same places."""
    return Packed(_shared(shape), packed.texts)


@lru_cache(maxsize=_JUST_READ)
def unpack(packed: Packed) -> Resources:
    """Return the resources that were packed."""
    if not packed.texts:
        return packed.shape
    texts = iter(packed.texts.split(_OWN))
    shape = packed.shape
    disks = tuple(
        msgspec.structs.replace(disk, path=_own(disk.path, texts), volume=_own(disk.volume, texts))
        for disk in shape.disks
    )
    return msgspec.structs.replace(shape, disks=disks, description=_own(shape.description, texts))


def _own(text: str | None, texts: Iterator[str]) -> str | None:
    return next(texts) if text == _OWN else text


@lru_cache(maxsize=_SHAPES)
def _shared(shape: Resources) -> Resources:
    return NO_RESOURCES if shape == NO_RESOURCES else shape
