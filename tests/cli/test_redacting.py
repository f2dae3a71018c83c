"""`--redact` on the command line: standard error, conditions, captures, and the map's file."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.conftest import PROJECT
from tests.harness.patience import LONG
from tests.reporters.reading import text_of
from tests.trace.build import (
    CLIENT_MAC,
    Shot,
    acknowledged,
    answered,
    data,
    ethernet,
    lease,
    options,
    pcap,
    read_request,
    said,
)
from virtscan.cli.main import run
from virtscan.cli.output.redacting import redaction
from virtscan.correlator.judging import judge
from virtscan.errors import ConfigError
from virtscan.model import Exposure, GapAbout, HostStatus, Mac, Report, Verdict
from virtscan.model.history import CapacityCount, FindingCount, ScanCounts, ScanRecord
from virtscan.redaction import Map, dump_map, load_map, redact, redact_trace
from virtscan.remedy import FORMS
from virtscan.reporters import REPORTERS, Content
from virtscan.storage import dumps, loads
from virtscan.trace import read
from virtscan.trace.capture.checksums import Checksum
from virtscan.views import VIEWS
from virtscan.views.document import Document
from virtscan.views.rows.pseudonymous import refuse_pattern

NAMES = ("kvm7", "example", "alice", "web01", CLIENT_MAC, "52:54:00:aa:bb:cc", "10.77.0.", "satellite")


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A fleet with a VM at risk, one that is not known, and a gap."""
    host = hypervisor(
        "kvm7.example.com",
        domain("web01", macvtap(mac=CLIENT_MAC)),
        domain("satellite", macvtap(mac="52:54:00:aa:bb:cc")),
        kernel=UNFIXED_KERNEL,
        uri="qemu+ssh://alice@kvm7.example.com/system",
    )
    satellite = server(
        "satellite", source="ssh://alice@satellite.example.com", macs=(Mac("52:54:00:aa:bb:cc"),),
        addresses=("10.77.0.1/24",),
    )  # fmt: skip
    gap = gap_in_words(subject="qemu+ssh://alice@kvm7.example.com/system web01", reason="gone", about=GapAbout.DOMAIN)
    # A random key would leave the network as it is once in 65,536 times.
    (tmp_path / "map.json").write_bytes(dump_map(Map(key="secret")))
    path = tmp_path / "alice-fleet.json"
    path.write_bytes(dumps(inventory(host, servers=(satellite,), gaps=(gap,))))
    return str(path)


def left(text: str) -> list[str]:
    return [name for name in NAMES if name in text.lower()]


