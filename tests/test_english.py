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
    "a private idiom": re.compile(
        r"\b(of whatever|by whichever|as it lies|so deep may|part of a work|can't be had|given out to|hangs? under)\b",
        re.IGNORECASE,
    ),
    "archaic": re.compile(
        r"\b(heeds?|in vain|for want of|for lack of|else than|otherwise than|(is|are) to be|tonight|unite[sd]?)\b",
        re.IGNORECASE,
    ),
}


SPEECH = re.compile(r"\b(tells?|told|says?|said|hears?|heard|believes?|thinks?|speaks?|wants)\b", re.IGNORECASE)
"""Verbs of persons: programs report, return, send and request."""

QUESTION_HEADING = re.compile(
    r"^#+ (?:(?:What|Who|Why|How|Where|When|Which|Is|Are|Does|Do|Can)\b.*|.*\?)$|^\|.*\?(?: \|.*)?$", re.MULTILINE
)
LONGEST_SENTENCE = 25


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


def questions_of(docstrings: list[str]) -> list[str]:
    """Return the lines of docstrings that have a question."""
    return [line for docstring in docstrings for line in docstring.splitlines() if re.search(r"\?(\s|$)", line)]


def speech_of(lines: list[str]) -> list[str]:
    """Return the first lines of docstrings that begin with a question word, or let a program speak."""
    return [
        line
        for line in lines
        if re.match(
            r"(What|Who|Whom|Which|Whether|How|Where|Why|When|Say|Tell|Ask|Give (the|a|an|each|every|all))\b", line
        )
    ]


def persons_of(docstrings: list[str]) -> list[str]:
    """Return the verbs by which docstrings let a program speak; a name in code is not one."""
    return [hit[0] for docstring in docstrings for hit in SPEECH.finditer(re.sub(r"`[^`]*`", "", docstring))]


def headings_of(text: str) -> list[str]:
    """Return the headings of sections and columns that are questions."""
    return [hit[0] for hit in QUESTION_HEADING.finditer(prose_of(text))]


def prose_of(text: str) -> str:
    """Leave out blocks of code and comments of a Markdown text."""
    return re.sub(r"^ *```.*?^ *```|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)


def long_sentences_of(text: str) -> list[str]:
    """Return the sentences of more than 25 words; each cell, item and paragraph ends one, code is a word."""
    text = re.sub(r"`[^`]*`", "CODE", text)
    text = re.sub(r"\b(e\.g|i\.e|etc)\.", r"\1", text)
    sentences = re.split(r"(?<=[.!?:;])\s+|\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\|", text)
    return [
        " ".join(sentence.split())
        for sentence in sentences
        if len(re.findall(r"\S*[A-Za-z]\S*", sentence)) > LONGEST_SENTENCE
    ]


def has_a_diagram(docstring: str) -> bool:
    """Return True for a docstring with states and arrows."""
    return "-->" in docstring


def hits(path: Path) -> list[str]:
    """Return everything that is not plain English in a file."""
    text = path.read_text()
    if path.suffix != ".py":
        # The options of the commands are those of `--help`; a scenario of the lab and an entry of the log are lists.
        lists = path.name in {"commands.md", "CHANGELOG.md"}
        prose = re.sub(r"^\|.*", "", prose_of(text), flags=re.MULTILINE)
        return idiom_of(text) + headings_of(text) + ([] if lists else long_sentences_of(prose))
    lines = first_lines(text)
    docstrings = [docstring for docstring in docstrings_of(text) if not has_a_diagram(docstring)]
    long = [sentence for docstring in docstrings for sentence in long_sentences_of(docstring)]
    return idiom_of(text) + questions_of(docstrings) + speech_of(lines) + persons_of(docstrings) + long


def name(path: Path) -> str:
    """Return the path below the project's folder."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", list(texts()), ids=name)
def test_a_text_is_in_plain_english(path: Path) -> None:
    assert hits(path) == []


@pytest.mark.parametrize("folder", ["tests", "packaging"])
def test_the_docstrings_of_tests_and_tools_ask_nothing_and_are_short(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        docstrings = docstrings_of(path.read_text())
        long = [sentence for docstring in docstrings for sentence in long_sentences_of(docstring)]
        assert questions_of(docstrings) + speech_of(first_lines(path.read_text())) + long == [], path


@pytest.mark.parametrize(
    "text",
    [
        "nobody knows",
        "'7' is no length of time",
        "an open checksum",
        "left unfilled",
        "through the card",
        "it is to be read",
        "read in vain",
        "scans of whatever scope",
        "a file as it lies in /etc",
    ],
)
def test_the_idiom_is_found(text: str) -> None:
    assert idiom_of(text)


@pytest.mark.parametrize("text", ["there is no device", "it is no longer read", "a partial checksum of the NIC"])
def test_plain_english_passes(text: str) -> None:
    assert idiom_of(text) == []


def test_a_question_is_found() -> None:
    docstring = "Return it.\n\nArgs:\n    old: Is it old?\n    new: True if it is new."

    assert questions_of(["Is it old? A day is.", docstring]) == ["Is it old? A day is.", "    old: Is it old?"]


@pytest.mark.parametrize(
    "docstring",
    [
        "What a scan saves.",
        "Say why a host was not read.",
        "Tell whether it is old.",
        "Give the name of a host.",
        "Who may answer.",
        "Whether it is old.",
        "How long it may take.",
        "Where it is.",
        "When it was read.",
    ],
)
def test_a_docstring_that_speaks_is_found(docstring: str) -> None:
    assert speech_of(first_lines(f'LIMIT = 1\n"""{docstring}"""\n')) == [docstring]


@pytest.mark.parametrize("docstring", ["The driver says so.", "Names that tell them apart.", "All that it wants."])
def test_a_program_that_speaks_is_found(docstring: str) -> None:
    assert persons_of([docstring])


@pytest.mark.parametrize(
    "docstring", ["Links in `multi-user.target.wants`.", "The unwanted ones.", "An untold number."]
)
def test_other_words_and_names_in_code_are_not_speech(docstring: str) -> None:
    assert persons_of([docstring]) == []


@pytest.mark.parametrize(
    "text", ["## What can fail", "# Is it off", "## Off?", "| change | does it help? |", "| who? |"]
)
def test_a_heading_that_asks_is_found(text: str) -> None:
    assert headings_of(f"Text.\n\n{text}\n")


@pytest.mark.parametrize(
    "text", ["## Failures", "| change | effect |", "```sh\n# Is it off?\n```", "### Whatever works"]
)
def test_other_headings_pass(text: str) -> None:
    assert headings_of(f"{text}\n") == []


def test_a_long_sentence_is_found() -> None:
    words = " ".join(["word"] * LONGEST_SENTENCE)

    assert long_sentences_of(f"Short. {words} word. Short.") == [f"{words} word."]
    assert long_sentences_of(f"{words}.\n\n- {words}\n- word; word `a b c` {'word ' * 20}") == []


@pytest.mark.long
def test_a_bare_what_is_rare() -> None:
    """Hold the rate below that of the models, which is at most 1.7 in 1,000 words."""
    words = [word.lower() for path in (ROOT / "virtscan").rglob("*.py") for word in words_of(path.read_text())]
    assert words.count("what") * 1000 < 1.7 * len(words)


def words_of(source: str) -> Iterator[str]:
    """Yield the words of all docstrings."""
    for docstring in docstrings_of(source):
        yield from re.findall(r"[A-Za-z']+", docstring)
