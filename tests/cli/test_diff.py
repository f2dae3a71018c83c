"""`virtscan diff`: files and scans of a history, exit codes, silence, pseudonyms."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, nic, server
from tests.harness.definitions import direct, domain_xml
from tests.harness.schemas import validator
from virtscan.changes import remembering
from virtscan.cli.main import run
from virtscan.correlator.staleness.remembering import remembering_places
from virtscan.model import Domain, HostStatus, Hypervisor, Inventory, LowerDevice, Mac, Policy, State
from virtscan.reporters import REPORTERS
from virtscan.storage import dumps
from virtscan.storage.history import open_history

SAT = Mac("52:54:00:00:00:01")
NIGHT = timedelta(days=1)


def fleet(tx: State = State.ON, *more: Hypervisor, night: int = 0) -> Inventory:
    """A VM that is at risk while the satellite's offload is on."""
    host = hypervisor(
        "kvm7.example.com",
        domain("satvm", macvtap(mac=SAT), uuid="00000000-0000-1000-8000-000000000001"),
        domain("web01", macvtap(), uuid="00000000-0000-1000-8000-000000000002"),
        kernel=UNFIXED_KERNEL,
    )
    one = inventory(host, *more, servers=(server("satellite", tx, macs=(SAT,)),), scope="a")
    return replace(one, taken_at=TAKEN_AT + night * NIGHT)


def unread(name: str) -> Hypervisor:
    return Hypervisor(name=name, uri=f"qemu+ssh://{name}/system", status=HostStatus.FAILED)


@pytest.fixture
def save(tmp_path: Path) -> Any:
    def write(name: str, one: Inventory) -> str:
        path = tmp_path / name
        path.write_bytes(dumps(one))
        return str(path)

    return write


def test_an_interface_that_one_side_alone_judges_is_news_and_never_resolved(
    save: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    web = domain("web01", macvtap("eth0"), uuid="00000000-0000-1000-8000-000000000002")
    satellite = domain("satvm", macvtap("eth0", mac=SAT), uuid="00000000-0000-1000-8000-000000000001")
    host = hypervisor("hv1", satellite, web, kernel=UNFIXED_KERNEL, devices=(nic("eth0"),))
    anywhere = inventory(host, servers=(server("satellite", macs=(SAT,)),), scope="a")
    on_bonds = replace(anywhere, policy=Policy(lower_device=LowerDevice.BOND), taken_at=TAKEN_AT + NIGHT)

    assert run(["diff", save("old", anywhere), save("new", on_bonds)]) == 0
    assert capfd.readouterr().out == ""
    assert run(["diff", save("old", on_bonds), save("new", replace(anywhere, taken_at=TAKEN_AT + 2 * NIGHT))]) == 1
    assert "1 newly at risk" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param(fleet(), fleet(night=1), 0, id="a risk that both have"),
        pytest.param(fleet(State.OFF), fleet(night=1), 1, id="newly at risk"),
        pytest.param(fleet(), fleet(State.OFF, night=1), 0, id="resolved"),
        pytest.param(fleet(State.OFF), fleet(State.UNKNOWN, night=1), 3, id="newly unknown"),
        pytest.param(fleet(State.ON, unread("hv9")), fleet(State.ON, unread("hv9"), night=1), 3, id="a hole"),
        pytest.param(fleet(State.OFF), fleet(State.ON, unread("hv9"), night=1), 4, id="newly at risk, with a hole"),
    ],
)
def test_the_exit_code_is_about_what_is_new(old: Inventory, new: Inventory, code: int, save: Any) -> None:
    assert run(["diff", save("old.json", old), save("new.json", new)]) == code


def test_exposure_below_fail_on_gives_exit_code_0(save: Any) -> None:
    files = [save("old.json", fleet(State.OFF)), save("new.json", fleet(night=1))]

    assert run(["diff", *files, "--fail-on", "boots"]) == 0
    assert run(["diff", *files, "--fail-on", "latent"]) == 1


