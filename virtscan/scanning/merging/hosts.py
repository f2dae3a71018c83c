"""Hypervisors of several inventories by number, for the facts that name them; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product


class MergedHosts:
    """The hypervisors of a merged inventory, as each of the merged ones names them.

    `own_names` are their names before those of namesakes get longer, by number.
    """

    def __init__(
        self,
        own_names: Sequence[str],
        numbers: Mapping[tuple[int, str | None], int],
        recognized: Iterable[Iterable[int]],
    ) -> None:
        """Take the hypervisors.

        Args:
            own_names: The names by number.
            numbers: The numbers by inventory, and name there.
            recognized: For each hypervisor, the inventories in which it is certain to be this one.
        """
        self.own_names = own_names
        self._numbers = numbers
        self._having: defaultdict[int, set[int]] = defaultdict(set)
        for (inventory, _), number in numbers.items():
            self._having[number].add(inventory)
        self._with_any = {inventory for inventory, _ in numbers}
        groups = {frozenset(inventories) for inventories in recognized}
        self._sites = {pair for group in groups for pair in product(group, group)}

    def number(self, inventory: int, name: str | None) -> int | None:
        """Return the number of the hypervisor that an inventory means by a name; None if it has none of that name.

        An inventory without hypervisors is of no site: it means that of any other, if one alone has the name.
        """
        if inventory in self._with_any:
            return self._numbers.get((inventory, name))
        return self.own_names.index(name) if name is not None and self.own_names.count(name) == 1 else None

    def is_ambiguous(self, inventory: int, name: str | None) -> bool:
        """Return True if an inventory without hypervisors may mean any of several by a name."""
        return inventory not in self._with_any and name is not None and self.own_names.count(name) > 1

    def has(self, inventory: int, number: int | None) -> bool:
        """Return True if the inventory has this hypervisor."""
        return number is not None and inventory in self._having[number]

    def are_of_one_site(self, inventory: int, other: int) -> bool:
        """Return True if two inventories certainly have a hypervisor in common."""
        return inventory == other or (inventory, other) in self._sites
