"""What a scan saves: the inventory file, with versions of its own."""

from virtscan.storage.inventory_file import dumps, loads

__all__ = ["dumps", "loads"]
