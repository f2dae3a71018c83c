"""Places of servers: the hypervisors of the inventory, and the domains and NICs on them that a server may be."""
