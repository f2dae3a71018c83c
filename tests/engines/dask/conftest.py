"""One daemon and one cluster for all tests of the engine."""

from collections.abc import Iterator

import pytest

from tests.harness.dask_cluster import Cluster, running_cluster
from tests.harness.libvirtd import Libvirtd, running_libvirtd


@pytest.fixture(scope="package")
def daemon() -> Iterator[Libvirtd]:
    with running_libvirtd() as daemon:
        yield daemon


@pytest.fixture(scope="package")
def shared_cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    """The cluster, with the workers that an earlier test has killed."""
    shared_cluster.wait_for_workers()
    return shared_cluster
