"""Every view in every format, letter by letter."""

import pytest

from tests.golden import FOLDER, documents


@pytest.mark.parametrize(("name", "text"), [pytest.param(name, text, id=name) for name, text in documents()])
def test_a_document_is_as_it_was_agreed(name: str, text: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text
