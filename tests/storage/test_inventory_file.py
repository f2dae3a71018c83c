import json
import re
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, failure, gap_in_words, hypervisor, inventory, macvtap, server
from tests.conftest import PROJECT
from tests.harness.schemas import validator
from tests.storage.inventories import inventories
from virtscan.correlator import correlate
from virtscan.errors import InventoryError
from virtscan.model import (
    Attachment,
    Device,
    DeviceName,
    Feature,
    GapAbout,
    Interface,
    Inventory,
    LowerDevice,
    Mac,
    Netboot,
    Network,
    Persistence,
    Policy,
    RememberedPlace,
    SourceMode,
    State,
    Verdict,
    Waiver,
)
from virtscan.model.facts.persistence import SettingInWords
from virtscan.scanning.merging import merge
from virtscan.storage import dumps, loads
from virtscan.storage.upgrades import STEPS, upgraded

FULL = inventory(
    hypervisor(
        "hv1",
        domain(
            "web01", macvtap(vlan=(4, 7)), Interface(index=1, type="network", attachments=(Attachment(None, None),))
        ),
        domain("ünïcode \u202e</script>\x1b[31m\n", uuid="1"),
        kernel="2.6.32-279.el6",
        networks=(Network(name="pxe", attachments=(Attachment(None, SourceMode.UNKNOWN),)),),
        segments={"bond2": "pxe-b", "bond1": "pxe-a"},
        observed_at=datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=2))),
    ),
    servers=(
        server(
            features={"tx-checksumming": Feature(state=State.ON, fixed=True), "a": Feature(state=State.UNKNOWN)},
            persistence=Persistence(setting=SettingInWords(text="ifcfg-eth0")),
        ),
    ),
    gaps=(gap_in_words(subject="hv3", reason="refused", about=GapAbout.HYPERVISOR, hypervisor="hv3"),),
    policy=Policy(lower_device=LowerDevice.ANY, waivers=(Waiver(reason="ISO", until=date(2027, 3, 1)),)),
)


def changed(**keys: object) -> bytes:
    return json.dumps(json.loads(dumps(inventory(hypervisor("hv1"), hypervisor("hv2")))) | keys).encode()


def problem(data: bytes) -> str:
    with pytest.raises(InventoryError) as raised:
        loads(data, origin="fleet.json")
    origin, _, message = str(raised.value).partition(": ")
    assert origin == "fleet.json"
    return message


def test_an_inventory_comes_back_as_it_was() -> None:
    again = loads(dumps(FULL), origin="fleet.json")

    assert again == FULL
    assert list(again.hypervisors[0].segments) == ["bond2", "bond1"]
    assert list(again.servers[0].features) == ["tx-checksumming", "a"]


def test_saved_inventory_is_one_line_that_names_its_schema() -> None:
    data = dumps(FULL)

    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    assert json.loads(data)["schema"] == "virtscan.inventory/3"


@given(st.text(st.characters(codec="utf-8")))
def test_any_name_comes_back_as_it_was(name: str) -> None:
    before = inventory(hypervisor(name, domain(name)))

    assert loads(dumps(before), origin="fleet.json") == before


def test_keys_of_a_later_version_are_passed_over() -> None:
    again = loads(changed(later={"a": [1]}), origin="fleet.json")

    assert isinstance(again, Inventory)
    assert len(again.hypervisors) == 2


SERVER, GAP = (json.loads(dumps(FULL))[key][0] for key in ("servers", "gaps"))

