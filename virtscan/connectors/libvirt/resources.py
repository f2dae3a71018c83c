"""Resources for capacity planning, from calls that take one round trip for all domains of a host."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import libvirt

from virtscan.connectors.host_draft import HostFacts
from virtscan.connectors.libvirt.errors import reason
from virtscan.connectors.libvirt.replies import LibvirtFailure, Reply, reply_of
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall
from virtscan.connectors.libvirt.session import Session
from virtscan.connectors.observations import Mark, Marked, Measured
from virtscan.model import GapAbout, Processor
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import FactName, HostFact
from virtscan.transport import uri

_FLAGS = {
    Mark.AUTOSTART: libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    Mark.PAUSED: libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED,
    Mark.HAS_SNAPSHOT: libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT,
}
_STATISTICS = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_BLOCK
_FREE = (
    libvirt.VIR_NODE_MEMORY_STATS_FREE,
    libvirt.VIR_NODE_MEMORY_STATS_BUFFERS,
    libvirt.VIR_NODE_MEMORY_STATS_CACHED,
)
_KIB = 1024
_MIB = 1024 * 1024


def processor(info: Sequence[Any]) -> Processor:  # Any: libvirt-python ships no types; a text, then numbers
    """Read the processors from `virConnectGetInfo`; it counts the sockets of one NUMA node."""
    model, _memory, _cpus, mhz, nodes, sockets, cores, threads = info
    return Processor(
        model=model or None,
        mhz=mhz or None,
        sockets=nodes * sockets or None,
        cores=cores or None,
        threads=threads or None,
        numa_nodes=nodes or None,
    )


def requests(session: Session, *, statistics: bool) -> Iterator[PipelinedCall[Any]]:  # Any: of several types
    """Yield the requests for the memory that is free, for the facts that are lists of domains, and for statistics."""
    connection = session.connection
    memory = partial(connection.getMemoryStats, libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    yield PipelinedCall(partial(reply_of, memory), partial(_use_memory, session))
    flags = _FLAGS | {Mark.PAUSED: suspended(session.draft.uri)}
    for mark, flag in flags.items():
        yield PipelinedCall(
            partial(reply_of, partial(connection.listAllDomains, flag)), partial(_use_list, session, mark)
        )
    if statistics:
        call = partial(connection.getAllDomainStats, _STATISTICS, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
        yield PipelinedCall(partial(reply_of, call), partial(_use_statistics, session))


def suspended(address: str) -> int:
    """Return the flag of the list of suspended domains at an address.

    A guest that suspended itself (pmsuspended) is in libvirt's list of other states. QEMU's domains in that list have
    stopped CPUs; Xen's may be idle.
    """
    flags: int = _FLAGS[Mark.PAUSED]
    return flags | int(libvirt.VIR_CONNECT_LIST_DOMAINS_OTHER) if uri.driver(address) == "qemu" else flags


def _use_memory(session: Session, replies: Sequence[Reply[Mapping[str, int]]]) -> None:
    """Deliver the memory that is free or used for caches; a failure leaves one fact unknown, and is not a gap."""
    for numbers in session.optional(replies):
        if libvirt.VIR_NODE_MEMORY_STATS_FREE in numbers:
            free = sum(numbers.get(name, 0) for name in _FREE) // _KIB
            session.draft.add(HostFacts(memory_free_mib=free))


def _use_list(session: Session, mark: Mark, replies: Sequence[Reply[list[Any]]]) -> None:  # Any: domains
    """Deliver a list of domains; an old daemon, or one without the fact, leaves it unknown."""
    for domains in session.optional(replies):
        session.draft.add(Marked(mark=mark, uuids=frozenset(domain.UUIDString() for domain in domains)))


def _use_statistics(session: Session, replies: Sequence[Reply[list[Any]]]) -> None:  # Any: domains with numbers
    """Deliver the sizes of disks and balloons; they were requested, so that a failure is a gap about facts."""
    for reply in replies:
        if isinstance(reply, LibvirtFailure):
            item = HostFact(uri=session.draft.uri, fact=FactName.DISK_SIZES)
            session.draft.gap(item, Failure(detail=reason(reply.error)), GapAbout.DEVICE)
    for domains in session.optional(replies):
        session.draft.add(*(_measured(domain.UUIDString(), numbers) for domain, numbers in domains))


def _measured(uuid: str, numbers: Mapping[str, Any]) -> Measured:  # Any: texts and numbers
    """Read the statistics of a domain, whose disks are numbered; a domain without a balloon has no size of one."""
    balloon = numbers.get("balloon.current")
    capacities = {
        str(numbers[f"block.{index}.name"]): int(numbers[f"block.{index}.capacity"]) // _MIB
        for index in range(numbers.get("block.count", 0))
        if f"block.{index}.name" in numbers and f"block.{index}.capacity" in numbers
    }
    return Measured(uuid=uuid, capacities=capacities, balloon_mib=None if balloon is None else int(balloon) // _KIB)
