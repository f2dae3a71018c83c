"""Merging of several inventories: each hypervisor and server once, with all records and gaps; pure."""

from virtscan.scanning.merging.inventories import is_of_its_scans, merge

__all__ = ["is_of_its_scans", "merge"]
