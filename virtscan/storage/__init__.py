"""Formats of files that a scan saves or sends: inventory and plan, each with its own version."""

from virtscan.storage.inventory_file import dumps, loads, parts
from virtscan.storage.plan_file import PlannedHypervisor, SavedPlan, plan_dumps, plan_loads

__all__ = ["PlannedHypervisor", "SavedPlan", "dumps", "loads", "parts", "plan_dumps", "plan_loads"]
