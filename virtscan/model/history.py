"""Records of a scan in the history besides its content: how much was read, and permanent counts."""

from datetime import datetime

import msgspec

from virtscan.model.states import Exposure, HostStatus, Verdict


class ScanRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One scan of a history.

    `status` is COMPLETE if every hypervisor was read completely, FAILED if none was read at all. `kept` is False when
    pruning has removed the content, so that only the counts are left. `scope` is that of the inventory. `reported` is
    False if its report did not reach its readers, so that its news is still new. `at_risk` and `unknown` are None for
    a scan that was not judged.
    """

    number: int
    taken_at: datetime
    version: str
    status: HostStatus
    scope: str | None = None
    hypervisors: int = 0
    complete: int = 0
    partial: int = 0
    failed: int = 0
    domains: int = 0
    interfaces: int = 0
    gaps: int = 0
    at_risk: int | None = 0
    unknown: int | None = 0
    reported: bool = True
    kept: bool = True

    @property
    def week(self) -> tuple[int, int]:
        """Year and number of its week, as ISO 8601 counts them."""
        year, week, _ = self.taken_at.isocalendar()
        return year, week

    @property
    def month(self) -> tuple[int, int]:
        """Year and number of its month."""
        return self.taken_at.year, self.taken_at.month


class FindingCount(msgspec.Struct, frozen=True, kw_only=True):
    """The number of findings of one scan that have these values in common, as judged at that scan."""

    site: str | None
    server: str | None
    verdict: Verdict
    exposure: Exposure
    waived: bool
    findings: int


class CapacityCount(msgspec.Struct, frozen=True, kw_only=True):
    """Capacity of the hypervisors of a site, and the allocated part, at one scan.

    For a hypervisor that was not read completely, its last complete observation counts. `unread` is the number of such
    hypervisors, including those that were never read completely and add nothing. It also includes hypervisors whose
    list lacks a domain that it had. A number is None if it is unknown of a hypervisor or domain.
    """

    site: str | None
    hypervisors: int
    unread: int = 0
    cpus: int | None = None
    memory_mib: int | None = None
    domains_running: int | None = None
    domains_defined: int | None = None
    vcpus_running: int | None = None
    vcpus_defined: int | None = None
    memory_running_mib: int | None = None
    memory_defined_mib: int | None = None
    macvtap_interfaces: int | None = None


class ScanCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one scan."""

    scan: ScanRecord
    findings: tuple[FindingCount, ...] = ()
    capacity: tuple[CapacityCount, ...] = ()