def test_a_map_that_is_a_pipe_is_refused_without_waiting_for_its_other_end(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert run(["report", saved, "--redact", str(tmp_path / "pipe")]) == 2
    assert "not a regular file" in capfd.readouterr().err


def test_a_scan_names_nothing_on_standard_error_either(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder, cache = tmp_path / "zq-host", tmp_path / "zq-cache"
    folder.mkdir()
    cache.mkdir()
    (folder / "zq-guest.xml").write_text("<domain type='kvm'><name>zq-guest</name></domain>")
    (folder / "zq-notes.txt").write_text("notes")
    for name in ("zq-other", "zq-another"):
        (cache / name).write_text('{"ansible_kernel": "3.10.0"}')
    config = tmp_path / "zq.toml"
    config.write_text(
        f"""
        [[hypervisor]]
        name = "zq-one"
        xml = "{folder}"
        facts = "ansible:{cache}"
        segments = {{ bond2 = "pxe" }}
        [[hypervisor]]
        uri = "qemu+tls://zq-two.invalid/system?no_verify=1"
        [[server]]
        name = "zq-server"
        offload = "file:{tmp_path}/zq-missing.txt"
        runs_on = "zq-onne"
        """
    )

    shown = tmp_path / "shown.json"
    code = run(
        ["scan", "--config", str(config), "-v", "--redact", str(tmp_path / "map.json"), "--format", f"json={shown}"]
    )
    printed = capfd.readouterr()

    assert code == 3
    assert "details withheld" in printed.err
    assert len(json.loads(shown.read_text())["gaps"]) > 3
    assert "zq-" not in printed.out + printed.err + shown.read_text()


def test_the_default_hypervisor_is_named_without_its_address(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zq-host.xml").write_text("<node/>")
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", f"test://{tmp_path}/zq-host.xml")

    run(["scan", "--redact", str(tmp_path / "map.json")])
    printed = capfd.readouterr()

    assert "hypervisor: details withheld (LIBVIRT_DEFAULT_URI" in printed.err
    assert "zq-" not in printed.out + printed.err


@pytest.mark.long
def test_scans_at_once_keep_each_others_pseudonyms(tmp_path: Path) -> None:
    runs = []
    for number in range(6):
        hosts = (
            hypervisor(f"host-{number}-{index}", domain(f"guest-{number}-{index}", macvtap())) for index in range(20)
        )
        (tmp_path / f"{number}.json").write_bytes(dumps(inventory(*hosts)))
        command = ["-c", "from virtscan.__main__ import main; main()", "report", str(tmp_path / f"{number}.json")]
        output = ["-o", str(tmp_path / f"{number}.txt"), "--redact", str(tmp_path / "map.json")]
        runs.append(subprocess.Popen([sys.executable, *command, *output], cwd=PROJECT))
    codes = [run.wait(timeout=LONG) for run in runs]

    names = load_map((tmp_path / "map.json").read_bytes(), origin="map").names
    assert codes == [3] * 6
    kinds = itertools.product(("host", "guest"), range(6), range(20))
    assert {f"{kind}-{number}-{one}" for kind, number, one in kinds} <= set(names)
    assert len(set(names.values())) == len(names)
    assert (tmp_path / "map.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".map.json.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "condition", ["domain=web01,alice", "hypervisor=KVM7.example.com", "mac!=52:54:00:00:00:01", "domain!=alice"]
)
def test_a_condition_on_a_name_is_one_on_its_pseudonym(
    condition: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", saved, "--redact", str(tmp_path / "map.json"), "--where", condition])
    printed = capfd.readouterr()

    assert "1 of 1 row matches " in printed.out
    assert left(printed.out + printed.err) == []
    run(["report", saved, "--redact", str(tmp_path / "map.json"), "--where", condition, "--format", "json"])
    printed = capfd.readouterr()
    (where,) = json.loads(printed.out)["where"]
    assert where.startswith(condition[:5])
    assert left(printed.out + printed.err) == []


@pytest.mark.parametrize("condition", ["domain=web*", "hypervisor~kvm7", "server!~sat", "MAC!=52:54:*", "id~a"])
def test_a_pattern_on_a_name_is_refused_because_no_pseudonym_matches_it(
    condition: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", saved, "--redact", str(tmp_path / "map.json"), "--where", condition]) == 2
    assert f"--where {condition}: a pattern matches no pseudonym; write whole names" in capfd.readouterr().err


@pytest.mark.parametrize("condition", ["verdict=at-*", "source_device~^bond", "index<1", "segment="])
def test_a_pattern_on_what_stays_matches_with_pseudonyms_too(
    condition: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["report", saved, "--redact", str(tmp_path / "map.json"), "--where", condition])

    assert f"1 of 1 row matches {condition}" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("view", "condition"),
    [
        ("risks", "verdict=at-risk"),
        ("risks", "verdict~risk"),
        ("hypervisors", f"kernel={UNFIXED_KERNEL}"),
        ("interfaces", "model=virtio"),
        ("interfaces", "model=virt*"),
        ("domains", "vcpus=4"),
    ],
)
def test_a_condition_on_what_is_no_name_stays_although_a_vm_is_named_like_its_value(
    view: str, condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = "risk", "virtio", "4", UNFIXED_KERNEL.partition("-")[0]
    guests = [domain(name, macvtap(), vcpus=4) for name in names]
    (tmp_path / "fleet.json").write_bytes(dumps(inventory(hypervisor("kvm7", *guests, kernel=UNFIXED_KERNEL))))
    arguments = ["report", str(tmp_path / "fleet.json"), "--view", view, "--where", condition]

    run(arguments)
    counted, _, _ = capfd.readouterr().out.partition(condition)
    code = run([*arguments, "--redact", str(tmp_path / "m")])

    shown, found, _ = (printed := capfd.readouterr()).out.partition(condition)
    assert found, (code, printed)
    assert shown.split()[-4:] == counted.split()[-4:]


def test_names_that_look_like_pseudonyms_are_replaced_in_a_comparison(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A hypervisor named host1, whose pseudonym may be host1 too."""
    files = tmp_path / "old.json", tmp_path / "new.json"
    for file, name in zip(files, ("web01", "shop02"), strict=True):
        uuid = f"0439a4a8-db56-4933-9183-0000{name.encode().hex()[:8]}"
        host = hypervisor("host1", domain(name, macvtap(), uuid=uuid), kernel=UNFIXED_KERNEL)
        file.write_bytes(dumps(inventory(host, servers=(server("host2"),))))
    options = ["--redact", str(tmp_path / "m"), "--format", "json"]
    run(["report", str(files[0]), *options])

    run(["diff", *map(str, files), *options])

    shown = capfd.readouterr().out
    assert "vm2" in shown
    assert [name for name in ("web01", "shop02") if name in shown] == []


@pytest.mark.parametrize("command", ["diff", "history diff", "scan --since"])
def test_a_name_that_only_the_newer_side_knows_is_replaced_in_the_older_one_too(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before, an interface is on a device with the name of a VM that is created later."""
    folder = tmp_path / "kvm7"
    folder.mkdir()
    config = tmp_path / "virtscan.toml"
    config.write_text(f'[[hypervisor]]\nname = "kvm7"\nxml = "{folder}"\nkernel = "{UNFIXED_KERNEL}"\n')
    url, old, new = f"sqlite:///{tmp_path}/history", str(tmp_path / "old"), str(tmp_path / "new")
    scan = ["scan", "-q", "--config", str(config), "-o", os.devnull, "--history", url, "--save"]
    (folder / "shop02.xml").write_text(guest("shop02", "br-web01"))
    run([*scan, old])
    if command != "scan --since":  # its page has the whole fleet
        (folder / "shop02.xml").write_text(guest("shop02", "bond2"))
    (folder / "web01.xml").write_text(guest("web01", "bond3"))
    run([*scan, new])
    compare = {
        "diff": ["diff", old, new],
        "history diff": ["history", "diff", "--history", url],
        "scan --since": ["scan", "--config", str(config), "--since", old],
    }[command]
    capfd.readouterr()

    for name, reporter in REPORTERS.items():
        if reporter.content is Content.METRICS:
            continue
        shown = tmp_path / f"shown-{name}"
        run([*compare, "--redact", str(tmp_path / f"map-{name}"), "--format", name, "-o", str(shown)])
        text = text_of(shown.read_bytes()).casefold()
        assert "br-vm" in text or (command == "scan --since" and reporter.content is Content.VIEW), name
        assert left(text + capfd.readouterr().err) == [], name


def guest(name: str, device: str) -> str:
    """A definition of a VM with a macvtap on a device."""
    uuid = f"0439a4a8-db56-4933-9183-0000{name.encode().hex()[:8]}"
    interface = f"<interface type='direct'><mac address='52:54:00:aa:00:{len(name):02x}'/><source dev='{device}'/>"
    return (
        f"<domain type='kvm'><name>{name}</name><uuid>{uuid}</uuid><devices>"
        f"{interface}<model type='virtio'/></interface></devices></domain>"
    )


def test_pseudonyms_of_the_same_map_are_not_replaced_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    host = hypervisor("kvm7", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    redacted, known = redact(inventory(host), Map(key="secret"))
    (tmp_path / "map.json").write_bytes(dump_map(known))
    (tmp_path / "fleet.json").write_bytes(dumps(redacted))

    command = ["report", str(tmp_path / "fleet.json"), "--format", "csv"]
    run(command)
    run([*command, "--redact", str(tmp_path / "map.json")])

    lines = capfd.readouterr().out.splitlines()
    assert lines[:2] == lines[2:]


@pytest.mark.parametrize("scope", ["host1", "zone1", "vm1", None])
def test_a_real_scope_that_is_named_like_a_pseudonym_has_its_counts_redacted(scope: str | None, tmp_path: Path) -> None:
    known = Map(key="secret", names={"kvm7": "host1", "example": "zone1", "web01": "vm1", "scope:nightly": "scope1"})
    (tmp_path / "map.json").write_bytes(dump_map(known))
    real, own = (
        ScanCounts(
            scan=ScanRecord(
                number=1, taken_at=TAKEN_AT, version="1", status=HostStatus.COMPLETE, scope=name
            ),
            capacity=(CapacityCount(site="kvm7", hypervisors=1),),
        )
        for name in (scope, "scope1")
    )  # fmt: skip

    shown = redaction(tmp_path / "map.json").of_counts([real, own])

    assert [counts.capacity[0].site for counts in shown] == ["host1", "kvm7"]
    assert shown[1] == own


@pytest.mark.parametrize("places", [(0, 1), (1, 0)])
def test_the_counts_of_a_site_with_a_server_in_its_name_show_the_pseudonym(
    places: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "map.json").write_bytes(dump_map(Map(key="secret")))
    findings = [
        FindingCount(
            site=site, server=server, verdict=Verdict.AT_RISK, exposure=Exposure.LATENT, waived=False, findings=1
        )
        for site, server in (("lan-satellite", "mirror"), ("mirror", "satellite"))
    ]
    scans = [
        ScanCounts(
            scan=ScanRecord(number=number, taken_at=TAKEN_AT, version="1", status=HostStatus.COMPLETE),
            capacity=(CapacityCount(site=findings[place].site, hypervisors=1),),
            findings=(findings[place],),
        )
        for number, place in enumerate(places, 1)
    ]

    shown = redaction(tmp_path / "map.json").of_counts(scans)

    told = {count.server: count.site for counts in shown for count in counts.findings}
    pseudonym = (
        {"satellite": "host1", "mirror": "host2"} if places == (1, 0) else {"satellite": "host2", "mirror": "host1"}
    )
    assert told == {
        pseudonym["mirror"]: f"lan-{pseudonym['satellite']}",
        pseudonym["satellite"]: pseudonym["mirror"],
    }


@pytest.mark.parametrize("options", [[], ["--redact", "other"]])
def test_news_since_a_scan_with_other_pseudonyms_are_refused(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    scan = ["scan", "-c", "test:///default", "--server", "a=off"]
    assert run([*scan, "--redact", "map", "--save", "redacted.json"]) == 0

    assert run([*scan, *options, "--since", "redacted.json"]) == 2
    assert "redacted.json: redacted with a map that this scan does not use; add --redact" in capfd.readouterr().err
    assert run([*scan, "--redact", "map", "--since", "redacted.json"]) == 0


def test_a_scan_whose_map_can_not_be_written_is_not_lost(tmp_path: Path) -> None:
    """The map is in a filesystem of two pages, which is full."""
    disk, state = tmp_path / "disk", tmp_path / "state"
    disk.mkdir()
    scan = ["scan", "-c", "test:///default", "--redact", f"{disk}/map"]
    full = f"mount -t tmpfs -o size=8k tmpfs {disk} && cat - >{disk}/map && cat /dev/zero >{disk}/fill 2>/dev/null"
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{full}; exec "$@"', "sh",
         sys.executable, "-m", "virtscan", *scan],
        input=dump_map(Map(key="secret")), env=os.environ | {"XDG_STATE_HOME": str(state)},
        capture_output=True, check=False, timeout=LONG,
    )  # fmt: skip

    assert done.returncode == 74, done.stderr
    (copy,) = (state / "virtscan").iterdir()
    assert f"map: can't be written: No space left on device; the scan is in {copy}" in done.stderr.decode()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert len(loads(copy.read_bytes(), origin="copy").hypervisors) == 1


def test_a_condition_on_a_device_that_is_named_like_a_vm_shows_its_pseudonym(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    host = hypervisor("kvm7", domain("web01", macvtap("web01")), kernel=UNFIXED_KERNEL)
    (tmp_path / "fleet.json").write_bytes(dumps(inventory(host)))

    run(["report", str(tmp_path / "fleet.json"), "--redact", str(tmp_path / "m"), "--where", "source_device=web01"])

    assert "1 of 1 row matches source_device=vm1" in (shown := capfd.readouterr().out)
    assert "web01" not in shown


def saved_with_device(name: str, folder: Path) -> str:
    """Save a fleet with one VM, on a device of this name; return the file."""
    host = hypervisor("kvm7", domain("db01", macvtap(name)), kernel=UNFIXED_KERNEL)
    (folder / "fleet.json").write_bytes(dumps(inventory(host)))
    return str(folder / "fleet.json")


@pytest.mark.parametrize("name", ["br-db01", "t_525400aabbcc", "net-10-77-1-0", "DB01"])
def test_a_condition_on_a_device_that_has_a_name_in_it_matches_its_pseudonym(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device(name, tmp_path)
    (tmp_path / "m").write_bytes(dump_map(Map(key="secret")))

    run(["report", fleet, "--redact", str(tmp_path / "m"), "--where", f"source_device={name}"])

    assert "1 of 1 row matches source_device=" in (shown := capfd.readouterr().out)
    assert name not in shown


@pytest.mark.parametrize(
    "condition",
    [
        "source_device=db01*",
        "source_device~db01",
        "source_device!=db0?",
        "source_device=bond*,DB*",
        "source_device!~b01",
        "source_device~br-db0",
        "source_device~[[]*db01",
    ],
)
def test_a_pattern_on_what_stays_shows_no_name_of_a_machine(
    condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device("db01", tmp_path)
    arguments = ["report", fleet, "--redact", str(tmp_path / "m"), "--format", "json"]

    run([*arguments, "--where", condition])

    report = json.loads((printed := capfd.readouterr()).out)
    (shown,) = report["where"]
    assert shown.startswith("source_device")
    assert "(withheld)" in shown
    assert len(report["findings"]) == ("!" in condition)
    assert not [part for part in ("db0", "DB", "b01") if part in printed.out + printed.err]


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("net-10-77-1-0", "source_device=net-10-77*"),
        ("net-10-77-1-0", "source_device~10.77"),
        ("tap525400aabbcc", "source_device~525400aabb"),
        ("t-52-54-00-aa-bb-cc", "source_device=*-aa-bb-cc"),
        ("t_525400aabbcc", "source_device!~525400|zq"),
    ],
)
def test_a_pattern_that_matches_an_address_or_a_mac_in_a_name_is_withheld(
    name: str, condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device(name, tmp_path)
    (tmp_path / "m").write_bytes(dump_map(Map(key="secret")))
    arguments = ["report", fleet, "--redact", str(tmp_path / "m"), "--format", "json"]

    run([*arguments, "--where", condition])
    told = json.loads(capfd.readouterr().out)["where"][0].removeprefix("source_device")
    run([*arguments, "--where", f"source_device={name[:1]}*"])
    kept = json.loads(capfd.readouterr().out)

    assert told.lstrip("=!~") == "(withheld)"
    assert kept["where"] == [f"source_device={name[:1]}*"]
    assert len(kept["findings"]) == 1


@pytest.mark.parametrize(
    "condition",
    [
        "source_device=br-10-99*",
        "source_device!=*10.99.1*",
        r"source_device~10\.99",
        r"source_device!~10\D99",
        "source_device=*99[a]abb*",
        r"source_device!~10\.99\.1\.7",
        r"source_device!~x|^(?!acme99).{20}",
        "source_device~2001.db8.99",
        "source_device!~99:aa:bb",
        "source_device=*99aabb*",
        "macvtap_by_device=br-10-99*=1",
        "macvtap_by_device~(10-99=|10-98)",
    ],
)
def test_a_pattern_of_an_address_that_is_not_known_is_withheld(
    condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device("br-20-30", tmp_path)
    view = "capacity" if "macvtap" in condition else "risks"
    arguments = ["report", fleet, "--view", view, "--redact", str(tmp_path / "m")]

    run([*arguments, "--format", "json", "--where", condition])
    shown = json.loads(capfd.readouterr().out)
    assert "99" not in json.dumps(shown["where"])
    assert len(shown.get("findings", shown.get("rows"))) == ("!" in condition)


@pytest.mark.parametrize(
    "condition",
    [
        r"source_device~br|10\.99\.1\.7",
        "source_device~^(?!acme99)",
        "source_device~99|0",
        "source_device=br-*=acme99",
        "source_device~br-20=acme99",
    ],
)
def test_a_pattern_with_a_word_that_no_shown_name_has_is_withheld(
    condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device("br-20-30", tmp_path)

    run(["report", fleet, "--redact", str(tmp_path / "m"), "--where", condition])

    shown = capfd.readouterr().out
    assert "0 of 1 row" in shown
    assert "99" not in shown


@pytest.mark.parametrize("condition", ["source_device=br-20-3*", "source_device~20.30", "source_device!=br-20-4*"])
def test_a_pattern_of_numbers_that_matches_a_shown_name_stays(
    condition: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device("br-20-30", tmp_path)

    run(["report", fleet, "--redact", str(tmp_path / "m"), "--where", condition])

    shown = capfd.readouterr().out
    assert f"1 of 1 row matches {condition.replace('br-20-4*', '(withheld)')}" in shown


@pytest.mark.parametrize("name", ["db01", "br-db01"])
def test_a_condition_on_a_device_with_its_count_matches_its_pseudonym(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fleet = saved_with_device(name, tmp_path)
    arguments = ["report", fleet, "--view", "capacity", "--redact", str(tmp_path / "m")]

    run([*arguments, "--where", f"macvtap_by_device={name}=1"])

    assert f"1 of 1 row matches macvtap_by_device={name.replace('db01', 'vm1')}=1" in (shown := capfd.readouterr().out)
    assert "db01" not in shown


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_column_whose_values_change_takes_no_pattern(view: Callable[[Report], Document], saved: str) -> None:
    real = loads(Path(saved).read_bytes(), origin=saved)
    shown, _ = redact(real, Map(key="00"))
    before, after = view(judge(real)).sections[0], view(judge(shown)).sections[0]

    for place, column in enumerate(before.columns):
        if sorted(repr(row[place]) for row in before.rows) != sorted(repr(row[place]) for row in after.rows):
            with pytest.raises(ConfigError, match="a pattern matches no pseudonym"):
                refuse_pattern(f"{column.key}=web*", before)


@pytest.mark.parametrize("format_name", ["text", "json", "table", "markdown", "html"])
@pytest.mark.parametrize("form", FORMS)
def test_a_redacted_remedy_has_no_names(
    form: str, format_name: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["remedy", saved, "--as", form, "--format", format_name]
    plain = run(arguments)
    names = {"kvm7", "example", "alice", "web01", "satellite"}
    if format_name in {"text", "json"}:
        names |= {CLIENT_MAC}
    assert names <= set(left(capfd.readouterr().out))

    assert run([*arguments, "--redact", str(tmp_path / "map.json")]) == plain
    printed = capfd.readouterr()
    assert left(printed.out + printed.err) == []
    assert "eth0" in printed.out
    assert (tmp_path / "map.json").stat().st_mode & 0o777 == 0o600


def boot(*shots: Shot) -> bytes:
    return pcap([(shot.time, ethernet(shot)) for shot in (*lease(), *shots)])


TELLING = "/srv/tftp/pxelinux.cfg/01-52-54-00-93-76-af"


@pytest.mark.parametrize("format_name", REPORTERS)
def test_a_redacted_capture_has_no_names(
    format_name: str, saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alice.pcap"
    path.write_bytes(
        boot(
            said(1.0, read_request(TELLING)), answered(1.1, options(), kind=Checksum.PARTIAL), answered(2.1, options())
        )[:-1]
    )
    shown = tmp_path / "shown"
    arguments = ["trace", str(path), "--inventory", saved, "--format", format_name, "-o", str(shown)]
    code = run(arguments)
    printed = capfd.readouterr().err
    assert code == 3, printed
    before = text_of(shown.read_bytes()) + printed
    if REPORTERS[format_name].content is not Content.METRICS:
        assert {"alice", "web01", CLIENT_MAC, "10.77.0."} <= set(left(before))
        assert "01-52-54" in before

    code = run([*arguments, "--redact", str(tmp_path / "map.json")])
    printed = capfd.readouterr().err
    assert code == 3, printed
    after = text_of(shown.read_bytes()) + printed
    assert left(after) == []
    assert "52-54" not in after
    assert str(tmp_path) not in after


def test_boots_and_findings_still_belong_together(
    saved: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "boot.pcap"
    path.write_bytes(
        boot(said(1.0, read_request()), *(answered(1.1 + n, options(), kind=Checksum.PARTIAL) for n in range(3)))
    )
    private = tmp_path / "map.json"
    arguments = ["trace", str(path), "--inventory", saved, "--format", "json", "--redact", str(private)]

    run(arguments)
    (row,) = json.loads(capfd.readouterr().out)["rows"]
    known = load_map(private.read_bytes(), origin="map")
    run(["report", saved, "--format", "json", "--redact", str(private)])
    (finding,) = json.loads(capfd.readouterr().out)["findings"]

    assert row["agreement"] == "confirmed"
    assert (row["mac"], row["domain"]) == (finding["mac"], finding["domain"]) == (known.names[CLIENT_MAC], "vm1")
    assert row["file"] == "pxelinux.0"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("pxelinux.0", "pxelinux.0"),
        ("GRUBX64.EFI", "GRUBX64.EFI"),
        ("web01/pxelinux.0", "file1/pxelinux.0"),
        (TELLING, "file1"),
        ("web01.ipxe", "file1"),
        ("", "file1"),
    ],
)
def test_only_a_common_name_of_a_file_is_kept(asked: str, shown: str, tmp_path: Path) -> None:
    path = tmp_path / "boot.pcap"
    path.write_bytes(
        boot(said(1.0, read_request(asked)), answered(1.1, data(1, 5)), said(1.2, acknowledged(1), to=40000))
    )

    redacted, grown = redact_trace(read(path), Map(key="secret"))

    assert redacted.boots[0].file == shown
    assert f"file:{asked}" in grown.names or shown == asked


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"File not found", "1 File not found"),
        (b"", "1 file not found"),
        (b"no /srv/web01", "1 ***"),
    ],
)
def test_only_the_standard_text_of_an_error_is_kept(sent: bytes, shown: str, tmp_path: Path) -> None:
    path = tmp_path / "boot.pcap"
    error = b"\0\x05\0\x01" + sent + b"\0"
    path.write_bytes(boot(said(1.0, read_request()), answered(1.1, error)))

    redacted, _ = redact_trace(read(path), Map(key="secret"))

    assert str(redacted.boots[0].error) == shown


def test_the_captures_of_real_boots_keep_their_outcome(captures: Path) -> None:
    for path in sorted(captures.glob("*.pcap")):
        original = read(path)
        redacted, grown = redact_trace(original, Map(key="secret"))
        assert [boot.outcome for boot in redacted.boots] == [boot.outcome for boot in original.boots]
        told = str(redacted)
        for one in original.boots:
            assert not [name for name in (one.mac, one.address, one.server, one.server_mac) if name and name in told]
        assert redact_trace(original, grown) == (redacted, grown)
