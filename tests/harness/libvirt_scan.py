"""The result of a scan of one libvirt URI."""

from virtscan.connectors.caused_error import cause_of
from virtscan.connectors.host_draft import HostDraft
from virtscan.connectors.libvirt.host import read
from virtscan.errors import ConnectorError
from virtscan.model import Gap, Hypervisor, Mac, Target, TargetKind
from virtscan.transport import url_secrets


def scan(
    address: str,
    *,
    name: str | None = None,
    in_fleet: bool = False,
    threads: int | None = None,
    allow_unsafe: bool = False,
    ssh_timeout: float | None = None,
    next_start: bool = False,
    statistics: bool = False,
    server_macs: frozenset[Mac] = frozenset(),
) -> tuple[Hypervisor, tuple[Gap, ...]]:
    """Read it; a failure is a gap."""
    draft = HostDraft(
        Target(kind=TargetKind.LIBVIRT, address=address, name=name),
        name="unnamed",
        uri=url_secrets.shown(address),
    )
    try:
        read(
            draft.target,
            draft,
            in_fleet=in_fleet,
            allow_unsafe=allow_unsafe,
            ssh_timeout=ssh_timeout,
            threads=threads,
            next_start=next_start,
            statistics=statistics,
            server_macs=server_macs,
        )
    except ConnectorError as error:
        return draft.close(cause_of(error))
    return draft.close()
