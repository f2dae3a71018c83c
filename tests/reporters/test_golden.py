"""Every view in every format, letter by letter."""

from collections.abc import Callable

import pytest

from tests.golden import FOLDER, documents


@pytest.mark.parametrize(("name", "content_of"), [pytest.param(name, make, id=name) for name, make in documents()])
def test_a_document_is_as_it_was_agreed(name: str, content_of: Callable[[], bytes]) -> None:
    assert (FOLDER / name).read_bytes() == content_of()
