"""Fixtures that tests of connectors share."""

from collections.abc import Iterator

import pytest

from tests.harness.libvirtd import Libvirtd, running_libvirtd
from tests.harness.rpc_proxy import RpcProxy, proxy_to


@pytest.fixture(scope="session")
def libvirtd() -> Iterator[Libvirtd]:
    """A daemon that all tests share: they must leave it as it was."""
    with running_libvirtd() as daemon:
        yield daemon


@pytest.fixture
def own_libvirtd() -> Iterator[Libvirtd]:
    """A daemon of the test's own, to change and to kill."""
    with running_libvirtd() as daemon:
        yield daemon


@pytest.fixture
def proxy(libvirtd: Libvirtd) -> Iterator[RpcProxy]:
    """A proxy in front of the shared daemon."""
    with proxy_to(libvirtd.socket) as proxy:
        yield proxy
