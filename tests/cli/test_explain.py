"""`virtscan explain` as users run it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.build import (
    FIXED_KERNEL,
    UNFIXED_KERNEL,
    bridged,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    server,
)
from tests.cli.conftest import saved_in
from tests.conftest import PROJECT
from tests.harness.launching import VIRTSCAN
from tests.reporters.reading import text_of
from virtscan.cli.main import run
from virtscan.model import DeviceName, GapAbout, HostStatus, Inventory, Mac, Observed, State
from virtscan.storage import dumps

HOST = f"test://{PROJECT}/fixtures/fleet/ams1-kvm01.xml"
UNFIXED = hypervisor(
    "hv1", domain("web01", macvtap()), domain("db01", bridged()), domain("lone"), kernel=UNFIXED_KERNEL
)
ELSEWHERE = inventory(
    UNFIXED,
    hypervisor("hv9", status=HostStatus.FAILED),
    servers=(server(macs=(Mac("52:54:00:00:00:99"),)),),
    gaps=(
        gap_in_words(subject="qemu+ssh://hv9/system", reason="no answer", about=GapAbout.HYPERVISOR, hypervisor="hv9"),
    ),
)
"""The server may be on the hypervisor that was not read."""

GAP = gap_in_words(subject="qemu+ssh://hv9/system", reason="no answer", about=GapAbout.HYPERVISOR)


@pytest.mark.parametrize("wanted", ["web01", "52-54-00-93-76-AF", "5254.0093.76af", "web*"])
def test_an_interface_of_a_saved_inventory_is_explained(
    wanted: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(server(),)))

    assert run(["explain", wanted, file]) == 0
    printed = capfd.readouterr()
    assert printed.out.startswith(
        "web01 on hv1, interface 0 (52:54:00:93:76:af): at-risk (medium) by R11 (unknown place, bridge mode),\n"
        "  because of satellite eth0\n"
    )
    assert printed.err == ""


def test_an_interface_of_a_new_scan_is_explained_as_the_scan_judges_it(capfd: pytest.CaptureFixture[str]) -> None:
    options = ["-c", HOST, "--server", "satellite:eth0=on", "--format", "json"]
    run(["scan", *options])
    rules = {finding["domain"]: finding["rule"] for finding in json.loads(capfd.readouterr().out)["findings"]}

    run(["explain", "mail01", *options])
    (told,) = json.loads(capfd.readouterr().out)["interfaces"]
    assert told["rule"] == rules["mail01"]


def test_explain_reads_standard_input() -> None:
    data = dumps(inventory(UNFIXED, servers=(server(),)))

    done = subprocess.run([*VIRTSCAN, "explain", "web01", "-"], input=data, capture_output=True, check=False)

    assert done.returncode == 0
    assert b"at-risk" in done.stdout


@pytest.mark.parametrize(
    ("value", "wanted", "code"),
    [
        (inventory(UNFIXED, servers=(server(tx_checksum=State.OFF),)), "web01", 0),
        (inventory(UNFIXED, servers=(server(),)), "web01", 0),
        (inventory(UNFIXED, servers=(server(),)), "db01", 0),
        (inventory(UNFIXED, servers=(server(tx_checksum=State.UNKNOWN),)), "web01", 3),
        (inventory(UNFIXED, servers=(server(),), gaps=(GAP,)), "web01", 0),
        (inventory(UNFIXED, servers=(server(),), gaps=(replace(GAP, hypervisor="hv1"),)), "web01", 3),
        (inventory(UNFIXED, servers=(server(),), gaps=(replace(GAP, hypervisor="hv1"),)), "db01", 3),
        (ELSEWHERE, "web01", 3),
    ],
)
def test_the_exit_code_shows_only_whether_a_gap_affects_these_interfaces(
    value: Inventory, wanted: str, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", wanted, saved_in(tmp_path, value)]) == code


def test_unread_items_are_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED, gaps=(GAP,)))

    run(["explain", "web01", file])
    assert "virtscan: qemu+ssh://hv9/system: no answer\n" in capfd.readouterr().err
    run(["explain", "web01", file, "-q"])
    assert capfd.readouterr().err == ""
    run(["explain", "web01", file, "--format", "json"])
    printed = capfd.readouterr()
    assert [(gap["subject"], gap["reason"]) for gap in json.loads(printed.out)["gaps"]] == [
        ("qemu+ssh://hv9/system", "no answer")
    ]
    assert printed.err == ""


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("wep01", "wep01: no such domain or interface; did you mean web01?"),
        ("52:54:00:93:76:aa", "did you mean 52:54:00:93:76:af?"),
        (
            "zzzz",
            "zzzz: no such domain or interface; give the name or uuid of a domain, or the MAC of an interface (not",
        ),
        ("lone", "domain lone has no interface"),
        ("\x1b[31m", r"\x1b[31m: no such domain or interface; give"),
    ],
)
def test_an_unmatched_name_is_reported_with_similar_names(
    wanted: str, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "told.txt"

    assert run(["explain", wanted, saved_in(tmp_path, inventory(UNFIXED, gaps=(GAP,))), "-o", str(output)]) == 2
    printed = capfd.readouterr()
    assert message in printed.err
    is_hidden = "(not everything was read: 1 gap)" in printed.err
    assert printed.err.startswith("virtscan: qemu+ssh://hv9/system: no answer\n") is is_hidden
    assert printed.out == ""
    assert not output.exists()


def test_redacted_document_shows_no_real_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["explain", "wep01", saved_in(tmp_path, inventory(UNFIXED)), "--redact", str(tmp_path / "names.json")]) == 2
    )
    assert capfd.readouterr().err.startswith("virtscan: wep01: no such domain or interface; give")


def test_pseudonyms_replace_the_names_on_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kernel = Observed(value="5.14.0", source="ssh://satellite.example.com")
    file = saved_in(tmp_path, inventory(UNFIXED, servers=(server(macs=("52:54:00:aa:bb:cc",), kernel=kernel),)))

    for form in ("text", "json"):
        run(["explain", "web01", file, "--redact", str(tmp_path / "names.json"), "--format", form])
        printed = capfd.readouterr()
        for secret in ("web01", "hv1", "satellite", "52:54:00:93:76:af", "52:54:00:aa:bb:cc"):
            assert secret not in printed.out + printed.err
        assert "vm1" in printed.out


def test_explanation_is_written_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved_in(tmp_path, inventory(hypervisor("hv1", domain("web01", macvtap()), kernel=FIXED_KERNEL)))

    assert run(["explain", "web01", file, "-o", str(tmp_path / "told.txt")]) == 0
    assert "by R2" in (tmp_path / "told.txt").read_text()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("format_name", ["html", "xlsx"])
def test_page_and_workbook_have_the_facts_the_rules_and_the_missing_facts_of_the_text(
    format_name: str, tmp_path: Path
) -> None:
    lab = server("lab", segments=("lab",))
    host = hypervisor("hv1", domain("web01", macvtap()), segments={DeviceName("bond2"): "pxe"})
    file, shown = saved_in(tmp_path, inventory(host, servers=(server(segments=("pxe",)), lab))), tmp_path / "shown"

    assert run(["explain", "web01", file, "--format", f"{format_name}={shown}"]) == 0
    text = text_of(shown.read_bytes())
    for part in (
        "the server's place is unknown",  # the reason of a rule
        "where satellite runs: its MAC is unknown",  # the place of a decision
        "bond2: bond, on eth4",
        "declared to serve other segments",
        "not-affected if fixed",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'DOMAIN|MAC'"),
        (["web01", "FILE", "-c", HOST], "omit FILE or these options"),
        (["web01", "nowhere.json"], "nowhere.json: can't be read"),
        (["FILE", "web01"], "web01: no such file; write DOMAIN before FILE: virtscan explain web01 "),
        (["-", "web01"], "web01: no such file; write DOMAIN before FILE: virtscan explain web01 -"),
        (["web" * 999, "nowhere.json"], "nowhere.json: can't be read"),
        (["web01", "FILE", "--format", "yaml"], "'yaml' is not a format"),
        (["web01", os.devnull], "the file is empty; use a file written by virtscan scan --save"),
    ],
)
def test_wrong_usage_is_reported(
    arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved_in(tmp_path, inventory(UNFIXED))

    assert run(["explain", *(file if word == "FILE" else word for word in arguments)]) == 2
    printed = capfd.readouterr()
    assert message in printed.err
    assert printed.out == ""


@pytest.mark.long
@pytest.mark.parametrize("lower_device", ["bond", "any"])
def test_every_interface_of_the_corpus_is_explained_as_it_is_judged(
    lower_device: str, corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Definitions not made for this test: of real domains, and of the small fleet that shows every rule."""
    fleet = tmp_path / "fleet.json"
    scans = [
        ["--xml", str(corpus / "domain"), "--xml", str(corpus / "domain-status"), "--server", "satellite:eth0=on"],
        ["--config", str(PROJECT / "fixtures" / "fleet" / "virtscan.toml")],
    ]
    for options in scans:
        run(["scan", *options, "--lower-device", lower_device, "--format", "json", "--save", str(fleet), "-q"])
        findings = json.loads(capfd.readouterr().out)["findings"]

        run(["explain", "*", str(fleet), "-q", "--format", "json"])
        explained = json.loads(capfd.readouterr().out)["interfaces"]
        keys = ("hypervisor", "origin", "domain", "index", "rule", "verdict", "confidence", "server", "source_device")
        judged = [account for account in explained if account["verdict"] is not None]
        assert findings
        assert sorted([str(account[key]) for key in keys] for account in judged) == sorted(
            [str(finding[key]) for key in keys] for finding in findings
        )
        for account in judged:
            (decision,) = (
                decision for decision in account["decisions"] if any(place["decides"] for place in decision["places"])
            )
            assert (decision["rule"], decision["verdict"]) == (account["rule"], account["verdict"])


def test_the_text_ends_with_the_time_the_version_and_the_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["explain", "web01", saved_in(tmp_path, inventory(UNFIXED, servers=(server(),)))])

    assert capfd.readouterr().out.splitlines()[-1] == "Scanned 2026-11-22 02:00 UTC by virtscan 0.1.0; exit code 0."


def test_a_capture_shows_nothing_of_the_sending_path(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "web01.xml").write_text(
        "<domain type='kvm'><name>web01</name><devices><interface type='direct'><mac address='52:54:00:00:00:11'/>"
        "<source dev='bond2' mode='bridge'/></interface></devices></domain>"
    )
    (tmp_path / "k.txt").write_text("Features for eth0:\ntx-checksumming: off\n\ttx-checksum-ip-generic: off\n")
    run(["explain", "web01", "--xml", str(tmp_path / "dumps"), f"--server=sat:eth0=file:{tmp_path / 'k.txt'}"])

    out = " ".join(capfd.readouterr().out.split())
    assert "sending path unknown (ethtool -k does not show the devices above and below)" in out
