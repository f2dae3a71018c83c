"""`--assume`: judged again under assumptions, and every output marked."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.build import FIXED_KERNEL, TAKEN_AT, UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.harness.schemas import validator
from tests.reporters.reading import text_of
from virtscan.cli.acquire import load
from virtscan.cli.main import run
from virtscan.model import HostStatus, Hypervisor, Mac, Policy, Waiver
from virtscan.reporters import REPORTERS, Content
from virtscan.storage import dumps
from virtscan.views import VIEWS

SERVER_MAC = Mac("52:54:00:00:01:01")
MOVE = "satellite runs_on=hv2"
ACCEPTED = Waiver(reason="accepted", domain="web01", server="satellite")


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """An inventory of two hypervisors with a VM each; the server is a VM on the first."""
    hosts = (
        hypervisor(
            "hv1",
            domain("web01", macvtap(mac="52:54:00:00:00:01")),
            domain("satellite", macvtap(mac=SERVER_MAC)),
            kernel=UNFIXED_KERNEL,
        ),
        hypervisor("hv2", domain("web02", macvtap(mac="52:54:00:00:00:02")), kernel=UNFIXED_KERNEL),
    )
    return saved_in(tmp_path, inventory(*hosts, servers=(server(macs=(SERVER_MAC,)),)))


def test_report_of_an_assumption_lists_interfaces_cleared_and_put_at_risk(
    saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", saved, "--assume", MOVE]) == 1

    shown = capfd.readouterr().out
    assert shown.startswith("Assumed, not observed: satellite runs_on=hv2. 1 interface of 1 VM at risk (")
    assert "The assumption puts 1 interface at risk:\n  hv2 web02 52:54:00:00:00:02 (satellite)\n" in shown
    assert "The assumption clears 1 interface:\n  hv1 web01 52:54:00:00:00:01 (satellite)\n" in shown


def test_the_exit_code_is_that_of_the_assumed_report(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved]) == 1
    assert run(["report", saved, "--assume", f"hv1 kernel={FIXED_KERNEL}"]) == 0


def test_an_assumption_that_changes_nothing_is_reported_as_such(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(["report", saved, "--assume", "satellite tx=on"])

    assert "The assumption changes no verdict.\n" in capfd.readouterr().out


@pytest.mark.parametrize("assumption", ["hv9 runs_on=hv2", f"hv9 kernel={FIXED_KERNEL}", "satellite tx=on"])
def test_the_effect_on_a_hypervisor_that_was_not_read_is_unknown(
    assumption: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = load(Path(saved))
    away = Hypervisor(name="hv9", uri="qemu+ssh://hv9/system", status=HostStatus.FAILED)
    (tmp_path / "away.json").write_bytes(dumps(replace(fleet, hypervisors=(*fleet.hypervisors, away))))
    run(["report", str(tmp_path / "away.json"), "--assume", assumption])

    shown = capfd.readouterr().out
    assert "The effect of the assumption on further VMs is unknown: hv9 was not read completely.\n" in shown
    assert "The assumption changes no verdict.\n" not in shown
    receiving = "Not counted as read completely, because unread VMs would move there: hv2.\n"
    assert (receiving in shown) is (assumption == "hv9 runs_on=hv2")


@pytest.mark.parametrize("view", VIEWS)
def test_json_has_the_assumptions_and_their_effects_as_in_the_schema(
    view: str, saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", saved, "--view", view, "--format", "json", "--assume", MOVE])

    document = json.loads(capfd.readouterr().out)
    assert document["assumed"] == [MOVE]
    assert [(effect["change"], effect["hypervisor"], effect["domain"]) for effect in document["effects"]] == [
        ("at-risk", "hv2", "web02"),
        ("freed", "hv1", "web01"),
    ]
    assert (document["effects"][0]["before"], document["effects"][0]["after"]) == ("not-affected", "at-risk")
    validator("report" if view == "risks" else view).validate(document)


@pytest.mark.parametrize(
    "format_name", [name for name, reporter in REPORTERS.items() if reporter.content is not Content.METRICS]
)
def test_every_format_is_marked_or_standard_error_is(
    format_name: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"

    run(["report", saved, "-q", f"--format={format_name}={output}", "--assume", MOVE])

    shown = text_of(output.read_bytes()) + capfd.readouterr().err
    assert "satellite runs_on=hv2" in shown.replace("`", "")


def test_csv_has_the_mark_in_every_row_and_the_workbook_on_its_first_sheet(saved: str, tmp_path: Path) -> None:
    table, book = tmp_path / "risks.csv", tmp_path / "fleet.xlsx"

    run(["report", saved, f"--format=csv={table}", f"--format=xlsx={book}", "--assume", MOVE])

    heading, *rows = csv.reader(table.read_text().splitlines())
    assert {dict(zip(heading, row, strict=True))["assumed"] for row in rows} == {MOVE}
    assert text_of(book.read_bytes()).splitlines()[:3] == [
        "[Assumed]", "assumptions, not observations; all sheets depend on them", MOVE,
    ]  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> str:
    """An inventory whose server was read from a file long ago, and is on."""
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    read = server(source="file:old.txt", observed_at=TAKEN_AT - timedelta(days=300))
    return saved_in(tmp_path, inventory(host, servers=(read,), policy=Policy(waivers=(ACCEPTED,))))


def test_an_assumed_offload_has_neither_the_source_nor_the_age_of_the_observed_one(
    read: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", read, "--format", "json"])
    assert "file:old.txt, observed" in capfd.readouterr().out

    run(["report", read, "--format", "json", "--assume", "satellite tx=on"])
    document = json.loads(capfd.readouterr().out)
    (finding,) = document["findings"]
    assert "satellite eth0: TX checksum offload is on (assumed)" in finding["because"]
    assert document["causes"][0]["cause"].startswith("satellite eth0: TX checksum offload is assumed on")
    assert "old.txt" not in json.dumps(document)

    run(["report", read, "--format", "json", "--view", "servers", "--assume", "satellite tx=off"])
    (row,) = json.loads(capfd.readouterr().out)["rows"]
    assert (row["tx_checksum"], row["source"], row["observed_at"]) == ("off", "assumed", None)


def test_a_place_that_is_assumed_is_not_called_declared(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(["report", saved, "--assume", "satellite tx=on", "--format", "json", "--assume", MOVE])

    assert "(declared)" not in capfd.readouterr().out


def test_warnings_about_waivers_are_those_of_what_was_observed(read: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The waiver matches what is there tonight, and is needed until the assumption has come true."""
    run(["report", read])
    assert "waiver" not in capfd.readouterr().out

    run(["report", read, "--assume", "satellite tx=off"])
    assert "waiver" not in capfd.readouterr().out


