"""An inventory to a report: the decision table, and warnings about names that don't match."""

import msgspec

from virtscan.correlator import correlate
from virtscan.correlator.naming import device_warnings, runs_on_warnings, segment_warnings
from virtscan.model import Inventory, Report


def judge(inventory: Inventory) -> Report:
    """Apply the decision table and check the names; the same inventory gives the same report on any day."""
    report = correlate(inventory)
    mismatches = (
        *segment_warnings(inventory.hypervisors, inventory.servers),
        *device_warnings(inventory.hypervisors),
        *runs_on_warnings([host.name for host in inventory.hypervisors], inventory.servers),
    )
    return msgspec.structs.replace(report, warnings=(*report.warnings, *mismatches))
