"""Every view in every format, letter by letter."""

from collections.abc import Callable

import pytest

from tests.golden import FOLDER, documents


@pytest.mark.parametrize(("name", "content_of"), [pytest.param(name, make, id=name) for name, make in documents()])
def test_a_document_equals_its_golden_file(name: str, content_of: Callable[[], bytes]) -> None:
    assert (FOLDER / name).read_bytes() == content_of()