def test_contradictory_assumptions_are_refused_before_a_host_is_read(capfd: pytest.CaptureFixture[str]) -> None:
    options = ["-c", "test:///default", "--server", "satellite=on"]

    assert run(["scan", *options, "--assume", "satellite tx=off", "--assume", "satellite tx=on"]) == 2
    assert "'satellite tx=off' and 'satellite tx=on' contradict each other; omit one" in capfd.readouterr().err


def test_an_explanation_can_be_of_an_assumption(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "web02", saved, "--assume", MOVE]) == 0
    shown = capfd.readouterr().out
    assert shown.startswith(f"Assumed, not observed: {MOVE}.\n\n")
    assert "at-risk" in shown

    run(["explain", "web02", saved, "--assume", MOVE, "--assume", "satellite tx=on", "--format", "json"])
    document = json.loads(capfd.readouterr().out)
    assert document["assumed"] == [MOVE, "satellite tx=on"]
    validator("explain").validate(document)


@pytest.mark.parametrize("form", ["shell", "ansible"])
def test_a_remedy_can_be_of_an_assumption(form: str, saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["remedy", saved, "--as", form, "--assume", MOVE]) == 0
    shown = capfd.readouterr().out
    assert f"\n# Assumed, not observed: {MOVE}.\n" in shown
    assert "hv2 web02" in shown

    run(["remedy", saved, "--assume", MOVE, "--format", "json"])
    document = json.loads(capfd.readouterr().out)
    assert document["assumed"] == [MOVE]
    validator("remedy").validate(document)


