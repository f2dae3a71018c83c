"""The project's English: states instead of persons, "not a X" instead of "is no X", the field's words."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

IDIOM = {
    "a person for a state": re.compile(r"\b(nobody|somebody|whoever|anybody)\b", re.IGNORECASE),
    'name the state: "not a X", "invalid X"': re.compile(
        r"(?<!there )\bis no (?!longer\b|more\b)[a-z]+", re.IGNORECASE
    ),
    '"partial checksum"': re.compile(
        r"\b(open|unfilled|unfinished|filled) (check)?sums?\b|\bunfilled\b", re.IGNORECASE
    ),
    '"NIC"': re.compile(r"\bcards?\b", re.IGNORECASE),
}


def texts() -> Iterator[Path]:
    """Yield the product's sources and its documentation."""
    yield from sorted((ROOT / "virtscan").rglob("*.py"))
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted(ROOT.glob("*.md"))


def idiom_of(text: str) -> list[str]:
    """Return each hit, by line, with the rule."""
    return [
        f"line {text.count(chr(10), 0, hit.start()) + 1}: {hit[0]!r}: {rule}"
        for rule, pattern in IDIOM.items()
        for hit in pattern.finditer(text)
    ]


def docstrings_of(source: str) -> list[str]:
    """Return the docstrings of modules, classes, functions and constants."""
    return [
        inspect.cleandoc(node.value.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def first_lines(source: str) -> list[str]:
    """Return the first line of each docstring."""
    return [docstring.partition("\n")[0] for docstring in docstrings_of(source)]


def questions_of(lines: list[str]) -> list[str]:
    """Return the first lines of docstrings that have a question."""
    return [line for line in lines if re.search(r"\?(\s|$)", line)]


def speech_of(lines: list[str]) -> list[str]:
    """Return the first lines of docstrings that begin with a question word, or let a program speak."""
    return [line for line in lines if re.match(r"(What|Who|Whom|Say|Tell|Ask)\b(?! if\b)", line)]


def hits(path: Path) -> list[str]:
    """Return everything that is not plain English in a file."""
    text = path.read_text()
    lines = first_lines(text) if path.suffix == ".py" else []
    return idiom_of(text) + questions_of(lines) + speech_of(lines)


def name(path: Path) -> str:
    """Return the path below the project's folder."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", list(texts()), ids=name)
def test_a_text_is_in_plain_english(path: Path) -> None:
    assert hits(path) == []


@pytest.mark.parametrize(
    "text",
    ["nobody knows", "'7' is no length of time", "an open checksum", "left unfilled", "through the card"],
)
def test_the_idiom_is_found(text: str) -> None:
    assert idiom_of(text)


@pytest.mark.parametrize("text", ["there is no device", "it is no longer read", "a partial checksum of the NIC"])
def test_plain_english_passes(text: str) -> None:
    assert idiom_of(text) == []


def test_a_question_is_found() -> None:
    assert questions_of(first_lines('def f():\n    """Is it old? A day is."""\n')) == ["Is it old? A day is."]


@pytest.mark.parametrize(
    "docstring", ["What a scan saves.", "Say why a host was not read.", "Tell whether it is old.", "Who may answer."]
)
def test_a_docstring_that_speaks_is_found(docstring: str) -> None:
    assert speech_of(first_lines(f'LIMIT = 1\n"""{docstring}"""\n')) == [docstring]


@pytest.mark.long
def test_a_bare_what_is_rare() -> None:
    """Hold the rate below that of the models, which is at most 1.7 in 1,000 words."""
    words = [word.lower() for path in (ROOT / "virtscan").rglob("*.py") for word in words_of(path.read_text())]
    assert words.count("what") * 1000 < 1.7 * len(words)


def words_of(source: str) -> Iterator[str]:
    """Yield the words of all docstrings."""
    for docstring in docstrings_of(source):
        yield from re.findall(r"[A-Za-z']+", docstring)
