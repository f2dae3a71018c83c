"""The table of sources: complete, and without a way to show what `--redact` has to hide."""

import re
from enum import Enum
from itertools import chain

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import hypervisor, inventory, server
from tests.readme import README
from virtscan.config import Options
from virtscan.config.file.sections import HypervisorSection
from virtscan.config.source import parse_source
from virtscan.connectors import naming
from virtscan.model import ServerTarget, SourceKind, State, Target, TargetKind
from virtscan.model.sources import SCAN_AGAIN, SOURCES, TARGETS, AddressKind, Source, is_declared, renewal, shown
from virtscan.offload import READERS
from virtscan.redaction import Map, redact

ROWS: dict[Enum, Source] = dict([*SOURCES.items(), *TARGETS.items()])
SECRETS = ("karl", "acme")
IDENTIFYING = {
    AddressKind.PATH: "/srv/acme/karl.d/facts",
    AddressKind.DESTINATION: "karl@acme.example.com:2222",
    AddressKind.URI: "qemu+ssh://karl@acme.example.com/system",
    AddressKind.NONE: "",
    AddressKind.WORD: "on",
}


def source_text(kind: Enum, address: str) -> str:
    """Return the source as an inventory shows it."""
    match kind:
        case SourceKind.DECLARED:
            return shown(ServerTarget(name="sat", kind=kind, declared=State(address)))
        case SourceKind():
            return shown(ServerTarget(name="sat", kind=kind, address=address))
        case TargetKind():
            return naming.shown(Target(kind=kind, address=address))
    raise AssertionError(kind)


def redacted(source: str) -> tuple[str, str]:
    """Return the source as a hypervisor's URI and as a server's source, both under pseudonyms."""
    seen = inventory(hypervisor("hv1", uri=source), servers=(server("sat", source=source),))
    hidden, _ = redact(seen, Map(key="k"))
    return hidden.hypervisors[0].uri, hidden.servers[0].source


def test_every_kind_has_its_row() -> None:
    assert set(SOURCES) == set(SourceKind)
    assert set(TARGETS) == set(TargetKind)
    assert set(IDENTIFYING) == set(AddressKind)


@pytest.mark.parametrize("row", ROWS.values(), ids=map(str, ROWS))
def test_every_row_has_its_form_help_and_renewal(row: Source) -> None:
    assert row.form.startswith(row.scheme)
    assert row.help.strip()
    assert row.renewal.strip()
    assert bool(row.scheme) == (row.address not in {AddressKind.URI, AddressKind.WORD})


@pytest.mark.parametrize("kind", ROWS, ids=map(str, ROWS))
def test_no_source_shows_a_path_host_or_user_under_redact(kind: Enum) -> None:
    source = source_text(kind, IDENTIFYING[ROWS[kind].address])

    for text in redacted(source):
        assert not re.search("|".join(SECRETS), text)
        assert text.startswith(ROWS[kind].scheme)


@pytest.mark.parametrize("kind", [kind for kind, row in ROWS.items() if row.address is AddressKind.PATH], ids=str)
@given(path=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=3))
@pytest.mark.long
def test_any_path_of_a_source_is_replaced_as_a_whole(kind: Enum, path: str) -> None:
    source = source_text(kind, path)

    for text in redacted(source):
        assert re.fullmatch(rf"{ROWS[kind].scheme}:path\d+", text), text


def test_a_source_of_a_later_version_shows_no_path_either() -> None:
    assert "karl" not in "".join(redacted("tarball:/srv/karl/x"))


@pytest.mark.parametrize("kind", SOURCES, ids=str)
def test_every_source_of_a_server_is_parsed_shown_and_read(kind: SourceKind) -> None:
    text = source_text(kind, IDENTIFYING[SOURCES[kind].address])

    assert parse_source(text)[0] is kind
    assert kind in READERS
    assert is_declared(text) == (kind is SourceKind.DECLARED)


def test_every_kind_of_files_is_an_option_and_a_key_of_the_configuration() -> None:
    schemes = {row.scheme for row in TARGETS.values() if row.address is AddressKind.PATH}

    assert schemes <= set(HypervisorSection.__struct_fields__)
    assert schemes <= set(Options.__struct_fields__)


def test_the_readme_lists_every_source() -> None:
    table = re.search(r"\| SOURCE \| reads \|\n.*\n((?:  \|.*\n)+)", README.read_text(encoding="utf-8"))

    assert table is not None
    cells = [line.split("|")[1].strip().replace("`", "") for line in table[1].splitlines()]
    assert cells == [row.form for row in SOURCES.values()]


def test_facts_are_renewed_by_the_first_source_that_a_scan_does_not_read_itself() -> None:
    assert renewal("libvirt", "ansible") == SOURCES[SourceKind.ANSIBLE].renewal
    assert renewal("sosreport: ip_-d_link") == SOURCES[SourceKind.SOSREPORT].renewal
    assert renewal("qemu+ssh://hv1/system", "cobbler http://c") == SCAN_AGAIN
    assert renewal() == SCAN_AGAIN


def test_rows_of_one_scheme_are_renewed_alike() -> None:
    by_scheme: dict[str, set[str]] = {}
    for row in chain(SOURCES.values(), TARGETS.values()):
        by_scheme.setdefault(row.scheme, set()).add(row.renewal)
    assert all(len(renewals) == 1 for scheme, renewals in by_scheme.items() if scheme)


def test_a_source_that_is_not_text_is_spelt_out() -> None:
    target = ServerTarget(name="sat", kind=SourceKind.FILE, address="/srv/\udcff")

    assert msgspec.json.encode(shown(target)) == b'"file:/srv/\\\\udcff"'
