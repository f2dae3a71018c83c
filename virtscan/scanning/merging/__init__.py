"""Merging of several inventories: each hypervisor and server once, with all records and gaps; pure."""

from virtscan.scanning.merging.inventories import merge

__all__ = ["merge"]
