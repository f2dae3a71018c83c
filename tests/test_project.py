"""Rules for the project as a whole: imports, names, the README, and texts that no file may contain."""

import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.readme import DOCUMENTS, PROJECT, README, can_be_run, examples, printed
from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.main import COMMANDS, INTERRUPTED, READER_GONE, WRONG_USAGE, virtscan
from virtscan.cli.process.installation import INTERNAL_ERROR
from virtscan.offload import READERS
from virtscan.reporters import REPORTERS
from virtscan.views import VIEWS

HEAVY = {
    "distributed",
    "jinja2",
    "libvirt",
    "lxml",
    "prometheus_client",
    "psycopg",
    "requests",
    "sqlalchemy",
    "tabulate",
    "xlsxwriter",
}
SCRIPTS = Path(sys.executable).parent
EXAMPLES = [
    pytest.param(example, id=example.command)
    for document in DOCUMENTS
    for example in examples(document.read_text(encoding="utf-8"))
]


def files(*patterns: str) -> Iterator[Path]:
    """The project's own text files, but this one."""
    for pattern in patterns:
        yield from (
            path
            for path in PROJECT.glob(pattern)
            if path.is_file() and path.suffix != ".png" and "__pycache__" not in path.parts and path != Path(__file__)
        )


def matches(pattern: str, *globs: str) -> list[str]:
    """Places where the pattern stands, as FILE:LINE: TEXT."""
    return [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in files(*globs)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(pattern, line)
    ]


