"""Keys by which hosts and domains are known again."""

from pathlib import Path
from typing import Any

import pytest

from tests.build import domain, hypervisor, inventory
from virtscan.config import Options
from virtscan.config.scope import scope_of
from virtscan.model import Domain, Plan, Target, TargetKind
from virtscan.redaction import Map, redact
from virtscan.scanning import collect
from virtscan.storage import dumps, loads

UUID = "4C4C4544-0042-3510-8056-B7C04F4D3132"
URI = "qemu+ssh://hv1/system"


@pytest.mark.parametrize(
    ("facts", "keys"),
    [
        ({"system_uuid": UUID}, (f"uuid:{UUID.lower()}", f"uri:{URI}")),
        (
            {"system_uuid": UUID, "own_name": "kvm", "is_name_declared": True},
            (f"uuid:{UUID.lower()}", "name:kvm", f"uri:{URI}"),
        ),
        ({"system_uuid": "03000200-0400-0500-0006-000700080009"}, (f"uri:{URI}",)),
        ({"system_uuid": "00000000-0000-0000-0000-000000000000", "own_name": "kvm"}, (f"uri:{URI}",)),
        ({"own_name": "kvm", "is_name_declared": True, "name": f"kvm ({URI})"}, ("name:kvm", f"uri:{URI}")),
        ({"local": True, "uri": "qemu:///system", "own_name": "ws1"}, ("uri:qemu:///system#ws1",)),
        ({"former_keys": ("name:old", f"uri:{URI}")}, (f"uri:{URI}", "name:old")),
    ],
)
def test_the_key_of_a_host_is_its_uuid_else_configured_name_else_uri(
    facts: dict[str, Any], keys: tuple[str, ...]
) -> None:
    assert hypervisor(**({"uri": URI} | facts)).keys == keys


def test_a_domain_with_a_uuid_is_known_by_it_on_every_host() -> None:
    web, db = domain("web", origin="/xml/web.xml", uuid=UUID), domain("db", origin="/xml/db.xml", uuid=UUID.lower())

    assert web.key == db.key
    assert web.key.on("hv1") == db.key.on("hv2")
    assert web.key != domain("web", origin="/xml/web.xml").key


@pytest.mark.parametrize(
    ("db", "on_its_host"),
    [
        (domain("web", origin="/xml/web.xml", vcpus=9), True),
        (domain("db", origin="/xml/web.xml"), False),
        (domain("web", origin="/xml/db.xml"), False),
    ],
    ids=["of another state", "of another name", "of another origin"],
)
def test_a_domain_without_a_uuid_is_known_by_origin_and_name_on_its_host(db: Domain, *, on_its_host: bool) -> None:
    web = domain("web", origin="/xml/web.xml")

    assert (web.key.on("hv1") == db.key.on("hv1")) is on_its_host
    assert web.key.on("hv1") != db.key.on("hv2")


def test_every_key_ever_seen_is_saved() -> None:
    saved = inventory(hypervisor(former_keys=("name:old",)), hypervisor("hv2"))

    assert loads(dumps(saved), origin="x") == saved
    assert b'"keys":["uri:qemu+ssh://hv1/system","name:old"]' in dumps(saved)


def test_a_namesake_renames_no_key(tmp_path: Path) -> None:
    folders = [tmp_path / site / "hv1" for site in ("ams", "fra")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "web.xml").write_text("<domain type='kvm'><name>web</name></domain>")
    first, second = (Target(kind=TargetKind.XML, address=str(folder), name="hv1") for folder in folders)

    (alone,) = collect(Plan(targets=(first,))).hypervisors
    beside, other = collect(Plan(targets=(first, second))).hypervisors

    assert alone.name == "hv1"
    assert beside.name != alone.name
    assert beside.keys == alone.keys == ("name:hv1", f"uri:xml:{folders[0]}")
    assert other.keys[-1] == f"uri:xml:{folders[1]}"


def test_keys_and_scope_name_nothing_under_redact() -> None:
    former = (f"uuid:{UUID.lower()}", "name:acme-kvm", "uri:qemu+ssh://karl@acme/system", "uri:qemu:///system#acme-ws")
    seen = inventory(
        hypervisor("acme (x)", own_name="acme", is_name_declared=True, uri="xml:/srv/acme", former_keys=former),
        scope="0123456789abcdef",
    )

    hidden, known = redact(seen, Map(key="k"))

    (host,) = hidden.hypervisors
    text = " ".join(host.keys)
    assert not any(secret in text for secret in ("acme", "karl", UUID.lower()))
    assert len(host.keys) == len(seen.hypervisors[0].keys)
    assert hidden.scope not in {None, seen.scope}
    assert redact(seen, known)[0] == hidden


def test_a_scope_is_the_path_of_a_configuration_whatever_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "virtscan.toml"

    assert scope_of(file, Options()) == scope_of(Path("virtscan.toml"), Options(ssh_facts=True))
    assert "virtscan" not in scope_of(file, Options())
    uris = [Options(connect=(f"qemu+ssh://{name}/system",)) for name in ("hv1", "hv2")]
    files = [Options(xml=(Path("hv1"),)), Options(sosreport=(Path("hv2"),))]
    scopes = [scope_of(file, options) for options in (Options(), *uris, *files)]
    assert len({*scopes, scope_of(None, Options())}) == 6


def test_a_password_in_a_uri_is_not_part_of_the_scope() -> None:
    with_it, without = (Options(connect=(f"qemu+ssh://root{word}@hv1/system",)) for word in (":hunter2", ":other"))

    assert scope_of(None, with_it) == scope_of(None, without)
