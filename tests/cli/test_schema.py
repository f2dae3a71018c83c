"""`virtscan schema`, held against what every command prints of the small fleet."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.test_trace import FAILS, capture
from tests.conftest import PROJECT
from tests.harness.schemas import validator
from virtscan.cli.main import run
from virtscan.cli.schemas import DIALECT, SCHEMAS
from virtscan.config import Options
from virtscan.config.scope import scope_of
from virtscan.model import Feature, Persistence, State
from virtscan.model.facts.persistence import SettingInWords
from virtscan.storage import dumps
from virtscan.views import GROUPINGS, VIEWS

CONFIG = PROJECT / "fixtures" / "fleet" / "virtscan.toml"

COMMANDS = {
    **{f"report --view {view}": ("report", "{fleet}", "--view", view) for view in VIEWS},
    **{f"report --by {by}": ("report", "{fleet}", "--view", "capacity", "--by", by) for by in GROUPINGS},
    "report --where": ("report", "{fleet}", "--where", "verdict=at-risk"),
    "servers": ("servers", "--config", str(CONFIG)),
    "explain": ("explain", "*", "{fleet}"),
    "remedy": ("remedy", "{fleet}"),
    "remedy of one device": ("remedy", "{small}"),
    "trace": ("trace", "{capture}"),
    "trace --inventory": ("trace", "{capture}", "--inventory", "{small}"),
    "doctor": ("doctor", "--config", str(CONFIG)),
    "a filtered capacity": ("report", "{fleet}", "--view", "capacity", "--where", "site=ams1"),
    **{
        f"report --view {view} of an old inventory": (
            "report",
            str(PROJECT / "fixtures/saved/fleet.json"),
            "--view",
            view,
        )
        for view in VIEWS
    },
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A saved inventory of the small fleet, one that the capture is about, and the capture."""
    folder = tmp_path_factory.mktemp("schema")
    fleet, small = folder / "fleet.json", folder / "small.json"
    assert run(["scan", "--config", str(CONFIG), "--save", str(fleet), "-o", str(folder / "table")]) in {1, 4}
    lasting = Persistence(tx_checksum=State.ON, setting=SettingInWords(text="ifcfg-eth0"))
    provider = server(features={"tx-checksumming": Feature(state=State.ON)}, persistence=lasting)
    one = inventory(hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL), servers=(provider,))
    small.write_bytes(dumps(one))
    return {"fleet": str(fleet), "small": str(small), "capture": capture(folder, *FAILS)}


def validate(document: Mapping[str, Any]) -> None:
    """Hold a document against the schema that it names, which must list each of its keys."""
    validator(document["schema"].removeprefix("virtscan.").partition("/")[0], is_closed=True).validate(document)


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_output_of_each_command_is_valid_under_its_schema(
    arguments: tuple[str, ...], files: Mapping[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "output.json"

    run([argument.format(**files) for argument in arguments] + ["--format", "json", "-o", str(output)])

    validate(json.loads(output.read_bytes()))


def test_a_saved_inventory_and_a_configuration_meet_theirs(files: Mapping[str, str]) -> None:
    validate(json.loads(Path(files["fleet"]).read_bytes()))
    validator("config").validate(tomllib.loads(CONFIG.read_text(encoding="utf-8")))


def test_a_saved_inventory_has_its_scope_and_the_keys_of_its_hosts(files: Mapping[str, str]) -> None:
    saved = json.loads(Path(files["fleet"]).read_bytes())

    assert saved["scope"] == scope_of(CONFIG, Options())
    assert [host["keys"][-1] for host in saved["hypervisors"]] == [
        f"uri:{host['uri']}" for host in saved["hypervisors"]
    ]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_printed_and_is_valid_itself(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 0

    schema = json.loads(capfd.readouterr().out)
    assert schema["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid([])


@pytest.mark.parametrize(
    "change",
    [
        {"findings": [{}]},
        {"gaps": [{"subject": "x"}]},
        {"summary": {}},
        {"schema": "virtscan.servers/1"},
        {"taken_at": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_document_that_is_wrong_is_refused(
    change: Mapping[str, Any], files: Mapping[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "output.json"
    run(["report", files["fleet"], "--format", "json", "-o", str(output)])
    document = json.loads(output.read_bytes())

    with pytest.raises(jsonschema.ValidationError):
        validator("report").validate(document | change)


def test_a_cell_holds_only_what_its_column_can_have(files: Mapping[str, str], tmp_path: Path) -> None:
    output = tmp_path / "output.json"
    run(["report", files["fleet"], "--format", "json", "-o", str(output)])
    document = json.loads(output.read_bytes())
    first = document["findings"][0]

    wrong: Mapping[str, Any]
    for wrong in ({"verdict": "odd"}, {"index": "0"}, {"because": "x"}, {"next_start": "no"}, {"reasons": [{}]}):
        broken = document | {"findings": [first | wrong]}
        assert not validator("report").is_valid(broken), wrong


def test_the_help_has_the_name_of_every_schema(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--help"]) == 0
    text = capfd.readouterr().out
    assert text.startswith("Usage: virtscan schema [OPTIONS] NAME\n")
    assert set(SCHEMAS) <= set(re.findall(r"\w+", text.partition("NAME is")[2].partition(".")[0]))


def test_an_unknown_schema_is_refused_with_those_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "riks"]) == 2
    assert "'report'" in capfd.readouterr().err
