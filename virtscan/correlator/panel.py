"""The servers of an inventory, with everything about them that does not depend on the interface."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from virtscan.correlator.age import age
from virtscan.correlator.assignments import Assignments
from virtscan.correlator.coverage import Coverage, coverage
from virtscan.correlator.fleet import Absent, Declared, Fleet, Guest, NotKnown, OnHost, locate, own_interfaces, survey
from virtscan.model import Gap, GapAbout, Hypervisor, Inventory, LowerDevice, Mac, Server


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
        self.taken_at = inventory.taken_at
        self.hypervisors = {hypervisor.name: hypervisor for hypervisor in inventory.hypervisors}
        dated = [
            (age(at, self.taken_at), host) for host in inventory.hypervisors if (at := host.observed_at) is not None
        ]
        self._oldest = [host for _, host in sorted(dated, key=lambda one: (one[0], one[1].name))[-1:]]
        self.outdated: defaultdict[str | None, list[Gap]] = defaultdict(list)
        for gap in inventory.gaps:
            if gap.about is GapAbout.AGE:
                self.outdated[gap.hypervisor].append(gap)

    def hosts_of(self, server: Server) -> Iterable[Hypervisor]:
        """The hypervisors that a server's place rests on; of all of them, for one that is nowhere, the oldest word."""
        match next(site for one, site in zip(self.servers, self.sites, strict=True) if one is server):
            case OnHost(hypervisor) | Guest(hypervisor):
                return [self.hypervisors[hypervisor]]
            case Absent():
                return self._oldest
            case Declared() | NotKnown():
                return ()
