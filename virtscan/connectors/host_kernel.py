"""The kernel that a hypervisor runs, which libvirt does not tell."""

import platform
import re
from datetime import UTC, datetime

from virtscan import openssh
from virtscan.connectors import uri
from virtscan.connectors.reading import HostFacts, Reading
from virtscan.errors import ConfigError, ConnectorError, SshError
from virtscan.model import GapAbout, Observed

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}")

_NOT_THE_HOST = ("socket", "netcat", "command")
"""Parameters with which what ssh reaches need not be the hypervisor."""


def of_this_machine() -> Observed[str] | None:
    """The running kernel's release; None where that is not Linux, whose numbers alone can be judged."""
    if platform.system() != "Linux":
        return None
    return Observed(value=platform.release(), source="this machine", observed_at=datetime.now(UTC))


def is_reached_by_ssh(address: str) -> bool:
    """Does the URI lead by the system's ssh to the hypervisor itself?"""
    parsed = uri.parse(address)
    return bool(
        parsed.transport == "ssh"
        and parsed.host
        and not uri.is_test(address)
        and not any(parameter in parsed.parameters for parameter in _NOT_THE_HOST)
    )


def read_by_ssh(reading: Reading, address: str, *, timeout: float) -> None:
    """Deliver what the host of a URI says its kernel is; one that does not say is a gap."""
    if reading.target.kernel is None and is_reached_by_ssh(address):
        try:
            reading.add(HostFacts(kernel=by_ssh(address, timeout=timeout)))
        except ConnectorError as error:
            # About a device, because it hides a fact, no interface.
            reading.gap("kernel", str(error), GapAbout.DEVICE)


def by_ssh(address: str, *, timeout: float) -> Observed[str]:
    """Ask the host of a URI for its kernel, as the user and at the port that the URI names.

    Raises:
        ConnectorError: ssh can't log in there, or no kernel release came back.
    """
    parsed = uri.parse(address)
    if "keyfile" in parsed.parameters:
        raise ConnectorError("`keyfile=` is for libvirt alone: name the key in ssh_config (IdentityFile), for both")
    try:
        # It checks user and host, which in a URI can be anything.
        destination = openssh.parse_destination(_destination(parsed))
        printed = openssh.run(destination, "uname -sr", timeout=timeout)
    except (ConfigError, SshError) as error:
        raise ConnectorError(str(error)) from error
    system, _, release = printed.decode("ascii", errors="replace").strip().partition(" ")
    if system != "Linux" or not _RELEASE.fullmatch(release):
        raise ConnectorError(f"`uname -sr` gave no Linux release: {printed[:60]!r}")
    return Observed(value=release, source="ssh", observed_at=datetime.now(UTC))


def _destination(parsed: uri.LibvirtUri) -> str:
    host = f"[{parsed.host}]" if parsed.host and ":" in parsed.host else parsed.host
    user = f"{parsed.user}@" if parsed.user else ""
    port = f":{parsed.port}" if parsed.port else ""
    return f"{user}{host}{port}"