def loaded(*command: str) -> set[str]:
    """Modules that a run of Python imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    times = re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE)
    assert "virtscan" in times
    return set(times)


def imported(*command: str) -> set[str]:
    """Top-level modules that a run of Python imports."""
    return {name.partition(".")[0] for name in loaded(*command)}


@pytest.mark.parametrize(
    "command",
    [("-c", "import virtscan.cli"), (str(SCRIPTS / "virtscan"), "--help"), (str(SCRIPTS / "virtscan"), "--version")],
    ids=["import", "--help", "--version"],
)
def test_the_command_line_starts_without_modules_that_only_some_commands_need(command: tuple[str, ...]) -> None:
    assert imported(*command) & HEAVY == set()
    assert [
        name for name in loaded(*command) if re.match(r"virtscan\.(correlator|views|connectors|model)\b", name)
    ] == []


def test_a_scan_loads_no_library_of_an_extra() -> None:
    extras = HEAVY - {"libvirt", "lxml", "tabulate"}

    assert imported(str(SCRIPTS / "virtscan"), "scan", "-c", "test:///default") & extras == set()


def loaded_by(command: str, *options: str) -> set[str]:
    """Modules that a command loads for a small file; not those of the interpreter's start, as coverage's."""
    arguments = [command, "fixtures/rules/R2.json", *options]
    script = (
        "import sys\nstart = set(sys.modules)\nfrom virtscan.cli.main import run\n"
        f"run({arguments!r})\nprint(*set(sys.modules) - start, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    return set(done.stderr.split())


def test_a_report_of_a_small_file_loads_only_what_judging_and_its_own_view_and_format_need() -> None:
    modules = loaded_by("report")

    assert {"virtscan.views.tables.risks", "virtscan.reporters.table", "virtscan.storage.inventory_file"} <= modules
    slow = {"base64", "fcntl", "hashlib", "html", "json", "logging", "shutil", "subprocess", "tempfile", "traceback"}
    assert modules & (slow | HEAVY) == set()
    packages = {".".join(name.split(".")[:2]) for name in modules if name.startswith("virtscan.")} - {"virtscan.cli"}
    small = {"virtscan.durations", "virtscan.errors", "virtscan.files", "virtscan.nearest"}
    judging = {"virtscan.correlator", "virtscan.engines", "virtscan.model"}
    assert packages == small | judging | {"virtscan.reporters", "virtscan.storage", "virtscan.views"}
    others = r"cli\.process\.child_process|correlator\.assumptions|correlator\.staleness\.remembering|engines\.threads"
    others += r"|model\.(history|identity\.matching)|reporters\.terminal|storage\.(history|plan_file)"
    other_views = r"views\.(assuming|fleet|report\.metrics|sheets|rows\.filters|tables\.capacity)"
    assert [name for name in modules if re.match(rf"virtscan\.({others}|{other_views})\b", name)] == []
    assert "virtscan.views.tables.capacity" in loaded_by("report", "--view", "capacity")
    assert "virtscan.reporters.terminal.drawing" in loaded_by("report", "--all")


def test_a_check_of_a_file_loads_no_configuration() -> None:
    assert [name for name in loaded_by("check") if re.match(r"virtscan\.(config|scanning)\b", name)] == []


def test_a_library_that_is_loaded_would_be_seen() -> None:
    assert "lxml" in imported("-c", "import virtscan, lxml.etree")


def test_imports_run_one_way() -> None:
    done = subprocess.run(
        [str(SCRIPTS / "lint-imports"), "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (PROJECT / "virtscan").rglob("*.py")}

    assert len(lengths) > 200
    assert {str(path): length for path, length in lengths.items() if length > 300} == {}


def test_no_folder_has_more_modules_than_a_reader_can_take_in() -> None:
    folders = [folder for folder in (PROJECT / "virtscan").rglob("*") if (folder / "__init__.py").exists()]
    modules = {str(folder.relative_to(PROJECT)): len(list(folder.glob("*.py"))) - 1 for folder in folders}

    assert len(modules) > 40
    # One module a command; about nine elsewhere.
    assert {name: n for name, n in modules.items() if n > 10 and name != "virtscan/cli/commands"} == {}


def test_every_file_that_contributing_names_is_there() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:[a-z_0-9]+/)+[a-z_0-9.]+/?)`", text)
    assert len(paths) > 30
    missing = [path for path in paths if not any((root / path).exists() for root in (PROJECT, PROJECT / "virtscan"))]
    assert missing == []


def test_every_name_that_contributing_places_in_a_module_is_there() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text()
    placed = [*re.findall(r"`(\w+)` of `([a-z_0-9/]+\.py)`", text)]
    placed += [(name, path) for path, name in re.findall(r"`([a-z_0-9/]+\.py)`: `(\w+)`", text)]
    assert len(placed) > 10
    modules = {
        path: (PROJECT / ("" if path.startswith("tests/") else "virtscan") / path).read_text() for _, path in placed
    }
    assert [(name, path) for name, path in placed if not re.search(rf"\b{name}\b", modules[path])] == []


@pytest.mark.parametrize("example", [param for param in EXAMPLES if can_be_run(str(param.id))])
def test_an_example_prints_what_the_document_shows(example: tuple[str, str]) -> None:
    command, output = example

    assert printed(command) == output


def test_the_readme_names_every_command() -> None:
    (table,) = re.findall(r"^## Commands\n(.*?)^## ", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    assert set(COMMANDS) <= set(re.findall(r"\w+", table))


def test_the_readme_names_every_format() -> None:
    (section,) = re.findall(r"^## Formats\n(.*?)^## ", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    assert set(REPORTERS) <= set(re.findall(r"`(\w+)`", section))


def test_the_readme_explains_every_exit_code() -> None:
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)}

    assert {*ExitCode, WRONG_USAGE, INTERNAL_ERROR, INTERRUPTED, READER_GONE} <= explained


def test_every_command_line_of_the_documents_can_be_parsed() -> None:
    lines = [
        shlex.split(line, comments=True)
        for document in (README, *(PROJECT / "docs").glob("*.md"))
        for block in re.findall(r"^ *```sh\n(.*?)^ *```$", document.read_text(), re.MULTILINE | re.DOTALL)
        for part in block.replace("\\\n", " ").splitlines()
        for line in re.split(r"[;|] ", part)
        if line.strip().startswith("virtscan ")
    ]

    assert len(lines) > 25
    for words in lines:
        command: click.Command | None = virtscan
        context = click.Context(virtscan, **virtscan.context_settings)
        while isinstance(command, click.Group):
            words = words[1:]  # noqa: PLW2901 one level down
            command = command.get_command(context, words[0])
        assert command is not None, words
        command.make_context(words[0], words[1:], parent=context)


PYTHON = ("virtscan/**/*.py", "tests/**/*.py")
EVERYTHING = (
    *PYTHON,
    "*.md",
    "*.toml",
    "Makefile",
    "MANIFEST.in",
    "packaging/**/*",
    ".ci/*",
    "docs/*",
    "fixtures/**/*",
)


@pytest.mark.parametrize(
    ("pattern", "globs"),
    [
        pytest.param(r"#\s*type: ignore(?!\[[a-z, -]+\]\s+\S)", PYTHON, id="an ignored type error without a reason"),
        pytest.param(r"#\s*noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)*\s+\S)", PYTHON, id="an ignored lint without a reason"),
        pytest.param(
            r"mock\.patch|monkeypatch\.setattr\((?!(os|platform|sys)\b)",
            ["tests/**/*.py"],
            id="our own code replaced in a test",
        ),
        pytest.param(r"/work/|pypi\.|pythonhosted", EVERYTHING, id="a place that only one machine has"),
    ],
)
def test_forbidden_patterns_are_in_no_file(pattern: str, globs: tuple[str, ...]) -> None:
    assert matches(pattern, *globs) == []


def names_of(source: str) -> list[str]:
    """The name of each class and of each declared type alias; a private one may not repeat a public one either."""
    return [
        name.lstrip("_")
        for name in re.findall(r"^(?: *class (?=\w+[(:\[])|(?=\w+: TypeAlias\b))(\w+)", source, re.MULTILINE)
    ]


def test_every_package_that_is_installed_has_its_version_in_the_constraints() -> None:
    lines = (PROJECT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    fixed = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    extras = metadata.metadata("virtscan").get_all("Provides-Extra")
    assert extras is not None

    assert _installed_for(Requirement(f"virtscan[{','.join(extras)}]")) - fixed == {"virtscan"}


def _installed_for(wanted: Requirement) -> set[str]:
    """Names of a package and of everything that it requires here; what is not installed is taken without it."""
    found = {str(wanted): wanted}
    waiting = [wanted]
    while waiting:
        package = waiting.pop()
        with suppress(metadata.PackageNotFoundError):
            for required in map(Requirement, metadata.requires(package.name) or ()):
                is_met = required.marker is None or any(
                    required.marker.evaluate({"extra": extra}) for extra in package.extras or {""}
                )
                if is_met and str(required) not in found:
                    found[str(required)] = required
                    waiting.append(required)
    return {canonicalize_name(package.name) for package in found.values()}


def test_class_names_are_unique() -> None:
    counts = Counter(name for path in files("virtscan/**/*.py") for name in names_of(path.read_text()))
    assert [name for name, count in counts.items() if count > 1] == []


def test_classes_and_aliases_are_found() -> None:
    source = "Key: TypeAlias = tuple[str, int]\nkey: Key\n\nclass Outer:\n    class _Inner: ...\n"
    assert sorted(names_of(source)) == ["Inner", "Key", "Outer"]


@pytest.mark.parametrize(
    ("folder", "named", "others"),
    [
        ("cli/commands", set(COMMANDS), set()),
        ("views/tables", set(VIEWS), {"causes", "scans", "trends"}),  # a part of a view, and views of a history
        ("offload/sources", {kind.value for kind in READERS}, set()),
    ],
)
def test_a_module_that_implements_one_of_several_is_in_their_mapping(
    folder: str, named: set[str], others: set[str]
) -> None:
    modules = {path.stem for path in files(f"virtscan/{folder}/*.py")} - {"__init__"}
    packages = {path.parent.name for path in files(f"virtscan/{folder}/*/__init__.py")}
    assert modules | packages == named | others