OLD = {"code": "too-old", "observed_at": "9999-12-31T23:59:59-12:00", "max_age": None}


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T12:00:00+12:00"])
def test_a_time_at_the_edge_of_the_calendar_is_read(moment: str) -> None:
    assert loads(changed(taken_at=moment), origin="fleet.json").taken_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (dumps(FULL)[:-2], f"cut short: it ends within the document, after {len(dumps(FULL)) - 2} bytes"),
        (b'{"schema": "virtscan.inv', "cut short"),
        (b"hv1,web01,52:54:00\n", "not JSON: invalid character (byte 0); use a file"),
        (dumps(FULL) * 2, "trailing characters (byte "),
        (b"no", "not JSON: "),
        (b"\x1f\x8b\x08\x00", "invalid character (byte 0)"),
        (b'{"schema": "\xff"}', "not UTF-8 text"),
        (b'{"a":' + b"[" * 1_000_000, "nested too deeply"),
        (b"[]", "not a saved inventory (Expected `object`, got `array`"),
        (b"{}", "not a saved inventory (Object missing required field `schema`"),
        (b'{"schema": 1}', "not a saved inventory (Expected `str`, got `int` - at `$.schema`"),
        (b'{"schema": "virtscan.inventory/1"}', "not a saved inventory (Object missing required field `version`"),
        (b'{"schema": "virtscan.inventory/3"}', "not a saved inventory (Object missing required field `version`"),
        (changed(schema="virtscan.report/1"), "virtscan.report/1 is a report, not a saved inventory"),
        (
            changed(schema="virtscan.inventory/4"),
            "virtscan.inventory/4 was written by a later virtscan; use that version",
        ),
        (changed(schema="virtscan.inventory/0"), "unknown schema 'virtscan.inventory/0'"),
        (changed(schema="x" * 1000), f"unknown schema '{'x' * 60}'"),
        (changed(hypervisors=[{"name": "hv1", "uri": "", "status": "odd"}]), "'odd' - at `$.hypervisors[0].status`"),
        (changed(gaps=[{"item": {"kind": "a\nvirtscan: b"}}]), "(Invalid value 'a virtscan: b' - at"),
        (changed(taken_at="2026-11-22T02:00:00"), "timezone component - at `$.taken_at`"),
        (changed(taken_at="yesterday"), "at `$.taken_at`"),
        (changed(taken_at="9999-12-31T12:00:00-12:00"), "9999-12-31 12:00:00-12:00 is beyond the calendar in UTC; use"),
        (changed(taken_at="0001-01-01T00:00:00+00:01"), "0001-01-01 00:00:00+00:01 is beyond the calendar in UTC; use"),
        (changed(servers=[SERVER | {"observed_at": "9999-12-31T23:59:59-00:01"}]), "beyond the calendar in UTC"),
        (changed(gaps=[GAP | {"cause": OLD}]), "beyond the calendar in UTC"),
    ],
)
def test_an_invalid_inventory_is_refused_with_the_reason(data: bytes, says: str) -> None:
    assert says in problem(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"no", b'{"schema": "\xff"}', changed(schema="virtscan.report/1")])
def test_a_refusal_shows_where_an_inventory_comes_from(data: bytes) -> None:
    assert problem(data).endswith("use a file written by virtscan scan --save")


@given(st.binary())
def test_any_bytes_raise_no_other_error(data: bytes) -> None:
    assert problem(data)


@given(st.integers(0, len(dumps(FULL)) - 2))
def test_truncated_inventory_is_refused(length: int) -> None:
    assert problem(dumps(FULL)[:length])


NOTATIONS = ["52-54-00-aa-bb-cc", "52:54:00:AA:BB:CC", "5254.00aa.bbcc", " 52:54:0:aa:bb:cc"]


@pytest.mark.parametrize("written", NOTATIONS)
@pytest.mark.parametrize("field", ["mac", "macs", "declared_macs"])
def test_a_mac_in_another_notation_is_the_same_mac(written: str, field: str) -> None:
    mac = Mac("52:54:00:aa:bb:cc")
    satellite = domain("satellite", macvtap(mac=mac))
    nic = Device(name=DeviceName("eth0"), mac=mac, permanent_mac=mac)
    place = RememberedPlace(server="a", interface=None, hypervisor="hv1", observed_at=TAKEN_AT, macs=(mac,))
    fleet = inventory(
        hypervisor("hv1", domain("web01", macvtap()), satellite, devices=(nic,), kernel=UNFIXED_KERNEL),
        servers=(server(macs=(mac,), declared_macs=(mac,)),),
        netboots=(Netboot(mac=mac, system="a", pending=True, source="foreman"),),
        places=(place,),
    )
    saved = re.sub(f'"({field}|permanent_mac)":(\\[?)"{mac}"', f'"\\1":\\2"{written}"', dumps(fleet).decode())

    again = loads(saved.encode(), origin="x")

    assert written in saved
    assert again == fleet
    assert [finding.verdict for finding in correlate(again).findings] == [Verdict.AT_RISK]


@pytest.mark.parametrize("text", ["", "52:54:00:aa:bb", "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1"])
def test_a_server_with_an_invalid_mac_is_refused(text: str) -> None:
    said = problem(changed(servers=[{"name": "a", "source": "on", "macs": [text]}]))

    assert f"(invalid MAC address '{text}'; write it like 52:54:00:aa:bb:cc - at `$.servers[0]`)" in said


def test_the_address_of_a_device_without_a_mac_of_six_bytes_is_kept() -> None:
    infiniband = Mac("80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1")
    fleet = inventory(hypervisor("hv1", devices=(Device(name=DeviceName("ib0"), mac=infiniband),)))

    assert loads(dumps(fleet), origin="x") == fleet


