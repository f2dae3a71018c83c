"""The starter configuration: it is valid, complete, and does what the options that it was made of do."""

import re
from pathlib import Path

import pytest

from virtscan.cli.main import run
from virtscan.config import DefaultUri, Options, make_plan, read_document
from virtscan.config.file.sections import ScanSection, WaiverSection
from virtscan.config.file.starter import starter
from virtscan.config.source import parse_server
from virtscan.model import Plan, ServerTarget, SourceKind

URIS = ("qemu+ssh://root@hv1/system", "qemu+ssh://root@hv2/system")
SERVER = "satellite:eth0=ssh://root@satellite"
DEFAULT = DefaultUri("qemu:///system", "the default")


def plan(text: str, options: Options) -> Plan:
    document = read_document(text, path=Path("virtscan.toml"), environment={"SATELLITE_PASSWORD": "x"}, private=True)
    return make_plan(document, options, folder=Path("/etc/virtscan"), default_uri=DEFAULT)[0]


def test_written_configuration_gives_the_plan_of_its_options() -> None:
    text = starter(URIS, [parse_server(SERVER)])

    assert plan(text, Options()) == plan("", Options(connect=URIS, servers=(SERVER,)))


@pytest.mark.parametrize("name", ["rack 😀", "é", 'a"b\\c', "it's", "$$", "${HOME}", "$HOME"])
def test_any_name_and_address_is_read_back(name: str) -> None:
    uri = f"test:///{name}"
    servers = [ServerTarget(name=name, kind=SourceKind.SOSREPORT, address=f"/{name}")]
    made = plan(starter([uri], servers), Options())

    assert [target.address for target in made.targets] == [uri]
    assert [(server.name, server.address) for server in made.servers] == [(name, f"/{name}")]


def test_starter_without_options_changes_nothing() -> None:
    assert plan(starter((), ()), Options()) == plan("", Options())


def test_every_key_has_a_valid_example() -> None:
    text = starter((), ())
    for kind in (ScanSection, WaiverSection):
        assert set(kind.__struct_fields__) <= set(re.findall(r"^# (\w+) = ", text, re.MULTILINE))
    tables = re.split(r"^(?=(?:# )?\[)", text, flags=re.MULTILINE)[1:]
    for table in tables:
        header, *keys = re.sub(r"^# (?=\[|\w+ = )", "", table, flags=re.MULTILINE).strip().splitlines()
        for key in (line for line in keys if " = " in line):
            required = {
                "[[hypervisor]]": 'uri = "test:///default"',
                "[[server]]": 'name = "a"\noffload = "on"',
                "[[provisioning]]": 'type = "foreman"\nurl = "https://a.example.com"',
                "[[waiver]]": 'reason = "a"',
            }.get(header, "")
            name = key.partition(" = ")[0]
            rest = "\n".join(line for line in required.splitlines() if not line.startswith(f"{name} = "))
            secrets = {"SATELLITE_PASSWORD": "x", "SATELLITE_TOKEN": "x"}
            read_document(f"{header}\n{key}\n{rest}", path=Path("x"), environment=secrets, private=True)


def test_the_command_writes_a_new_file_and_never_replaces_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "virtscan.toml"
    arguments = ["config", "init", "-c", URIS[0], "--server", SERVER, "-o", str(path)]

    assert run(arguments) == 0
    assert run(["config", "check", str(path)]) == 0
    assert "hypervisors: 1, servers: 1" in capfd.readouterr().out
    before = path.read_text()
    assert run(arguments) == 2
    assert path.read_text() == before
    assert "exists already" in capfd.readouterr().err
    assert run(arguments[:-2]) == 0
    assert capfd.readouterr().out == before


def test_the_next_commands_name_the_file_only_if_a_scan_does_not_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("VIRTSCAN_CONFIG", raising=False)
    found, other = tmp_path / "virtscan" / "virtscan.toml", tmp_path / "other file.toml"

    assert [run(["config", "init", "-o", str(path)]) for path in (found, other)] == [0, 0]
    assert capfd.readouterr().err.splitlines() == [
        f"{found}: written; next: virtscan config check; virtscan scan",
        f"{other}: written; next: virtscan config check '{other}'; virtscan scan --config '{other}'",
    ]


def test_the_command_writes_paths_that_are_the_same_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "etc" / "virtscan.toml"

    assert run(["config", "init", "-c", "test:hv1.xml", "--server", "a=file:eth0.txt", "-o", str(path)]) == 0
    made = plan(path.read_text(), Options())
    assert [target.address for target in made.targets] == [f"test://{tmp_path}/hv1.xml"]
    assert [server.address for server in made.servers] == [f"{tmp_path}/eth0.txt"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--server", "a=on", "--server", "a=off"], "--server: 'a' is used twice"),
        (["-c", ""], "--connect: empty URI"),
        (["-c", "qemu:///\udcff"], "--connect: not a libvirt URI"),
    ],
)
def test_the_command_writes_no_file_that_is_invalid(
    arguments: list[str], error: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "virtscan.toml"

    assert run(["config", "init", *arguments, "-o", str(path)]) == 2
    assert error in capfd.readouterr().err
    assert not path.exists()


def test_a_password_that_the_command_writes_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "virtscan.toml"

    assert run(["config", "init", "-c", "esx://admin:s3cret@esx1", "-o", str(path)]) == 0
    assert run(["config", "check", str(path)]) == 0
