"""The end of a connection: by the thread that used it, not by one that later collects garbage."""

import gc
from collections.abc import Callable, Iterator
from time import monotonic

import libvirt
import pytest

from tests.harness.definitions import bond_xml, direct, domain_xml
from tests.harness.libvirt_scan import scan
from tests.harness.libvirtd import Libvirtd
from tests.harness.patience import LONG
from tests.harness.rpc_proxy import Procedure, RpcProxy
from virtscan.engines import background

Spoil = Callable[[RpcProxy], object]

pytestmark = pytest.mark.long


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _fail(procedure: Procedure) -> Spoil:
    return lambda proxy: proxy.answers.update(
        {procedure: lambda call: call.error(libvirt.VIR_ERR_OPERATION_FAILED, "no")}
    )


def _hang_up_at(procedure: Procedure) -> Spoil:
    return lambda proxy: proxy.answers.update({procedure: lambda _call: proxy.hang_up()})


FAILURES = [
    lambda _proxy: None,
    lambda proxy: setattr(proxy, "newest", 194),
    lambda proxy: setattr(proxy, "newest", 282),
    *(
        _fail(procedure)
        for procedure in (Procedure.LIST_ALL_DOMAINS, Procedure.DOMAIN_XML, Procedure.LIST_ALL_NODE_DEVICES)
    ),
]
LOSSES = [
    _hang_up_at(procedure) for procedure in (Procedure.LIST_ALL_DOMAINS, Procedure.DOMAIN_XML, Procedure.INTERFACE_XML)
]


# A connection is cut only while one thread uses it: when several are just sending, libvirt's client may crash (see
# most_at_once) and would take all tests with it.
@pytest.mark.parametrize(
    ("spoil", "threads"),
    [*((spoil, threads) for spoil in FAILURES for threads in (1, 8)), *((spoil, 1) for spoil in LOSSES)],
)
@pytest.mark.usefixtures("no_garbage_collection")
def test_a_connection_ends_with_the_scan_that_opened_it(
    libvirtd: Libvirtd, proxy: RpcProxy, spoil: Spoil, threads: int
) -> None:
    path = libvirtd.definitions(
        "ends", *(domain_xml(f"vm{number}", direct("bond2")) for number in range(3)), bond_xml("bond2", "eth4")
    )
    spoil(proxy)
    before = _connections()

    scan(libvirtd.unix(path, socket=proxy.socket), threads=threads, next_start=True, statistics=True)
    end = monotonic() + LONG
    while (left := _connections()) > before and monotonic() < end:
        background.wait()

    assert left <= before  # one of an earlier test may have ended meanwhile


def _connections() -> int:
    return sum(isinstance(item, libvirt.virConnect) for item in gc.get_objects())
