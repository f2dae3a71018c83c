"""A document as a page: its parts for the template, and a content security policy that allows nothing else."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

import jinja2
import msgspec
from markupsafe import Markup

from virtscan.reporters.html import charts, groups, island, lines, picture, tables
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import gap_lines, printable, scan_line
from virtscan.views.document import Document, Metric, counts
from virtscan.views.wording.phrases.quantity import quantity

_TILES = (
    ("at_risk", "", "at risk", "bad"),
    ("verdicts", "unknown", "unknown", "doubtful"),
    ("hypervisors", "complete", "hypervisor{} read", ""),
    ("hypervisors", "partial", "hypervisor{} read in part", "doubtful"),
    ("hypervisors", "failed", "hypervisor{} not read", "bad"),
    ("newly_at_risk", "", "newly at risk", "bad"),
    ("newly_unknown", "", "newly unknown", "doubtful"),
    ("findings", "resolved", "resolved", ""),
    ("findings", "no-longer-scanned", "no longer scanned", ""),
    ("not_read", "", "hypervisor{} not read completely", "doubtful"),
    ("domains", "", "VM{}", ""),
    ("interfaces", "", "network interface{}", ""),
)
"""Metric, value of its label (empty for the sum of all), words for one or many, and the look of a number above 0."""

_ONLY_IF_ANY = {"partial", "failed", "resolved", "no-longer-scanned"}

_CHANGE = "change"
"""Label of numbers of changes; their sum does not count the fleet."""

_TOGETHER = 10
"""Pieces of the template that are written together."""


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    """Yield the page piece by piece.

    Style and script are part of it; its policy has their hashes, and allows no request at all.

    Names are text everywhere: escaped in the page, and set as text by the script. Characters that are not printable
    are escaped as in other formats.
    """
    style, script = _file("page.css"), _file("page.js")
    heading = document.name.replace(".", " ")
    stream = (
        _environment()
        .get_template("page.html")
        .stream(
            style=Markup(style),  # noqa: S704 (our own file)
            script=Markup(script),  # noqa: S704 (our own file)
            policy=_policy(style, script),
            islands=island.Islands(document),
            title=heading,
            headline=document.headline or heading,
            where=document.where,
            scanned=scan_line(document.version, document.taken_at, document.exit_code),
            tiles=[*_tiles(document.metrics), _tile(len(document.gaps.rows), "gap{}", "doubtful")],
            notes=document.notes,
            gaps=gap_lines(document.gaps),
            warnings=gap_lines(document.warnings),
            charts=charts.of_document(document),
            lines=lines.of_document(document),
            tables=tables.of_document(document),
            **_of_findings(document),
        )
    )
    stream.enable_buffering(_TOGETHER)
    for piece in stream:
        yield piece.encode()
    yield b"\n"


def _of_findings(document: Document) -> Mapping[str, object]:
    """Return the parts of the page that are made from the first section, whose rows are read many times."""
    main = msgspec.structs.replace(document.main, rows=tuple(document.main.rows))
    document = msgspec.structs.replace(document, sections=(main, *document.sections[1:]))
    return {
        "groups": groups.of_document(document),
        "suffixes": groups.suffixes(document),
        "picture": picture.of_document(document),
    }


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("virtscan.reporters.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["quantity"] = quantity
    environment.filters["code"] = _code
    return environment


def _harmless(value: object) -> object:
    """Escape unprintable characters in all values of a template."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _file(name: str) -> str:
    return files("virtscan.reporters.html").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """Name an inline text as a Content-Security-Policy does."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _tiles(metrics: tuple[Metric, ...]) -> list[tuple[int | float, str, str]]:
    """Return the number, words and look of each tile whose metric the document has; waived findings don't count."""
    tiles = []
    for name, label, words, look in _TILES:
        values = [metric.value for metric in metrics if metric.name == name and _is_counted(metric, label)]
        waived = counts(metrics, "waived").get(label, 0) if name == "verdicts" else 0
        if sum(values) or (values and label not in _ONLY_IF_ANY):
            tiles.append(_tile(sum(values) - waived, words, look))
    return tiles


def _is_counted(metric: Metric, label: str) -> bool:
    return label in metric.labels.values() if label else _CHANGE not in metric.labels


def _tile(count: int | float, words: str, look: str) -> tuple[int | float, str, str]:
    return count, words.format("" if count == 1 else "s"), look if count else ""


def _code(text: str) -> Markup:
    """Write text; a part between backticks is code."""
    parts = printable(text).split("`")
    marks = (Markup("<code>{}</code>") if index % 2 else Markup("{}") for index in range(len(parts)))
    return Markup().join(mark.format(part) for mark, part in zip(marks, parts, strict=True))
