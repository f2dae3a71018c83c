"""Formats of saved and sent files, each with its own version: the inventory here, the plan in `plan_file`."""

from virtscan.storage.inventory_file import dumps, loads, parts

__all__ = ["dumps", "loads", "parts"]
