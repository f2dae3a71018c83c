"""The list of a history's scans."""

from typing import Any

from tests.build import TAKEN_AT
from tests.views.rows import records
from virtscan.model import HostStatus
from virtscan.model.history import ScanRecord
from virtscan.views.tables import scans

PARTIAL = "status partial: some items were not read, so the real numbers may be higher"


def scan(status: HostStatus, **counts: Any) -> ScanRecord:
    return ScanRecord(number=1, taken_at=TAKEN_AT, version="0.1.0", status=status, **counts)


def test_counts_of_a_scan_that_read_nothing_are_unknown() -> None:
    nothing = scans.view([scan(HostStatus.FAILED, hypervisors=2, failed=2, gaps=2)])
    empty = scans.view([scan(HostStatus.COMPLETE, hypervisors=1, complete=1)])

    keys = ("hypervisors", "failed", "domains", "interfaces", "at_risk", "unknown", "gaps")
    assert [tuple(records(inventory_)[0][key] for key in keys) for inventory_ in (nothing, empty)] == [
        (2, 2, None, None, None, None, 2),
        (1, 0, 0, 0, 0, 0, 0),
    ]


def test_numbers_of_a_scan_that_read_a_part_are_marked() -> None:
    assert PARTIAL in scans.view([scan(HostStatus.PARTIAL)]).notes
    assert PARTIAL not in scans.view([scan(HostStatus.COMPLETE), scan(HostStatus.FAILED)]).notes
