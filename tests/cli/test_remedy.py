"""`virtscan remedy` as users run it."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.build import FIXED_KERNEL, UNFIXED_KERNEL, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from tests.conftest import PROJECT
from tests.harness.launching import VIRTSCAN
from tests.remedy.stacks import bonded, part, stacked
from tests.reporters.reading import text_of
from virtscan.cli.main import run
from virtscan.model import DeviceKind, GapAbout, HostStatus, Inventory, Server, State
from virtscan.remedy import FORMS
from virtscan.storage import dumps

HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"
UNFIXED = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
GAP = gap_in_words(subject="qemu+ssh://hv9/system", reason="no answer", about=GapAbout.HYPERVISOR)


@pytest.mark.parametrize("form", FORMS)
def test_remedy_of_a_saved_inventory_is_printed(form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(server(),)))

    assert run(["remedy", file, "--as", form]) == 0
    printed = capfd.readouterr()
    assert "hv1 web01" in printed.out
    assert "eth0" in printed.out
    assert printed.err == ""


def test_remedy_of_a_new_scan_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["remedy", "-c", HOST, "--server", "satellite:eth0=on", "--format", "json"])

    told = json.loads(capfd.readouterr().out)
    assert code == 3
    assert told["changes"][0]["steps"]["now"] == "ethtool -K eth0 tx off\n"


def test_remedy_reads_standard_input(tmp_path: Path) -> None:
    data = dumps(inventory(UNFIXED, servers=(server(),)))

    done = subprocess.run([*VIRTSCAN, "remedy", "-"], input=data, capture_output=True, check=False)

    assert done.returncode == 0
    assert b"ethtool -K eth0 tx off" in done.stdout


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (inventory(UNFIXED, servers=(server(tx_checksum=State.OFF),)), 0),
        (inventory(UNFIXED, servers=(server(),)), 0),
        (inventory(UNFIXED, servers=(server(tx_checksum=State.UNKNOWN),)), 3),
        (inventory(UNFIXED, servers=(server(),), gaps=(GAP,)), 3),
        (inventory(hypervisor("hv9", status=HostStatus.FAILED), gaps=(GAP,)), 3),
        (inventory(), 3),
    ],
)
def test_the_exit_code_shows_only_whether_something_was_not_read_or_judged(
    value: Inventory, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved_in(tmp_path, value)

    assert run(["remedy", file]) == code


def test_unread_items_are_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, gaps=(GAP,)))

    run(["remedy", file])
    assert "virtscan: qemu+ssh://hv9/system: no answer\n" in capfd.readouterr().err
    run(["remedy", file, "-q"])
    assert capfd.readouterr().err == ""
    run(["remedy", file, "--format", "json"])
    printed = capfd.readouterr()
    assert [(gap["subject"], gap["reason"]) for gap in json.loads(printed.out)["gaps"]] == [
        ("qemu+ssh://hv9/system", "no answer")
    ]
    assert printed.err == ""


@pytest.mark.parametrize("format_name", ["text", "table", "markdown", "html"])
def test_facts_to_find_out_are_listed_in_every_format_for_people(
    format_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hosts = [hypervisor(f"hv{number}", domain("web01", macvtap()), kernel=None) for number in range(30)]
    file = saved_in(tmp_path, inventory(*hosts, servers=(server(),)))

    run(["remedy", file, "--format", format_name])

    text = html.unescape(capfd.readouterr().out).replace("`", "")
    assert "the kernel of hv0 (uname -r)" in text
    assert 'set kernel = "…" in its [[hypervisor]] to the output of' in text
    assert ("hv29" in text) or ("and 10 more facts; --format text lists all" in text)


def test_remedy_is_written_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(server(),)))

    run(["remedy", file, "-o", str(tmp_path / "satellite.sh")])

    assert (tmp_path / "satellite.sh").read_text().startswith("#!/bin/sh\n")
    assert capfd.readouterr().out == ""


def test_devices_other_than_bonds_can_be_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    on_a_card = hypervisor("hv1", domain("web01", macvtap("eth4")), kernel=UNFIXED_KERNEL)
    file = saved_in(tmp_path, inventory(on_a_card, servers=(server(),)))

    run(["remedy", file])
    assert "ethtool -K eth0 tx off" in capfd.readouterr().out
    run(["remedy", file, "--lower-device", "bond"])
    assert "No interface is known to be at risk" in capfd.readouterr().out


def test_a_fleet_without_risk_needs_no_change(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fixed = hypervisor("hv1", domain("web01", macvtap()), kernel=FIXED_KERNEL)

    assert run(["remedy", saved_in(tmp_path, inventory(fixed, servers=(server(),)))]) == 0
    assert "No interface is known to be at risk" in capfd.readouterr().out


@pytest.mark.parametrize(
    "one",
    [
        server(),
        server(interface=None),
        server(interface="eth0; reboot"),
        bonded(),
        bonded(part("eth0", tx=State.OFF), part("eth1")),
        bonded(part("eth0", fixed=True), part("eth1")),
        bonded(part("eth0; x"), part("eth1")),
        stacked(part("eth0", fixed=True)),
        stacked(part("mv0", DeviceKind.MACVLAN, ["eth0"]), part("eth0"), interface="mv0"),
    ],
)
def test_every_command_in_a_report_is_one_that_a_remedy_prints(
    one: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(one,)))

    def commands(*arguments: str) -> set[str]:
        run([*arguments])
        out = capfd.readouterr().out.replace('"${INTERFACE:?}"', "INTERFACE")
        return set(re.findall(r"(?<!/)ethtool -K .*? tx off", out))

    reported = [commands("report", file, "--view", view) for view in ("risks", "servers", "hypervisors")]
    remedied = commands("remedy", file)

    assert set().union(*reported, commands("explain", "web01", file)) <= remedied
    assert reported[0] == remedied


SHOWN = ["table", "markdown", "html", "xlsx"]


def shown(file: str, format_name: str, *arguments: str) -> str:
    """The text of a remedy in a format; a line of a page or a workbook is one of the text as well."""
    place = Path(file).with_name("shown")
    run(["remedy", file, "--format", f"{format_name}={place}", *arguments])
    return html.unescape(text_of(place.read_bytes()).replace("<br>", "\n"))


def steps_of(file: str, form: str) -> list[Any]:
    """The steps of every change, as JSON has them (`Any`: JSON)."""
    place = Path(file).with_name("shown.json")
    run(["remedy", file, "--format", f"json={place}", "--as", form])
    return [change["steps"] for change in json.loads(place.read_bytes())["changes"]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("format_name", SHOWN)
def test_every_format_for_people_has_the_commands_their_undo_and_their_cost(
    format_name: str, form: str, tmp_path: Path
) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(bonded(), server("lab", interface=None))))

    text = shown(file, format_name, "--as", form)

    steps = steps_of(file, form)
    assert len(steps) == 2
    for step in steps:
        for line in (step["now"] + step["lasting"] + step["undo"]).splitlines():
            assert line in text
        assert step["means"] in text.replace("`", "")
    assert "ethtool -k eth1 | grep tx-checksum" in text
    assert "Segmentation offload" in text
    assert ("a play for the named server" if form == "ansible" else "as root on the named server") in text


def test_cells_of_a_workbook_can_be_pasted_as_a_script(tmp_path: Path) -> None:
    file, place = (
        saved_in(tmp_path, inventory(UNFIXED, servers=(server("=1+1"), server("lab")))),
        tmp_path / "book.xlsx",
    )

    run(["remedy", file, "--as", "ifcfg", "--format", f"xlsx={place}"])

    rows = list(openpyxl.load_workbook(place)["Commands"].iter_rows(min_row=2))
    assert {cell.data_type for row in rows for cell in row} == {"s"}
    pasted = [str(row[3].value) for row in rows if row[0].value == "lab" and str(row[2].value).startswith("Persistent")]
    assert "".join(f"{line}\n" for line in pasted) == steps_of(file, "ifcfg")[1]["lasting"]


@pytest.mark.parametrize("format_name", SHOWN)
def test_no_format_has_commands_for_a_server_whose_offload_is_fixed(format_name: str, tmp_path: Path) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(stacked(part("eth0", fixed=True)),)))

    text = shown(file, format_name)

    assert "so no command helps" in text
    assert "`on [fixed]" not in text
    assert "tx off" not in text
    assert "Segmentation offload" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["FILE", "-c", HOST], "omit FILE or these options"),
        (["FILE", "--server", "a=on"], "omit FILE or these options"),
        (["nowhere.json"], "nowhere.json: can't be read"),
        (["FILE", "--as", "upstart"], "'upstart' is not one of"),
        (["FILE", "-v", "-q"], "mutually exclusive"),
    ],
)
def test_wrong_usage_is_reported(
    arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED))

    assert run(["remedy", *(file if word == "FILE" else word for word in arguments)]) == 2
    printed = capfd.readouterr()
    assert message in printed.err
    assert printed.out == ""
