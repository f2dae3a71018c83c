"""Several inventories to one: hypervisors and servers each once, records under their names, every gap; pure."""

from virtscan.scanning.merging.inventories import merge

__all__ = ["merge"]
