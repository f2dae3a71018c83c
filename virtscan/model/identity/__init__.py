"""Identity: MACs, stable keys, and hypervisors of two inventories that are the same."""
