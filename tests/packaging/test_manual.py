"""Man pages and generated documents: they are as the command tree and the schema have them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from virtscan.cli.main import COMMANDS
from virtscan.cli.schemas import schema_named

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"


@pytest.fixture(scope="module")
def manual() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual", PROJECT / "packaging" / "manual.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, PROJECT / "packaging" / "manual.py", "man", folder], check=True)
    return folder


def plain(page: Path) -> str:
    return page.read_text().replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")


def test_every_command_and_option_is_in_a_man_page(manual: ModuleType, pages: Path) -> None:
    every = list(manual.commands())
    assert set(COMMANDS) <= {one.command.name for one in every}
    for one in every:
        page = plain(pages / f"{one.words.replace(' ', '-')}.1")
        for parameter in one.command.get_params(one.context):
            for name in parameter.opts if parameter.param_type_name == "option" else ():
                assert name in page, (one.words, name)


def test_the_main_page_names_every_command(pages: Path) -> None:
    page = plain(pages / "virtscan.1")

    assert all(f"virtscan-{name} (1)" in page for name in COMMANDS)


def test_every_key_of_the_configuration_is_described_with_an_example(manual: ModuleType, pages: Path) -> None:
    page = plain(pages / "virtscan.toml.5")
    keys = [key for _, _, keys in manual.tables(schema_named("config")) for key in keys]

    assert len(keys) > 30
    assert [key for key, description, example in keys if not (description and example)] == []
    assert all(f".B {key}\n" in page for key, _, _ in keys)


def test_the_documents_are_as_generated(manual: ModuleType) -> None:
    assert (DOCS / "commands.md").read_text() == manual.commands_document()
    text = (DOCS / "configuration.md").read_text()
    assert manual.with_keys(text, schema_named("config")) == text


def test_every_link_of_the_documents_leads_somewhere() -> None:
    documents = [*PROJECT.glob("*.md"), *DOCS.glob("*.md")]
    broken = [
        f"{document.name}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text())
        if not link.startswith(("http://", "https://")) and not leads(document, link)
    ]

    assert len(documents) > 5
    assert broken == []


def leads(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target.read_text())


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return slugs | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
