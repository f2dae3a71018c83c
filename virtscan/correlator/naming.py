"""Names of the configuration that match nothing: segments, the hypervisor of a server, devices."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from virtscan.correlator.servers.serving import network
from virtscan.model import Gap, GapAbout, Hypervisor
from virtscan.model.gaps.items import HypervisorItem, NamedSegment, ServerItem
from virtscan.model.gaps.mismatches import NoSuchDevice, NoSuchHypervisor, SegmentUnmatched
from virtscan.nearest import nearest


class Host(Protocol):
    """A hypervisor, planned or scanned."""

    @property
    def segments(self) -> Mapping[str, str]:
        """Configured segment of each source device."""


class Serving(Protocol):
    """A server, planned or scanned."""

    @property
    def name(self) -> str:
        """The name of the server."""

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


def device_warnings(hypervisors: Sequence[Hypervisor]) -> Iterator[Gap]:
    """Warn about each device that is declared to be reflective, or in a segment, and that does not exist.

    A declaration that several hosts share is right if one of them has the device. An incomplete list of devices on any
    of them rules out a warning; so does an interface that names the device.
    """
    declaring: defaultdict[tuple[str, str], list[Hypervisor]] = defaultdict(list)
    for host in hypervisors:
        for key, names in (("reflective", host.reflective), ("segments", host.segments)):
            for name in names:
                declaring[key, name].append(host)
    for (key, name), hosts in declaring.items():
        if all(host.lists_all_devices for host in hosts) and not any(name in _known_devices(host) for host in hosts):
            near = nearest(name, dict.fromkeys(device for host in hosts for device in _known_devices(host)))
            cause = NoSuchDevice(key=key, device=name, near=near)
            yield Gap(item=HypervisorItem(hypervisor=hosts[0].name), cause=cause, about=GapAbout.CONFIGURATION)


def _known_devices(host: Hypervisor) -> Sequence[str]:
    """Return the devices that a host has, or that an interface of it names."""
    used = (
        attachment.device
        for domain in host.domains
        for interface in domain.interfaces
        for attachment in interface.attachments
    )
    return [*(device.name for device in host.devices), *(name for name in used if name is not None)]


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
