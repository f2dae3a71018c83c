"""What a night adds to the tables: only what changed, and nothing ends that was not looked at."""

from tests.build import TAKEN_AT, gap_in_words
from tests.changes.test_compare import fleet
from tests.storage.history.nights import host, night, nights, query, save, vm
from virtscan.model import GapAbout, HostStatus, Mac, Netboot

FAILED = HostStatus.FAILED
HOST_VERSIONS = "SELECT first_scan, end_scan FROM host_version ORDER BY first_scan"
RECORDS = "SELECT first_scan, end_scan FROM item_version ORDER BY first_scan"
RECORD = Netboot(mac=Mac("52:54:00:00:00:01"), system="app", pending=True, source="cobbler", observed_at=TAKEN_AT)
AWAY = gap_in_words("cobbler", "refused", GapAbout.PROVISIONING)


def test_a_host_has_a_version_for_each_change_and_none_for_a_night(url: str) -> None:
    before, after = host("hv1", vm(1)), host("hv1", vm(1), cpus=64)
    save(url, nights([before], [before], [after], [after]))

    assert query(url, HOST_VERSIONS) == [(1, 3), (3, None)]
    assert query(url, "SELECT first_scan, end_scan FROM domain_version") == [(1, None)]


def test_a_host_that_was_not_read_is_kept_once_and_ends_nothing(url: str) -> None:
    whole, down = host("hv1", vm(1)), host("hv1", status=FAILED)
    save(url, nights([whole], [down], [down], [whole]))

    assert query(url, HOST_VERSIONS) == [(1, None), (2, 2)]


def test_each_scope_keeps_its_own_hosts(url: str) -> None:
    down = host("hv1", status=FAILED)
    save(url, [night(1, down, scope="one"), night(2, down, scope="two")])

    assert query(url, HOST_VERSIONS) == [(1, 1), (2, 2)]


def test_a_record_ends_only_if_its_system_was_read(url: str) -> None:
    scans = [night(1, netboots=(RECORD,)), night(2, gaps=(AWAY,)), night(3, netboots=(RECORD,)), night(4)]
    save(url, scans[:3])
    assert query(url, RECORDS) == [(1, None)]

    save(url, scans[3:])
    assert query(url, RECORDS) == [(1, 4)]


def test_a_definition_for_the_next_start_is_not_one_more_domain(url: str) -> None:
    save(url, [night(1, host("hv1", vm(1), vm(1, next_start=True)))])

    assert query(url, "SELECT domains, interfaces FROM host_scan") == [(1, 1)]


def test_a_new_state_ends_no_other_definition_of_its_domain_while_its_host_was_read_in_part(url: str) -> None:
    running, copied, later = vm(1), vm(1, origin="/xml/copy.xml"), vm(1, next_start=True)
    changed = host("hv1", vm(1, vcpus=9), status=HostStatus.PARTIAL)
    save(url, nights([host("hv1", running, copied, later)], [changed]))

    ends = query(url, "SELECT next_start, first_scan, end_scan FROM domain_version ORDER BY next_start, first_scan, id")
    assert ends == [(0, 1, 2), (0, 1, None), (0, 2, None), (1, 1, None)]


def test_a_host_has_its_present_name_and_keeps_its_number(url: str) -> None:
    save(url, nights([host("hv1", vm(1))], [host("kvm1", vm(1), uri="qemu+ssh://hv1/system", site="fra1")]))

    assert query(url, "SELECT id, name, site FROM host") == [(1, "kvm1", "fra1")]


def test_a_host_has_the_count_of_its_findings_at_risk(url: str) -> None:
    save(url, [fleet()])

    assert query(url, "SELECT at_risk FROM host_scan ORDER BY position") == [(1,), (0,)]
