"""A little of `make fuzz`, the same each time, and every input that once failed."""

import random
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.fuzz.mutating import mutated
from tests.fuzz.parsers import PARSERS, Parser
from tests.fuzz.trying import FAILED, kept, problem
from virtscan.errors import VirtscanError

TRIES = 150
ONCE_FAILED = [pytest.param(name, path, id=f"{name}-{path.name}") for name in PARSERS for path in kept(name)]


@pytest.mark.parametrize(("name", "path"), ONCE_FAILED)
def test_an_input_that_once_failed_is_parsed_or_refused(name: str, path: Path) -> None:
    assert problem(PARSERS[name], path.read_bytes()) is None


@pytest.mark.parametrize("name", PARSERS)
def test_a_broken_input_is_parsed_or_refused(name: str) -> None:
    parser, generator = PARSERS[name], random.Random(name)
    inputs = parser.inputs(most=20) or [b"x"]

    for _ in range(TRIES):
        data = mutated(generator.choice(inputs), inputs, generator)[:20_000]
        assert problem(parser, data) is None, data[:2000]


def test_a_parser_that_fails_is_found() -> None:
    def refuse(_data: bytes) -> None:
        raise VirtscanError

    def fail(_data: bytes) -> None:
        raise KeyError("x")

    assert problem(Parser(parse=refuse), b"") is None
    assert problem(Parser(parse=fail), b"") == "KeyError: 'x'"


def test_every_kept_input_belongs_to_a_parser() -> None:
    folders = {folder.name for folder in FAILED.iterdir() if folder.is_dir()}

    assert folders <= {name.replace(" ", "-") for name in PARSERS}


def test_an_archive_is_among_the_inputs() -> None:
    (example,) = PARSERS["sosreport"].examples

    with tarfile.open(fileobj=BytesIO(example)) as archive:
        assert archive.getnames()
