import json
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap, server
from tests.conftest import PROJECT
from virtscan.cli.main import run
from virtscan.model import Device, DeviceName, GapAbout, Mac, Netboot, Policy, Subnet
from virtscan.storage import dumps, loads

FLEET = str(PROJECT / "fixtures" / "fleet" / "virtscan.toml")


def test_a_good_configuration_can_be_used(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", FLEET]) == 0
    configuration = tomllib.loads(Path(FLEET).read_text())
    hosts, servers, waivers = (len(configuration[key]) for key in ("hypervisor", "server", "waiver"))
    expected = f"valid; hypervisors: {hosts}, servers: {servers}, provisioning systems: 0, waivers: {waivers}"
    assert expected in capfd.readouterr().out


@pytest.mark.parametrize("command", ["check", "show"])
def test_the_file_may_be_given_as_in_other_commands(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", command, FLEET]) == 0
    expected = capfd.readouterr().out

    assert run(["config", command, "--config", FLEET]) == 0
    assert capfd.readouterr().out == expected
    assert run(["config", command, FLEET, "--config", FLEET]) == 2
    assert "FILE and --config are mutually exclusive; use only one" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_uri_that_a_scan_refuses_as_unsafe_is_refused_here_too(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "virtscan.toml"
    path.write_text('[[hypervisor]]\nuri = "qemu+ssh://hv1/system?netcat=/opt/nc"')

    assert run(["config", command, str(path)]) == 2
    assert "--allow-unsafe-uri" in capfd.readouterr().err
    assert run(["config", command, str(path), "--allow-unsafe-uri"]) == 0


def test_config_check_checks_the_file_that_a_scan_would_use(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIRTSCAN_CONFIG", FLEET)

    assert run(["config", "check"]) == 0
    assert FLEET in capfd.readouterr().out


def test_a_wrong_key_gets_the_nearest_right_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("[[servers]]\nname = 'a'")

    assert run(["config", "check", str(tmp_path / "virtscan.toml")]) == 2
    assert "servers: unknown key; did you mean 'server'?" in capfd.readouterr().err


def test_without_a_configuration_there_is_nothing_to_check(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 2
    assert "no configuration found; name FILE" in capfd.readouterr().err


def test_the_plan_of_a_configuration_is_shown_without_secrets(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text("""
        [scan]
        host_timeout = "90s"
        max_age = "7d"
        [[hypervisor]]
        uri = "esx://admin:sesame@esx1/?no_verify=1"
        site = "ams1"
        [[hypervisor]]
        xml = "hv9"
        [[server]]
        name = "satellite"
        offload = "on"
        physical = true
        [[waiver]]
        domain = "legacy-*"
        reason = "boots from ISO"
    """)
    (tmp_path / "virtscan.toml").chmod(0o600)

    assert run(["config", "show", str(tmp_path / "virtscan.toml")]) == 0
    shown = capfd.readouterr()
    assert "scan: lower device any, 90 seconds per host, 10 minutes in total, " in shown.out
    assert ", facts older than 1 week ignored\n" in shown.out
    assert "hypervisor esx1: esx://admin:***@esx1/?no_verify=1, site ams1" in shown.out
    assert "server satellite: on, serves every segment, physical yes" in shown.out
    assert "waiver: boots from ISO, domain legacy-*" in shown.out
    assert "sesame" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("hypervisor", "device", "lines"),
    [
        (
            "ams1-kvm01",
            "bond2",
            [
                "segment: pxe-a (segments of the hypervisor)",
                "server satellite: may answer: serves pxe-a",
                "server cobbler: does not answer: serves pxe-b",
            ],
        ),
        (
            "fra1-kvm03",
            "bond0",
            ["segment: none configured", "server cobbler: may answer: serves pxe-b; the device's segment is unknown"],
        ),
    ],
)
def test_a_devices_segment_and_servers_are_explained(
    hypervisor: str, device: str, lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", FLEET, "--hypervisor", hypervisor, "--device", device]) == 0

    shown = capfd.readouterr().out
    for line in lines:
        assert line in shown


def test_an_inventory_adds_the_addresses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("""
        [[hypervisor]]
        uri = "qemu+ssh://hv1/system"
        [[server]]
        name = "near"
        offload = "on"
        subnets = ["10.77.0.0/24"]
        [[server]]
        name = "far"
        offload = "on"
        subnets = ["10.78.0.0/24"]
    """)
    device = {"name": "bond2", "addresses": ["10.77.0.5/24"]}
    host = {"name": "hv1", "uri": "qemu+ssh://hv1/system", "status": "complete", "devices": [device]}
    inventory = {
        "schema": "virtscan.inventory/1",
        "version": "0.1.0",
        "taken_at": "2026-11-22T02:00:00Z",
        "hypervisors": [host],
    }
    (tmp_path / "scan.json").write_text(json.dumps(inventory))
    arguments = ["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "hv1", "--device", "bond2"]

    assert run(arguments) == 0
    assert "server far: may answer" in capfd.readouterr().out
    assert run([*arguments, "--inventory", str(tmp_path / "scan.json")]) == 0
    shown = capfd.readouterr().out
    assert "addresses: 10.77.0.5/24\n" in shown
    assert "server near: may answer: serves 10.77.0.0/24" in shown
    assert "server far: may answer: serves 10.78.0.0/24; only devices of other declared subnets" in shown


def test_the_plan_names_the_segment_of_each_device(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    segments = 'segments = { bond2 = "pxe-a", bond3 = "lab" }'
    (tmp_path / "virtscan.toml").write_text(f'[[hypervisor]]\nxml = "hv1"\n{segments}')

    assert run(["config", "show", str(tmp_path / "virtscan.toml")]) == 0
    assert ", bond2 in segment pxe-a, bond3 in segment lab\n" in capfd.readouterr().out


@pytest.mark.parametrize("called", ["hv1", "hv1.example.com", "FOLDER/hv1"])
def test_a_hypervisor_read_from_a_folder_is_found_by_its_names(
    called: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text('[[hypervisor]]\nxml = "hv1"\nsegments = { bond2 = "pxe-a" }')
    device = Device(name=DeviceName("bond2"), addresses=("10.77.0.5/24",))
    host = hypervisor("hv1.example.com", uri=f"xml:{tmp_path}/hv1", devices=(device,))
    (tmp_path / "scan.json").write_bytes(dumps(inventory(host)))
    arguments = ["config", "show", str(tmp_path / "virtscan.toml"), "--device", "bond2"]
    arguments += ["--hypervisor", called.replace("FOLDER", str(tmp_path))]

    assert run([*arguments, "--inventory", str(tmp_path / "scan.json")]) == 0
    shown = capfd.readouterr().out
    assert "bond2 of hv1.example.com" in shown
    assert "addresses: 10.77.0.5/24" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hypervisor", "hv1"], "must be given together"),
        (["--hypervisor", "nobody", "--device", "bond2"], "hypervisor 'nobody': not configured"),
        (["--hypervisor", "esx://a:s3cret@hv9", "--device", "bond2"], "hypervisor 'esx://a:***@hv9': not configured"),
    ],
)
def test_unknown_hypervisor_or_device_can_not_be_explained(
    arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", FLEET, *arguments]) == 2
    assert message in capfd.readouterr().err


def test_an_ambiguous_hypervisor_can_not_be_explained(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    uris = ("qemu+ssh://kvm01.a.example/system", "qemu+ssh://kvm01.b.example/system")
    (tmp_path / "virtscan.toml").write_text("".join(f"[[hypervisor]]\nuri = '{uri}'\n" for uri in uris))

    assert run(["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "kvm01", "--device", "eth0"]) == 2
    problem = "ambiguous name 'kvm01' (kvm01.a.example, kvm01.b.example); give more of the name"
    assert capfd.readouterr().err == f"virtscan: --hypervisor: {problem}\n"


def test_the_absence_of_servers_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "virtscan.toml").write_text("[[hypervisor]]\nuri = 'test:///default'")

    run(["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "default", "--device", "eth0"])
    assert "no server configured" in capfd.readouterr().out


def test_the_schema_is_json_schema(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "config"]) == 0
    schema = json.loads(capfd.readouterr().out)
    assert schema["$defs"]["ScanSection"]["additionalProperties"] is False


def test_provisioning_systems_and_gathered_facts_are_shown_with_the_place_of_a_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text("""
        [[hypervisor]]
        uri = "qemu+ssh://hv1/system"
        facts = "ansible:cache/hv1"
        [[provisioning]]
        type = "cobbler"
        url = "https://cobbler/cobbler_api"
        [[provisioning]]
        type = "foreman"
        name = "sat"
        url = "https://sat"
        user = "scan"
        token_file = "token"
        ca_file = "ca.pem"
        [[provisioning]]
        type = "foreman"
        url = "https://sat2"
        user = "scan"
        token_env = "TOKEN"
        [[provisioning]]
        type = "foreman"
        url = "https://sat3"
        user = "scan"
        token = "s3cret"
    """)
    (tmp_path / "virtscan.toml").chmod(0o600)

    assert run(["config", "show", str(tmp_path / "virtscan.toml")]) == 0
    shown = capfd.readouterr().out
    assert f"hypervisor hv1: qemu+ssh://hv1/system, facts ansible:{tmp_path}/cache/hv1\n" in shown
    assert "provisioning cobbler: https://cobbler/cobbler_api\n" in shown
    assert (
        f"provisioning foreman sat: https://sat, user scan, password or token from {tmp_path}/token, "
        f"certificates {tmp_path}/ca.pem\n"
    ) in shown
    assert "https://sat2, user scan, password or token from the environment variable TOKEN\n" in shown
    assert "https://sat3, user scan, password or token in this file\n" in shown
    assert "s3cret" not in shown


RECORDED = """
    [[hypervisor]]
    uri = "qemu+ssh://hv1/system"
    segments = { bond3 = "pxe-a" }
    [[server]]
    name = "near"
    offload = "ssh://root@near.example.com"
    segments = ["pxe-b"]
    [[server]]
    name = "far"
    offload = "on"
    [[provisioning]]
    type = "foreman"
    url = "https://sat"
"""


def recorded(tmp_path: Path, *subnets: Subnet, **device: object) -> list[str]:
    """The arguments that explain bond2 of hv1, on which web01 has a record and web02 none."""
    (tmp_path / "virtscan.toml").write_text(RECORDED)
    bond = Device(name=DeviceName("bond2"), **device)  # type: ignore[arg-type]  # fields of any type
    host = hypervisor(
        "hv1",
        domain("web01", macvtap()),
        domain("web02", macvtap(mac="52:54:00:00:00:02")),
        domain("far\x1b[31m", macvtap("bond3", mac="52:54:00:00:00:03")),
        domain("odd\x1b[31m", macvtap(mac="52:54:00:00:00:04")),
        devices=(bond,),
    )
    netboots = (
        Netboot(mac=Mac("52:54:00:93:76:af"), system="web01", pending=True, source="foreman sat", server="far"),
        Netboot(mac=Mac("52:54:00:00:00:03"), system="far", pending=False, source="foreman sat", server="far"),
        Netboot(mac=Mac("52:54:00:00:00:04"), system="odd", pending=False, source="foreman sat"),
    )
    (tmp_path / "scan.json").write_bytes(dumps(inventory(host, netboots=netboots, subnets=subnets)))
    show = ["config", "show", str(tmp_path / "virtscan.toml"), "--hypervisor", "hv1", "--device", "bond2"]
    return [*show, "--inventory", str(tmp_path / "scan.json")]


PXE = Subnet(name="pxe", network="10.77.0.0/24", source="foreman sat", vlan_id=100, servers=("near.example.com",))


@pytest.mark.parametrize("device", [{"addresses": ("10.77.0.5/24",)}, {"vlan_id": 100}])
def test_the_subnet_on_record_decides_which_servers_answer(
    device: dict[str, object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(recorded(tmp_path, PXE, **device)) == 0

    shown = capfd.readouterr().out
    assert "  subnet pxe (10.77.0.0/24) of foreman sat: answered by near.example.com\n" in shown
    assert "  server near: may answer: by the recorded subnet\n" in shown
    assert "  server far: may answer: no segments or subnets declared" in shown
    assert ("  VLAN: 100\n" in shown) == ("vlan_id" in device)


def test_a_subnet_may_name_a_server_by_an_address_that_the_scan_saw(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = recorded(tmp_path, replace(PXE, servers=("10.77.0.9",)), vlan_id=100)
    saved = tmp_path / "scan.json"
    scanned = loads(saved.read_bytes(), origin="scan")

    def answers(*addresses: str) -> bool:
        near = server("near", addresses=addresses, observed_at=TAKEN_AT)
        saved.write_bytes(dumps(replace(scanned, servers=(near,))))
        assert run(arguments) == 0
        return "  server near: may answer: by the recorded subnet" in capfd.readouterr().out

    assert answers("10.77.0.9/24")
    assert not answers("10.77.0.8/24")
    assert answers(), "an unknown address may be that one"


def test_outdated_records_settle_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    long_ago = TAKEN_AT - timedelta(days=30)
    arguments = recorded(tmp_path, replace(PXE, observed_at=long_ago), addresses=("10.77.0.5/24",))
    saved = tmp_path / "scan.json"
    scanned = loads(saved.read_bytes(), origin="scan")
    saved.write_bytes(dumps(replace(scanned, policy=Policy(max_age=86400))))

    assert run(arguments) == 0
    assert "  server far: may answer" in capfd.readouterr().out


def test_an_unrelated_subnet_decides_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stranger = Subnet(name="pxe", network="10.77.0.0/24", source="foreman sat", servers=("capsule.example.com",))

    assert run(recorded(tmp_path, stranger, addresses=("10.77.0.5/24",))) == 0

    shown = capfd.readouterr().out
    assert "answered by capsule.example.com; no effect: not a configured server" in shown
    assert "server near: may answer: serves pxe-b; the device's segment is unknown" in shown
    assert "server far: may answer: no segments or subnets declared" in shown


def test_records_of_macs_on_the_device_are_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(recorded(tmp_path)) == 0

    shown = capfd.readouterr().out
    assert (
        "  52:54:00:93:76:af of web01: on record at foreman sat: only far may answer, "
        "and it is about to boot from the network\n"
    ) in shown
    assert "52:54:00:00:00:04 of odd\\x1b[31m: on record at foreman sat: no configured server is on record\n" in shown
    assert "00:02" not in shown
    assert "00:03" not in shown


def test_without_a_scan_the_records_are_unknown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(recorded(tmp_path, PXE, vlan_id=100)[:-2]) == 0
    assert "provisioning systems: not read; add --inventory FILE for their records" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("gaps", "names", "code"),
    [
        ((), ("hv1.example.com", "hv2.example.com"), 0),
        (("hv2.example.com",), ("hv1.example.com", "hv2.example.com"), 0),
        (("hv1.example.com",), ("hv1.example.com", "hv2.example.com"), 3),
        ((), ("hv2.example.com",), 3),
    ],
)
def test_the_exit_code_shows_whether_an_unread_item_affects_a_device(
    gaps: tuple[str, ...], names: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    config, saved = tmp_path / "virtscan.toml", tmp_path / "scan.json"
    uris = {name: f"qemu+ssh://{name}/system" for name in ("hv1.example.com", "hv2.example.com")}
    config.write_text("".join(f'[[hypervisor]]\nuri = "{uri}"\n' for uri in uris.values()))
    found = (gap_in_words(name, "no list", GapAbout.NETWORK, hypervisor=name) for name in gaps)
    hosts = (hypervisor(name, uri=uris[name]) for name in names)
    saved.write_bytes(dumps(inventory(*hosts, gaps=tuple(found))))
    show = ["config", "show", str(config), "--hypervisor", "hv1", "--device", "bond2"]

    assert run([*show, "--inventory", str(saved)]) == code


def test_an_inventory_without_a_device_to_explain_is_wrong_usage(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "virtscan.toml").write_text("")

    assert run(["config", "show", str(tmp_path / "virtscan.toml"), "--inventory", "x.json"]) == 2
    assert "--inventory adds facts about one device; name it with --hypervisor and --device" in capfd.readouterr().err
