"""What a scan makes of one libvirt URI."""

from virtscan.connectors import uri
from virtscan.connectors.libvirt import read
from virtscan.connectors.reading import Reading
from virtscan.errors import ConnectorError
from virtscan.model import Gap, Hypervisor, Mac, Target, TargetKind


def scan(
    address: str,
    *,
    name: str | None = None,
    in_fleet: bool = False,
    threads: int | None = None,
    allow_unsafe: bool = False,
    ssh_timeout: float | None = None,
    next_start: bool = False,
    server_macs: frozenset[Mac] = frozenset(),
) -> tuple[Hypervisor, tuple[Gap, ...]]:
    """Read it; a failure is a gap."""
    reading = Reading(
        Target(kind=TargetKind.LIBVIRT, address=address, name=name),
        name="unnamed",
        uri=uri.shown(address),
    )
    try:
        read(
            reading.target,
            reading,
            in_fleet=in_fleet,
            allow_unsafe=allow_unsafe,
            ssh_timeout=ssh_timeout,
            threads=threads,
            next_start=next_start,
            server_macs=server_macs,
        )
    except ConnectorError as error:
        return reading.close(str(error))
    return reading.close()
