"""Gaps on which no verdict rests."""

from collections.abc import Iterable

from virtscan.correlator.kernel import is_known_fixed
from virtscan.model import Gap, GapAbout, Hypervisor, Inventory
from virtscan.model.gaps.causes import NoDriver


def irrelevant_gaps(inventory: Inventory) -> tuple[Gap, ...]:
    """Return the gaps that leave a report complete: while every kernel is fixed, no server and no driver matters.

    A kernel that was only inferred from the daemon's version is not enough, and neither is a fleet without hypervisors.
    """
    return tuple(filter(_is_about_the_other_facts, inventory.gaps)) if _all_fixed(inventory.hypervisors) else ()


def _all_fixed(hypervisors: Iterable[Hypervisor]) -> bool:
    fixed = [is_known_fixed(host) for host in hypervisors]
    return bool(fixed) and all(fixed)


def _is_about_the_other_facts(gap: Gap) -> bool:
    return gap.about is GapAbout.SERVER or isinstance(gap.cause, NoDriver)
