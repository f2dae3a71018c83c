"""A connection that tests of the analyzer share."""

from collections.abc import Iterator

import libvirt
import pytest


@pytest.fixture(scope="module")
def driver() -> Iterator[libvirt.virConnect]:
    """libvirt's test driver, for what libvirt itself writes."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    connection = libvirt.open("test:///default")
    yield connection
    connection.close()
