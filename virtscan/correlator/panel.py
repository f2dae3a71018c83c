"""The servers of an inventory, with everything about them that does not depend on the interface."""

from collections.abc import Mapping

from virtscan.correlator.assignments import Assignments
from virtscan.correlator.coverage import Coverage, coverage
from virtscan.correlator.fleet import Fleet, locate, own_interfaces, survey
from virtscan.model import Inventory, LowerDevice, Mac


class Panel:
    """The servers in an order of their own, and for each by its number where it runs and whom it serves."""

    def __init__(self, inventory: Inventory) -> None:
        self.servers = tuple(
            sorted(inventory.servers, key=lambda server: (server.name, server.interface or "", repr(server)))
        )
        self.fleet: Fleet = survey(inventory)
        self.sites = tuple(locate(server, self.fleet) for server in self.servers)
        self.coverages: tuple[Coverage, ...] = tuple(coverage(server) for server in self.servers)
        self.owners: Mapping[Mac, frozenset[int]] = own_interfaces(self.servers, self.fleet)
        self.assignments = Assignments(inventory, self.servers)
        self.asked_for: LowerDevice = inventory.policy.lower_device
