"""Names that the configuration gives in two places and that don't match: segments, and the hypervisor of a server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from virtscan.correlator.servers.serving import network
from virtscan.model import Gap, GapAbout
from virtscan.model.gaps.items import NamedSegment, ServerItem
from virtscan.model.gaps.mismatches import NoSuchHypervisor, SegmentUnmatched
from virtscan.model.nearest import nearest


class Host(Protocol):
    """A hypervisor, planned or scanned."""

    @property
    def segments(self) -> Mapping[str, str]:
        """Configured segment of each source device."""


class Serving(Protocol):
    """A server, planned or scanned."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments that it serves."""

    @property
    def subnets(self) -> tuple[str, ...]:
        """The subnets that it serves."""

    @property
    def runs_on(self) -> str | None:
        """The hypervisor that it is declared to run on."""


def segment_warnings(hosts: Sequence[Host], servers: Sequence[Serving]) -> tuple[Gap, ...]:
    """Warn about each segment that only servers or only hypervisors name: it may be a spelling mistake.

    A segment of a hypervisor needs no server that names it if some server serves every segment, unless a server names a
    similar one. A segment that is written as a subnet is named by every server whose subnets overlap it. Without any
    hypervisor, or without any server, there is nothing to compare.
    """
    if not hosts or not servers:
        return ()
    of_servers = dict.fromkeys(segment for server in servers for segment in server.segments)
    subnets = [subnet for server in servers for subnet in server.subnets]
    of_hosts = dict.fromkeys(
        segment for host in hosts for segment in host.segments.values() if not _is_among(segment, subnets)
    )
    serves_all = any(not server.segments and not server.subnets for server in servers)
    return (
        *_warnings(of_servers, of_hosts, by_server=True, always=True),
        *_warnings(of_hosts, of_servers, by_server=False, always=not serves_all),
    )


def runs_on_warnings(hypervisors: Sequence[str], servers: Iterable[Serving]) -> tuple[Gap, ...]:
    """Warn about each server that is declared to run on a hypervisor which does not exist.

    Args:
        hypervisors: The names of all hypervisors; if there are none, nothing is compared.
        servers: The servers.
    """
    if not hypervisors:
        return ()
    return tuple(
        Gap(
            item=ServerItem(server=server.name),
            cause=NoSuchHypervisor(runs_on=server.runs_on, near=nearest(server.runs_on, hypervisors)),
            about=GapAbout.CONFIGURATION,
        )
        for server in servers
        if server.runs_on is not None and server.runs_on not in hypervisors
    )


def _warnings(named: Iterable[str], others: Iterable[str], *, by_server: bool, always: bool) -> Iterator[Gap]:
    others = list(others)
    for segment in named:
        near = nearest(segment, others)
        if segment not in others and (always or near is not None):
            cause = SegmentUnmatched(by_server=by_server, near=near)
            yield Gap(item=NamedSegment(segment=segment), cause=cause, about=GapAbout.CONFIGURATION)


def _is_among(segment: str, subnets: Iterable[str]) -> bool:
    """Return True if a segment is written as a subnet and overlaps one of these."""
    own = network(segment)
    others = [other for other in map(network, subnets) if other is not None]
    return own is not None and any(own.version == other.version and own.overlaps(other) for other in others)