def test_names_are_pseudonyms_in_explanations_and_remedies_of_an_assumption(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = str(tmp_path / "names.json")
    for command in (["explain", "web02", saved], ["remedy", saved]):
        run([*command, "--redact", names, "--assume", MOVE, "--assume", "satellite tx=on"])
        printed = capfd.readouterr()
        assert "Assumed, not observed: " in printed.out
        assert not any(name in printed.out + printed.err for name in ("satellite", "hv1", "hv2", "web0"))


def test_metrics_are_never_of_an_assumption(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved, "--format", "prometheus", "--assume", MOVE]) == 2
    assert "--assume: metrics cover observed facts only" in capfd.readouterr().err


def test_a_scan_saves_what_was_observed_and_reports_what_is_assumed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hv1").mkdir()
    (tmp_path / "hv1" / "web01.xml").write_text(
        "<domain type='kvm'><name>web01</name><devices><interface type='direct'><source dev='bond2'/></interface>"
        "</devices></domain>"
    )
    options = ["scan", "--xml", str(tmp_path / "hv1"), "--server", "satellite=off"]
    saved = tmp_path / "fleet.json"

    run([*options, "--save", str(saved), "--assume", "satellite tx=on"])

    assert "Assumed, not observed: satellite tx=on. " in capfd.readouterr().out
    run(["report", str(saved)])
    assert capfd.readouterr().out.startswith("No interface is at risk. ")


def test_an_unknown_name_is_refused_before_a_scan_if_all_names_are_known(capfd: pytest.CaptureFixture[str]) -> None:
    options = ["scan", "-c", "qemu+tcp://192.0.2.1/system", "--server", "satellite=on", "--deadline", "1h"]

    assert run([*options, "--assume", "satelite tx=off"]) == 2

    assert "no server is named 'satelite'; did you mean 'satellite'?" in capfd.readouterr().err


def test_collected_facts_are_saved_and_reported_if_an_assumption_has_an_unknown_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved, folder = tmp_path / "fleet.json", tmp_path / "hv1"
    folder.mkdir()
    (folder / "web01.xml").write_text("<domain type='kvm'><name>web01</name></domain>")

    code = run(["scan", "--xml", str(folder), "--save", str(saved), "--assume", "hv9 kernel=3.15.0"])

    printed = capfd.readouterr()
    assert code == 2
    assert "no hypervisor is named 'hv9'" in printed.err
    assert "Assumed" not in printed.out
    assert printed.out.startswith("No interface was found.\n\nAll hypervisors were read.\n")
    assert saved.exists()


def test_names_of_assumptions_are_pseudonyms_where_names_are(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = str(tmp_path / "names.json")
    run(["report", saved, "--redact", names, "--assume", MOVE])
    printed = capfd.readouterr()

    assert "Assumed, not observed: " in printed.out
    assert "clears 1 interface" in printed.out
    assert not any(name in printed.out + printed.err for name in ("satellite", "hv1", "hv2", "web01"))


def test_a_vm_that_moves_and_stays_at_risk_is_not_listed(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(["report", saved, "--format", "json", "--assume", "hv1 runs_on=hv2"])

    document = json.loads(capfd.readouterr().out)
    assert {
        (finding["hypervisor"], finding["domain"])
        for finding in document["findings"]
        if finding["verdict"] == "at-risk"
    } == {
        ("hv2", "web01"),
        ("hv2", "web02"),
    }
    assert [(effect["change"], effect["domain"]) for effect in document["effects"]] == [("at-risk", "web02")]
