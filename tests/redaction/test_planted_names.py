"""Two hundred names and more, one in each field that can hold one: none is in any output under `--redact`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect as info

from tests.redaction.planting import Planting, fleet
from tests.reporters.reading import text_of
from virtscan.cli.main import run
from virtscan.correlator.judging import judge
from virtscan.model import Inventory, Packed, SupposedServer, Verdict
from virtscan.model.history import ScanCounts
from virtscan.redaction import Map, redact
from virtscan.redaction.forms import Forms
from virtscan.redaction.policy import TABLE, TextKind
from virtscan.redaction.pseudonyms import Pseudonyms
from virtscan.remedy import FORMS
from virtscan.reporters import REPORTERS, Content
from virtscan.storage import dumps
from virtscan.trace.boots.boot import Trace
from virtscan.views import VIEWS

pytestmark = pytest.mark.long

PLANTING = Planting()
FLEET = fleet(PLANTING)
FRESH = Map(key="secret")
TEXT_FORMATS = [name for name, reporter in REPORTERS.items() if reporter.content is Content.VIEW]
NAMES = tuple(dict.fromkeys(name.casefold() for name in PLANTING.planted))


def left_in(*texts: str) -> list[str]:
    folded = "\n".join(texts).casefold()
    return [name for name in NAMES if name in folded]


def structs_in(kind: info.Type, found: dict[type, info.StructType]) -> dict[type, info.StructType]:
    """Every struct that a type can hold."""
    match kind:
        case info.StructType(cls=cls):
            origin = getattr(cls, "__origin__", cls)
            if origin not in found:
                found[origin] = kind
                for field in kind.fields:
                    structs_in(field.type, found)
        case info.UnionType(types=types):
            for member in types:
                structs_in(member, found)
        case info.VarTupleType(item_type=inner) | info.Metadata(type=inner) | info.DictType(value_type=inner):
            structs_in(inner, found)
    return found


def holds_text(kind: info.Type) -> bool:
    match kind:
        case info.StrType():
            return True
        case info.UnionType(types=types):
            return any(map(holds_text, types))
        case info.VarTupleType(item_type=inner) | info.Metadata(type=inner):
            return holds_text(inner)
        case info.DictType(key_type=key, value_type=value):
            return holds_text(key) or holds_text(value)
        case _:
            return False


def test_each_field_with_text_is_described_and_no_other() -> None:
    found = structs_in(info.type_info(Trace), structs_in(info.type_info(Inventory), {}))
    found = structs_in(info.type_info(ScanCounts), found)
    found[SupposedServer] = next(iter(structs_in(info.type_info(SupposedServer), {}).values()))

    assert {kind.__name__: set(fields) for kind, fields in TABLE.items()} == {
        kind.__name__: fields
        for kind, struct in found.items()
        if kind is not Packed  # redacted as what it holds
        if (fields := {field.name for field in struct.fields if holds_text(field.type)})
    }


def test_only_listed_fields_are_kept_unredacted() -> None:
    described = (
        (kind.__name__, field, text_kind) for kind, fields in TABLE.items() for field, text_kind in fields.items()
    )

    assert {f"{kind}.{field}" for kind, field, text_kind in described if text_kind is TextKind.KEPT} == {
        "Device.driver",
        "Disk.bus",
        "Disk.device",
        "Disk.format",
        "Disk.target",
        "Domain.boot_devices",
        "Domain.type",
        "EthtoolFailed.features",
        "FeaturesConflict.features",
        "FeaturesNotShown.features",
        "ForeignFrames.link_name",
        "Hypervisor.declared_kernel",
        "Hypervisor.kernel_build",
        "Interface.model",
        "Interface.type",
        "InternalError.error",
        "Inventory.redaction",
        "Inventory.version",
        "KernelContradicted.declared",
        "KernelContradicted.observed",
        "Network.forward_mode",
        "NoSuchDevice.key",
        "Observed.value",
        "Offload.features",
        "ProcessCrashed.signal",
        "Processor.model",
        "Resources.machine",
        "Resources.os",
        "ScanRecord.version",
        "Server.features",
        "SupposedServer.features",
        "SystemList.list",
    }


@pytest.mark.parametrize("text_kind", TextKind)
def test_each_kind_of_text_is_rewritten(text_kind: TextKind) -> None:
    shown = Forms(Pseudonyms(FRESH), FRESH).of("52:54:00:00:00:01", text_kind)

    assert (shown == "52:54:00:00:00:01") is (text_kind is TextKind.KEPT)


def test_a_field_without_a_description_is_withheld() -> None:
    from virtscan.redaction.walking import redacted

    class Forgotten(msgspec.Struct):
        names: tuple[str, ...]
        inner: Inventory | None = None

    assert redacted(Forgotten(names=("zqname",)), Forms(Pseudonyms(FRESH), FRESH)).names == ("[details withheld]",)


def test_hundreds_of_names_are_planted_and_shown_without_redaction() -> None:
    report = judge(FLEET)

    assert len(left_in(dumps(FLEET).decode())) > 400
    assert {finding.verdict for finding in report.findings} >= {Verdict.AT_RISK, Verdict.UNKNOWN}
    assert len(left_in(REPORTERS["json"].render(VIEWS["risks"](report)).decode())) > 200


def test_no_name_is_left_in_a_redacted_inventory() -> None:
    assert left_in(dumps(redact(FLEET, Map(key="secret"))[0]).decode()) == []


@pytest.fixture
def redacted(tmp_path: Path) -> tuple[str, ...]:
    """The file of the fleet, and the option that redacts it."""
    path = tmp_path / "fleet.json"
    path.write_bytes(dumps(FLEET))
    return str(path), "--redact", str(tmp_path / "map"), "-v"


def shown_by(command: list[str], folder: Path, formats: Iterable[str]) -> Iterator[str]:
    """The output of a command in each format."""
    for name in formats:
        file = folder / f"shown-{name}"
        run([*command, "--format", name, "-o", str(file)])
        yield text_of(file.read_bytes())


@pytest.mark.parametrize("view", VIEWS)
def test_no_name_is_left_in_a_view_in_any_format(
    view: str, redacted: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = list(shown_by(["report", *redacted, "--view", view, "--all"], tmp_path, TEXT_FORMATS))
    shown += shown_by(["report", *redacted], tmp_path, REPORTERS.keys() - set(TEXT_FORMATS))

    printed = capfd.readouterr()
    assert all(shown)
    assert left_in(*shown, printed.out, printed.err) == []


def test_no_name_is_left_in_what_explain_prints(
    redacted: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = list(shown_by(["explain", "*", *redacted], tmp_path, ["text", *TEXT_FORMATS]))

    printed = capfd.readouterr()
    assert all(shown)
    assert left_in(*shown, printed.out, printed.err) == []


@pytest.mark.parametrize("form", FORMS)
def test_no_name_is_left_in_a_remedy(
    form: str, redacted: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = list(shown_by(["remedy", *redacted, "--as", form], tmp_path, ["text", *TEXT_FORMATS]))

    printed = capfd.readouterr()
    assert all(shown)
    assert left_in(*shown, printed.out, printed.err) == []
