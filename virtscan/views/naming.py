"""Names that the configuration gives in two places and that don't match: segments, and the hypervisor of a server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from virtscan.correlator.servers.serving import network
from virtscan.model import Gap, GapAbout
from virtscan.model.nearest import nearest


class Host(Protocol):
    """A hypervisor, planned or scanned."""

    @property
    def segments(self) -> Mapping[str, str]:
        """Segment of each source device."""


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

    A segment of a hypervisor needs no server's word if some server serves every segment, unless a server names
    a similar one. A segment that is written as a subnet is named by every server whose subnets overlap it. Without any
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
        *_warnings(of_servers, of_hosts, "a server serves it, and no hypervisor has a device in it", always=True),
        *_warnings(
            of_hosts, of_servers, "a hypervisor has a device in it, and no server names it", always=not serves_all
        ),
    )


def runs_on_warnings(hypervisors: Sequence[str], servers: Iterable[Serving]) -> tuple[Gap, ...]:
    """Warn about each server that is declared to run on a hypervisor which does not exist.

    Args:
        hypervisors: The names of all hypervisors; without any, nothing is compared.
        servers: The servers.
    """
    if not hypervisors:
        return ()
    return tuple(
        _warning(
            f"server {server.name}", f"runs_on: no hypervisor is named {server.runs_on!r}", server.runs_on, hypervisors
        )
        for server in servers
        if server.runs_on is not None and server.runs_on not in hypervisors
    )


def _warnings(named: Iterable[str], others: Iterable[str], reason: str, *, always: bool) -> Iterator[Gap]:
    others = list(others)
    for segment in named:
        if segment not in others and (always or nearest(segment, others)):
            yield _warning(f"segment {segment}", reason, segment, others)


def _warning(subject: str, reason: str, name: str, known: Sequence[str]) -> Gap:
    near = nearest(name, known)
    advice = f"; did you mean {near!r}?" if near else ""
    return Gap(subject=subject, reason=f"{reason}{advice}", about=GapAbout.CONFIGURATION)


def _is_among(segment: str, subnets: Iterable[str]) -> bool:
    """Return True if a segment is written as a subnet and overlaps one of these."""
    own = network(segment)
    others = [other for other in map(network, subnets) if other is not None]
    return own is not None and any(own.version == other.version and own.overlaps(other) for other in others)
