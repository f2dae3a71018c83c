"""Assembly of job results into one inventory, with unique names, and a gap for each missing item."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from virtscan import __version__
from virtscan.correlator.servers.sending import SendingStack, sending
from virtscan.model import DeviceName, Gap, GapAbout, HostStatus, Hypervisor, Inventory, Policy, Server, State
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import NoDomainDefined, OffloadUnknown
from virtscan.model.gaps.items import ServerItem, WholeHost
from virtscan.scanning.jobs.results import HostResult, JobResult
from virtscan.scanning.naming import unique_names

if TYPE_CHECKING:
    from virtscan.provisioning import Records


def assemble(results: Sequence[JobResult], *, policy: Policy, scope: str | None, taken_at: datetime) -> Inventory:
    """Return the inventory of these results; results of one kind keep their order."""
    read: list[HostResult] = []
    servers: list[Server] = []
    systems: list[Records] = []
    for result in results:
        if isinstance(result, HostResult):
            read.append(result)
        elif isinstance(result, Server):
            servers.append(result)
        else:
            systems.append(result)
    hosts = _with_names_of_their_own(read)
    hypervisors = tuple(host.hypervisor for host in hosts)
    return Inventory(
        version=__version__,
        taken_at=taken_at,
        scope=scope,
        policy=policy,
        hypervisors=hypervisors,
        servers=tuple(servers),
        netboots=tuple(netboot for system in systems for netboot in system.netboots),
        subnets=tuple(subnet for system in systems for subnet in system.subnets),
        gaps=(
            *(gap for host in hosts for gap in host.gaps),
            *_without_domains(hypervisors),
            *(gap for server in servers for gap in _of_server(server)),
            *(gap for system in systems for gap in system.gaps),
        ),
    )


def _with_names_of_their_own(hosts: Sequence[HostResult]) -> list[HostResult]:
    return [
        msgspec.structs.replace(
            host,
            hypervisor=msgspec.structs.replace(host.hypervisor, name=name),
            gaps=tuple(msgspec.structs.replace(gap, hypervisor=name) for gap in host.gaps),
        )
        for host, name in zip(hosts, unique_names([host.hypervisor for host in hosts]), strict=True)
    ]


def _without_domains(hypervisors: Sequence[Hypervisor]) -> Iterator[Gap]:
    """Yield a gap for each hypervisor that was read if none has a domain: perhaps it was the wrong daemon.

    Source:
        libvirt's drivers for QEMU and VirtualBox have a daemon per user at /session in addition to the one at /system.
    """
    if any(hypervisor.domains for hypervisor in hypervisors):
        return
    for hypervisor in hypervisors:
        if hypervisor.status is not HostStatus.FAILED:
            address = hypervisor.uri.partition("?")[0]
            cause = NoDomainDefined(session=address if address.endswith("/session") else None)
            item = WholeHost(uri=hypervisor.uri)
            yield Gap(item=item, cause=cause, about=GapAbout.HYPERVISOR, hypervisor=hypervisor.name)


def _of_server(server: Server) -> Iterator[Gap]:
    """Yield a gap if the offload state of the paths that the server sends on is unknown."""
    stack = sending(server)
    if stack.tx is State.UNKNOWN:
        device, cause = (None, server.reason) if server.reason is not None else _why_unknown(stack)
        item = ServerItem(server=server.name, source=server.source, device=device)
        yield Gap(item=item, cause=cause, about=GapAbout.SERVER)


def _why_unknown(stack: SendingStack) -> tuple[DeviceName | None, AnyCause]:
    """Return the cause and its device, for a server whose device is known, but not the path from it to the NICs."""
    unknown = stack.deciding()
    for name in unknown:
        if (reason := stack.offload(name).reason) is not None:
            return name, reason
    ends = dict.fromkeys(path.devices[-1] for path in stack.paths if path.ends_open and path.devices)
    return None, OffloadUnknown(devices=unknown, above_unlisted=tuple(ends))
