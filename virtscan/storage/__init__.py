"""Files that a scan saves and sends: the inventory file and the plan of a slice, with versions of their own."""

from virtscan.storage.inventory_file import dumps, loads, parts
from virtscan.storage.plan_file import PlannedHypervisor, SavedPlan, plan_dumps, plan_loads

__all__ = ["PlannedHypervisor", "SavedPlan", "dumps", "loads", "parts", "plan_dumps", "plan_loads"]
