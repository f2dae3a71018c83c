"""Every view in every format, letter by letter."""

import pytest

from tests.golden import FOLDER, documents


@pytest.mark.parametrize(("name", "content"), [pytest.param(name, content, id=name) for name, content in documents()])
def test_a_document_is_as_it_was_agreed(name: str, content: bytes) -> None:
    assert (FOLDER / name).read_bytes() == content