def test_a_time_is_kept_to_the_second_and_its_zone() -> None:
    assert loads(dumps(FULL), origin="fleet.json").taken_at == TAKEN_AT


def test_the_sentences_of_version_2_are_kept_as_words() -> None:
    device = {"device": {"name": "eth0"}, "offload": {"reason": "not permitted"}}
    data = changed(
        schema="virtscan.inventory/2",
        gaps=[{"subject": "qemu:///system domain web01", "reason": "gone", "about": "domain", "hypervisor": "hv1"}],
        servers=[
            {"name": "satellite", "source": "ssh://a", "reason": "refused", "devices": [device]},
            {"name": "b", "source": "on"},
        ],
    )

    read = loads(data, origin="x")

    assert read.gaps == (gap_in_words("qemu:///system domain web01", "gone", GapAbout.DOMAIN, hypervisor="hv1"),)
    first, second = read.servers
    assert (first.reason, first.devices[0].offload.reason) == (failure("refused"), failure("not permitted"))
    assert second.reason is None
    for odd in ({"gaps": [1]}, {"gaps": 1}, {"gaps": [{"about": "domain"}]}, {"servers": [1]}, {"servers": 1}):
        assert "(Expected `" in problem(changed(schema="virtscan.inventory/2", **odd))


def test_a_kernel_that_0_1_0_saved_as_declared_is_declared() -> None:
    declared = {"value": "2.6.32-279.el6", "source": "configuration", "observed_at": None}
    observed = declared | {"source": "ssh"}
    hosts = [
        {"name": name, "uri": "", "status": "complete", "kernel": kernel}
        for name, kernel in (("hv1", declared), ("hv2", observed))
    ]

    data = changed(schema="virtscan.inventory/1", hypervisors=hosts)
    first, second = loads(data, origin="fleet.json").hypervisors

    assert (first.kernel, first.declared_kernel) == (None, "2.6.32-279.el6")
    assert second.kernel is not None
    assert (second.kernel.source, second.declared_kernel) == ("ssh", None)
    odd = changed(schema="virtscan.inventory/1", hypervisors=[1])
    assert "Expected `object`, got `int` - at `$.hypervisors[0]`" in problem(odd)
    assert "Expected `array`, got `int`" in problem(changed(schema="virtscan.inventory/1", hypervisors=1))


def test_an_inventory_that_0_1_0_saved_is_read_and_judged() -> None:
    saved = loads((PROJECT / "fixtures" / "saved" / "fleet.json").read_bytes(), origin="fleet.json")

    assert saved.version == "0.1.0"
    assert {finding.domain: finding.rule for finding in correlate(saved).findings} == {"web07": "R7"}


@pytest.mark.parametrize("version", sorted(STEPS))
def test_every_earlier_version_has_a_step_to_the_next(version: int) -> None:
    assert upgraded({}, version)["schema"] == json.loads(dumps(FULL))["schema"]


def test_unknown_facts_are_not_saved() -> None:
    host, domain_ = (json.loads(dumps(FULL))["hypervisors"][0], json.loads(dumps(FULL))["hypervisors"][0]["domains"][0])

    assert None not in {*map(str, host.values())}
    assert "site" not in host
    assert "next_start" not in domain_
    assert "boot_order" not in domain_["interfaces"][0]


@pytest.mark.long
@given(inventories())
@settings(max_examples=50)
def test_any_inventory_comes_back_as_it_was(original: Inventory) -> None:
    assert loads(dumps(original), origin="fleet.json") == original


@given(inventories())
@settings(max_examples=50)
@pytest.mark.long
def test_any_saved_inventory_meets_its_schema(original: Inventory) -> None:
    validator("inventory").validate(json.loads(dumps(original)))


def test_a_merged_inventory_has_the_domains_of_its_scans_once() -> None:
    scans = [inventory(hypervisor(name, *(domain(f"{name}-{place}") for place in range(9)))) for name in ("a", "b")]
    merged = merge(scans)
    saved = json.loads(dumps(merged))

    assert loads(dumps(merged), origin="fleet.json") == merged
    assert [host["same_as"] for scan in saved["merged"] for host in scan["hypervisors"]] == [
        host.name for scan in merged.merged for host in scan.hypervisors
    ]
    assert dumps(merged).count(b'"a-1"') == 1


def test_a_merged_inventory_without_a_hypervisor_of_its_scans_is_refused() -> None:
    saved = json.loads(dumps(merge([inventory(hypervisor("hv1", domain("a"))), inventory(hypervisor("hv2"))])))
    del saved["hypervisors"][0]

    assert problem(json.dumps(saved).encode()) == "merged: no hypervisor is named 'hv1'; merge the files again"