@pytest.mark.parametrize("format_name", [name for name, one in REPORTERS.items() if one.is_text])
def test_text_is_empty_and_json_has_empty_lists_without_changes(
    format_name: str, save: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    old = replace(fleet(), version="0.0.1")

    assert run(["diff", save("a", old), save("b", fleet(night=1)), "--format", format_name]) == 0
    printed = capfd.readouterr()
    assert printed.err == ""
    assert (printed.out == "") is REPORTERS[format_name].may_be_empty
    if format_name == "json":
        document = json.loads(printed.out)
        assert (document["changes"], document["causes"], document["gaps"]) == ([], [], [])


def test_a_table_begins_with_the_counts_and_groups_by_cause(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    run(["diff", save("a", fleet(State.OFF)), save("b", fleet(night=1))])

    *lines, last = capfd.readouterr().out.splitlines()
    assert lines == [
        "1 newly at risk, 1 server changed; since 2026-11-22 02:00 UTC.",
        "",
        "TX checksum offload of satellite eth0 was switched on: 1 interface of 1 VM newly at risk.",
        "  kvm7.example.com  web01  52:54:00:93:76:af  latent",
        "1 server changed.",
        "  satellite  eth0  tx_checksum: off → on",
        "",
    ]
    assert last.startswith("Scanned 2026-11-23 02:00 UTC by virtscan 0.1.0")


def test_json_meets_its_schema(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    later = fleet(State.ON, unread("hv9"), night=1)
    run(["diff", save("a", fleet(State.OFF, hypervisor("hv9", domain("x")))), save("b", later), "--format", "json"])
    document = json.loads(capfd.readouterr().out)

    validator("diff").validate(document)
    assert {(change["subject"], change["change"]) for change in document["changes"]} == {
        ("finding", "new"), ("server", "changed"), ("hypervisor", "not-seen"), ("domain", "not-seen"),
    }  # fmt: skip
    assert document["unread"] == [{"hypervisor": "hv9"}]
    assert document["summary"]["newly_at_risk"] == 1


def test_scans_of_a_history_are_compared_by_number_day_and_latest(
    tmp_path: Path, save: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/history.sqlite"
    with open_history(url, create=True) as history:
        for one in (fleet(State.OFF), fleet(State.OFF, night=1), fleet(night=2)):
            history.save(one, None)

    assert run(["diff", f"{url}@1", f"{url}@2"]) == 0
    assert capfd.readouterr().out == ""
    for old, new in (("@2", "@latest"), ("@2026-11-23", ""), ("@1", "@3")):
        assert run(["diff", url + old, url + new]) == 1
        assert "newly at risk" in capfd.readouterr().out
    assert run(["diff", f"{url}@1", save("new.json", fleet(night=3))]) == 1
    assert run(["diff", f"{url}@7", f"{url}@8"]) != 0
    assert ": no scan 7; virtscan history list" in capfd.readouterr().err


@pytest.mark.parametrize("is_saved_redacted", [False, True], ids=["saved with names", "saved under pseudonyms"])
def test_a_redacted_comparison_has_no_names(
    is_saved_redacted: bool, tmp_path: Path, save: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ("kvm7", "example", "web01", "satvm", SAT, "52:54:00:93:76:af")
    first = fleet(State.OFF)
    away = replace(fleet(night=1), hypervisors=(unread("kvm7.example.com"),))
    away = remembering_places(remembering(away, first), first)
    arguments = ["--redact", str(tmp_path / "map")]
    files = [save("a", first), save("b", away), save("c", fleet(night=2))]
    assert any(name in Path(files[1]).read_text() for name in names)
    if is_saved_redacted:
        from virtscan.redaction import dump_map, load_map, redact

        known = load_map(b'{"schema": "virtscan.redaction/1", "key": "00"}', origin="map")
        for number, one in enumerate((first, away, fleet(night=2))):
            redacted, known = redact(one, known)
            Path(files[number]).write_bytes(dumps(redacted))
        (tmp_path / "map").write_bytes(dump_map(known))

    for old, new in (files[:2], files[1:]):
        for format_name in ("table", "json"):
            run(["diff", old, new, *arguments, "--format", format_name])
            printed = capfd.readouterr()
            assert printed.out
            assert [name for name in names if name in printed.out + printed.err] == []


def test_pseudonyms_of_two_maps_are_not_compared(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    from virtscan.redaction import Map, redact

    real = save("real", fleet())
    saved = [save(key, redact(fleet(), Map(key=key))[0]) for key in ("00", "11")]

    for old, new in (saved, (real, saved[0]), (saved[0], real)):
        assert run(["diff", old, new]) == 2
        assert f"{new}: not redacted with the same map as {old}: " in capfd.readouterr().err
    assert run(["diff", saved[0], saved[0]]) == 0


def test_a_file_that_is_missing_is_named(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "/nowhere/old.json", save("new.json", fleet())]) == 2
    assert "/nowhere/old.json: can't be read" in capfd.readouterr().err


def test_a_scope_of_files_is_refused(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    file = save("old.json", fleet())

    assert run(["diff", file, file, "--scope", "3f0c"]) == 2
    assert f"--scope is for a history, {file} is a file; omit --scope" in capfd.readouterr().err


def test_a_hypervisor_of_another_configuration_resolves_nothing(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    other = hypervisor("hv9", domain("db01"))
    without = replace(fleet(night=1), hypervisors=(other,))
    arguments = ["diff", save("old.json", fleet(State.ON, other)), "--format", "json"]

    assert run([*arguments[:2], save("other.json", replace(without, scope="b")), *arguments[2:]]) == 3
    changes = json.loads(capfd.readouterr().out)["changes"]
    assert {change["change"] for change in changes if change["subject"] in {"finding", "domain"}} == {"not-seen"}
    assert run([*arguments[:2], save("same.json", without), *arguments[2:]]) == 0
    changes = json.loads(capfd.readouterr().out)["changes"]
    assert {change["change"] for change in changes if change["subject"] == "finding"} == {"no-longer-scanned"}


def test_other_configurations_are_distinguished(save: Any, capfd: pytest.CaptureFixture[str]) -> None:
    other = replace(fleet(State.OFF, night=1), scope="b")
    run(["diff", save("a", fleet()), save("b", other)])

    assert "the two scans are of different configurations" in capfd.readouterr().out


def folder_of(tmp_path: Path, *names: str) -> Path:
    """Write a folder of definitions, as `virsh dumpxml` leaves them; each boots from the network."""
    folder = tmp_path / "dumps"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.xml").write_text(domain_xml(name, direct("bond0")))
    return folder


@pytest.mark.parametrize("command", ["diff", "scan --since", "history diff"])
def test_a_file_missing_from_a_folder_neither_removes_its_domain_nor_resolves_its_risk(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path, "web01", "web02")
    url = f"sqlite:///{tmp_path}/history.sqlite"
    scan = ["scan", "--xml", str(folder), "--server", "satellite=on"]
    old, new = str(tmp_path / "old.json"), str(tmp_path / "new.json")
    run([*scan, "--save", old, "--history", url])
    (folder / "web02.xml").unlink()
    run([*scan, "--save", new, "--history", url])
    compared = {
        "diff": ["diff", old, new],
        "scan --since": [*scan, "--since", old],
        "history diff": ["history", "diff", "1", "2", "--history", url],
    }[command]
    capfd.readouterr()

    assert run([*compared, "--format", "json"]) == 3
    document = json.loads(capfd.readouterr().out)
    validator("diff").validate(document)
    changes = {(change["subject"], change["change"], change["domain"]) for change in document["changes"]}
    assert changes - {("domain", "not-seen", "web02")} == {("finding", "not-seen", "web02")}
    assert run(compared) == 3
    assert "dumps may have further VMs: 1 interface of 1 VM at risk when last read" in capfd.readouterr().out


def test_a_domain_gone_from_a_host_may_be_on_one_that_lists_only_some(
    save: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def night(number: int, *domains: Domain) -> str:
        folder = hypervisor("dumps", domain("db01"), uri="/srv/dumps", lists_all_domains=False)
        hosts = (hypervisor("hv1", domain("web01"), *domains), folder)
        return str(save(f"{number}.json", replace(inventory(*hosts), taken_at=TAKEN_AT + number * NIGHT)))

    two, one = night(1, domain("web02")), night(2)

    assert run(["diff", two, one]) == 3
    assert "1 VM not seen: may be on dumps." in capfd.readouterr().out
    assert run(["diff", one, two]) == 0
    assert "1 VM not seen before: may have been on dumps." in capfd.readouterr().out
