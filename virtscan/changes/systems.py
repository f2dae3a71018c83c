"""Changes of provisioning systems: whether their records were read."""

from collections.abc import Iterator

from virtscan.changes.values import Kind, SystemChange, SystemRef
from virtscan.model import GapAbout, Inventory
from virtscan.model.gaps.items import System


def system_changes(old: Inventory, new: Inventory) -> Iterator[SystemChange]:
    """Give the systems that one side could not read completely, and the other has no gap about."""
    before, after = unread_systems(old), unread_systems(new)
    for ref in dict.fromkeys((*before, *after)):
        if (ref in before) is not (ref in after):
            yield SystemChange(kind=Kind.NOT_SEEN if ref in after else Kind.SEEN_AGAIN, system=ref)


def unread_systems(inventory: Inventory) -> tuple[SystemRef, ...]:
    """Give the systems that were not read completely."""
    items = (gap.item for gap in inventory.gaps if gap.about is GapAbout.PROVISIONING)
    refs = (SystemRef(kind=one.system_kind, name=one.system) for one in items if isinstance(one, System))
    return tuple(dict.fromkeys(refs))
