"""Hypervisors of several inventories by number, to resolve references by name; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence


class MergedHosts:
    """The hypervisors of a merged inventory, by their names in each of the original inventories.

    `own_names` are their names, by number, before equal names are made unique.
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
            numbers: The numbers by inventory and name in it.
            recognized: For each hypervisor, the inventories in which it is certain to be this one.
        """
        self.own_names = own_names
        self._numbers = numbers
        self._having: defaultdict[int, set[int]] = defaultdict(set)
        for (inventory, _), number in numbers.items():
            self._having[number].add(inventory)
        self._with_any = {inventory for inventory, _ in numbers}
        self._recognized: defaultdict[int, set[int]] = defaultdict(set)
        for number, inventories in enumerate({frozenset(group) for group in recognized}):
            for inventory in inventories:
                self._recognized[inventory].add(number)

    def number(self, inventory: int, name: str | None) -> int | None:
        """Return the number of the hypervisor that a name in an inventory refers to; None if there is none.

        In an inventory without hypervisors the name refers to the only hypervisor of that name in the others.
        """
        if inventory in self._with_any:
            return self._numbers.get((inventory, name))
        return self.own_names.index(name) if name is not None and self.own_names.count(name) == 1 else None

    def is_ambiguous(self, inventory: int, name: str | None) -> bool:
        """Return True if a name in an inventory without hypervisors may refer to several hypervisors."""
        return inventory not in self._with_any and name is not None and self.own_names.count(name) > 1

    def has(self, inventory: int, number: int | None) -> bool:
        """Return True if the inventory has this hypervisor."""
        return number is not None and inventory in self._having[number]

    def are_of_one_site(self, inventory: int, other: int) -> bool:
        """Return True if two inventories certainly have a hypervisor in common."""
        return inventory == other or not self._recognized[inventory].isdisjoint(self._recognized[other])
