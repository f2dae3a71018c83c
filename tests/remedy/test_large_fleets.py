from tests.build import bond, domain, hypervisor, inventory, macvtap, nic, server
from virtscan.correlator.judging import judge
from virtscan.model import Mac
from virtscan.remedy import FORMS, plan

INTERFACES = 60


def test_a_text_lists_the_first_interfaces_and_counts_the_others() -> None:
    domains = [
        domain(f"vm{number:02d}", macvtap("bond2", mac=Mac(f"52:54:00:00:00:{number:02x}")))
        for number in range(INTERFACES)
    ]
    devices = (bond("bond2", "eth4", "eth5"), nic("eth4"), nic("eth5"))
    report = judge(inventory(hypervisor("hv1", *domains, devices=devices), servers=(server("s1"), server("s2"))))

    made = plan(report)

    for change in made.changes:
        assert [vm.domain for vm in change.interfaces_at_risk] == [vm.name for vm in domains]
        assert change.interfaces_at_risk[-1].domain == domains[-1].name
        assert [vm.domain for vm in change.interfaces_at_risk[1:3]] == ["vm01", "vm02"]
    text = FORMS["shell"].write(made)
    assert (text.count("vm49"), text.count("vm50")) == (2, 0)
    assert text.count("and 10 more interfaces; --format json lists all") == 2


def test_first_ten_other_servers_are_named_and_all_are_counted() -> None:
    devices = (bond("bond2", "eth4", "eth5"), nic("eth4"), nic("eth5"))
    servers = tuple(server(f"s{number:02d}") for number in range(30))

    made = plan(judge(inventory(hypervisor("hv1", domain("vm", macvtap("bond2")), devices=devices), servers=servers)))

    (first, *_), *_ = (change.interfaces_at_risk for change in made.changes)
    assert (first.others, first.others_total) == (tuple(server.name for server in servers[1:11]), 29)
    assert "also at risk because of s01, s02, s03 and 26 more" in FORMS["shell"].write(made)
