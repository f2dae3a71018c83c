"""A night adds only changes to the tables, and ends nothing that was not read."""

import msgspec

from tests.build import TAKEN_AT, domain, gap_in_words
from tests.changes.test_compare import fleet
from tests.storage.history.nights import host, night, nights, query, save, vm
from virtscan.changes import remembering
from virtscan.model import DomainState, GapAbout, HostStatus, Mac, Netboot
from virtscan.storage.history import open_history

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


def test_each_scope_keeps_its_own_hosts_and_records(url: str) -> None:
    down = host("hv1", status=FAILED)
    save(url, [night(number, down, scope=scope, netboots=(RECORD,)) for number, scope in ((1, "one"), (2, "two"))])

    assert query(url, HOST_VERSIONS) == [(1, 1), (2, 2)]
    assert query(url, RECORDS) == [(1, None), (2, None)]


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


def test_a_domain_that_is_off_has_no_definition_for_its_next_start_while_its_host_was_read_in_part(url: str) -> None:
    running, later = vm(1), vm(1, next_start=True)
    off = vm(1, state=DomainState.INACTIVE)
    scans = nights([host("hv1", running, later, vm(2))], [host("hv1", off, status=HostStatus.PARTIAL)])
    save(url, [*scans, night(3, host("hv1", status=FAILED))])

    ends = query(url, "SELECT next_start, first_scan, end_scan FROM domain_version WHERE name = 'vm1' ORDER BY id")
    assert ends == [(0, 1, 2), (1, 1, 2), (0, 2, None)]
    with open_history(url) as history:
        (unread,) = history.recall(3).unread
    step = remembering(night(3, host("hv1", status=FAILED)), remembering(scans[1], scans[0]))
    for memory in (unread, step.unread[0]):
        assert memory.last is not None
        assert set(memory.last.domains) == {off, vm(2)}


def test_a_host_has_its_present_name_and_keeps_its_number(url: str) -> None:
    address = "qemu+ssh://hv1/system"
    present = "SELECT id, name, site FROM host"
    save(url, nights([host("hv1")], [host("kvm1", uri=address)]))
    assert query(url, present) == [(1, "kvm1", "ams1")]

    save(url, [night(3, host("kvm1", uri=address, site="fra1"))])
    assert query(url, present) == [(1, "kvm1", "fra1")]


def test_a_host_has_the_count_of_its_findings_at_risk(url: str) -> None:
    save(url, [fleet()])

    assert query(url, "SELECT at_risk FROM host_scan ORDER BY position") == [(1,), (0,)]


def test_a_domain_that_was_renamed_while_its_host_was_read_in_part_is_one(url: str) -> None:
    renamed = host("hv1", vm(1, name="web"), status=HostStatus.PARTIAL)
    save(url, nights([host("hv1", vm(1), vm(2))], [renamed]))

    ends = query(url, "SELECT name, end_scan FROM domain_version ORDER BY name")
    assert ends == [("vm1", 2), ("vm2", None), ("web", None)]


def test_a_domain_without_a_uuid_is_known_by_its_name_while_its_host_was_read_in_part(url: str) -> None:
    one, two = domain("one", uuid=None), domain("two", uuid=None)
    part = host("hv1", msgspec.structs.replace(one, vcpus=9), status=HostStatus.PARTIAL)
    save(url, nights([host("hv1", one, two)], [part]))

    ends = query(url, "SELECT name, first_scan, end_scan FROM domain_version ORDER BY name, first_scan")
    assert ends == [("one", 1, 2), ("one", 2, None), ("two", 1, None)]


def test_a_host_read_in_part_ends_only_when_it_is_read_completely_and_has_changed(url: str) -> None:
    before, after = host("hv1"), host("hv1", cpus=64)
    part = host("hv1", cpus=64, status=HostStatus.PARTIAL)
    save(url, nights([before], [part], [after], [part]))

    assert query(url, HOST_VERSIONS) == [(1, 3), (2, 2), (3, None)]


def test_a_host_that_is_no_longer_configured_is_removed_once_until_it_is_back(url: str) -> None:
    both, alone = [host("hv1"), host("hv2")], [host("hv1")]
    removed = "SELECT name, removed_scan FROM host ORDER BY name"
    save(url, nights(both, alone, alone))
    assert query(url, removed) == [("hv1", None), ("hv2", 2)]

    save(url, [night(4, *both)])
    assert query(url, removed) == [("hv1", None), ("hv2", None)]


def test_clones_with_one_system_uuid_are_known_by_their_addresses(url: str) -> None:
    first, second = (host(name, system_uuid="4c4c4544-0000-1000-8000-000000000001") for name in ("hv1", "hv2"))
    save(url, nights([first, second], [second, first]))

    assert query(url, "SELECT host_id FROM host_scan ORDER BY scan_id, position") == [(1,), (2,), (2,), (1,)]
