"""JSON: the documents that programs read."""

import json
from typing import Any

import msgspec
import pytest

from tests.build import inventory
from tests.views.fleet import report
from tests.views.rows import EVERY_VIEW
from virtscan.model import Report
from virtscan.reporters import REPORTERS
from virtscan.views import VIEWS
from virtscan.views.document import Document
from virtscan.views.rows.filters import narrow, parse_condition
from virtscan.views.wording.gaps import subject


def render(document: Document) -> str:
    return REPORTERS["json"].render(document).decode()


def document(view: str, of: Report | None = None) -> Any:
    """A decoded document (`Any`: JSON)."""
    return json.loads(render(EVERY_VIEW[view](of or report())))


def test_the_report_has_the_published_keys_in_their_order() -> None:
    risks = document("risks")

    assert list(risks) == [
        "schema", "version", "taken_at", "summary", "findings", "servers", "hypervisors", "causes",
        "gaps",
    ]  # fmt: skip
    assert risks["schema"] == "virtscan.report/1"
    assert (risks["version"], risks["taken_at"]) == ("0.1.0", "2026-11-22T02:00:00Z")
    assert list(risks["summary"])[:5] == ["hypervisors", "domains", "interfaces", "judged", "verdicts"]
    assert list(risks["findings"][0]) == [
        "hypervisor", "domain", "uuid", "index", "mac", "source_device", "source_mode", "device_kind", "segment",
        "server", "server_interface", "verdict", "confidence", "exposure", "rule", "because", "missing", "reasons",
        "reaches_server", "also_at_risk_by", "waived", "waived_servers", "next_start", "origin", "id",
    ]  # fmt: skip
    assert list(risks["servers"][0]) == ["server", "server_interface", "tx_checksum", "source", "observed_at"]
    assert list(risks["hypervisors"][0]) == ["hypervisor", "uri", "status", "domains", "open_seconds", "read_seconds"]
    assert list(risks["gaps"][0]) == ["subject", "reason", "about", "hypervisor", "code", "item", "cause"]


def test_the_summary_counts_every_status_and_verdict() -> None:
    assert document("risks")["summary"] == {
        "hypervisors": {"complete": 1, "partial": 1, "failed": 1},
        "domains": 7,
        "interfaces": 7,
        "judged": 5,
        "verdicts": {"at-risk": 3, "unknown": 1, "mitigated": 0, "not-affected": 1},
        "waived": {"at-risk": 1, "unknown": 0, "mitigated": 0, "not-affected": 0},
        "at_risk": {"pending": 0, "boots": 1, "latent": 1},
        "at_risk_after_reboot": 2,
        "judged_for_next_start": 0,
        "reaches_server": {"yes": 2, "no": 1, "unknown": 2},
        "not_judged": {"not macvtap": 1, "source is not a bond": 0, "the server's own interface": 1},
    }


def test_an_interface_has_the_published_keys_in_their_order() -> None:
    interfaces = document("interfaces")

    assert list(interfaces) == ["schema", "version", "taken_at", "summary", "rows", "gaps"]
    assert interfaces["schema"] == "virtscan.interfaces/1"
    assert list(interfaces["rows"][0]) == [
        "hypervisor", "origin", "domain", "uuid", "state", "vcpus", "memory_mib", "index", "mac", "type", "network",
        "portgroup", "source_device", "source_mode", "device_kind", "lower_devices", "vlan", "model", "boot_order",
        "boots_from_network", "link", "rom", "host_csum", "guest_csum", "target", "verdict",
        "server",
    ]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_a_filtered_document_names_its_conditions(view: str) -> None:
    conditions = [parse_condition(f"{name} ~ hv") for name in ("source", "hypervisor") if name in keys(view)]

    narrowed = json.loads(render(narrow(VIEWS[view](report()), conditions)))

    assert list(narrowed)[:4] == ["schema", "version", "taken_at", "where"]
    assert narrowed["where"] == [f"{condition.column}~hv" for condition in conditions]
    assert "where" not in document(view)


def keys(view: str) -> set[str]:
    return {column.key for column in VIEWS[view](report()).main.columns}


@pytest.mark.parametrize("view", [name for name in VIEWS if name != "risks"])
def test_every_other_view_follows_one_pattern(view: str) -> None:
    shown = document(view)

    assert shown["schema"] == f"virtscan.{view}/1"
    assert isinstance(shown["rows"], list)
    assert [gap["subject"] for gap in shown["gaps"]] == [
        *(subject(gap) for gap in report().inventory.gaps),
        "server mirror",  # a warning: its offload is off only until its next reboot
    ]


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_keys_that_join_views_have_one_name_in_all_of_them(view: str) -> None:
    sections = EVERY_VIEW[view](report()).sections

    assert {column.key for section in sections for column in section.columns} & {"name", "interface"} == set()


def test_the_total_is_beside_the_rows() -> None:
    capacity = document("capacity")

    assert list(capacity) == ["schema", "version", "taken_at", "summary", "rows", "total", "gaps"]
    assert list(capacity["total"]) == list(capacity["rows"][0])


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_an_empty_inventory_is_a_document_as_well(view: str) -> None:
    shown = document(view, Report(inventory=inventory()))

    assert shown["gaps"] == []
    assert (shown["findings"] if view == "risks" else shown["rows"]) == []


def test_unprintable_characters_are_escaped_and_decoded_unchanged() -> None:
    name = "a\x7f\x9b\u202e\U000e0001é漢"
    named = msgspec.structs.replace(inventory(), version=name)

    text = render(VIEWS["risks"](Report(inventory=named)))

    assert json.loads(text)["version"] == name
    assert '"a\\u007f\\u009b\\u202e\\udb40\\udc01é漢"' in text
