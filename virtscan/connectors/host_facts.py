"""Facts of a hypervisor that libvirt does not report: its kernel, and the devices below its devices."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from virtscan.connectors import host_probe
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.engines.bounded import call_on_thread
from virtscan.engines.engine import Raised, Returned
from virtscan.errors import ConfigError, ConnectorError, SshError
from virtscan.model import GapAbout, Observed
from virtscan.model.gaps.causes import Failure, NoAnswer, NoLinuxRelease
from virtscan.model.gaps.items import FactName, HostFact
from virtscan.transport import ssh, uri

_NOT_THE_HOST = ("socket", "netcat", "command")
"""Parameters with which ssh may reach another host than the hypervisor."""

_MARGIN = 5.0
"""Seconds that ssh gets beyond its own limit, at which it ends by itself."""


def of_this_machine() -> HostFacts:
    """Return the running kernel if it is Linux; only versions of Linux can be judged."""
    if platform.system() != "Linux":
        return HostFacts(local=True)
    kernel = Observed(value=platform.release(), source="this machine", observed_at=datetime.now(UTC))
    return HostFacts(local=True, kernel=kernel, kernel_build=platform.version())


def is_reached_by_ssh(address: str) -> bool:
    """Return True if the URI leads by the system's ssh to the hypervisor itself."""
    parsed = uri.parse(address)
    return bool(
        parsed.transport == "ssh"
        and parsed.host
        and not uri.is_test(address)
        and not any(parameter in parsed.parameters for parameter in _NOT_THE_HOST)
    )


@contextmanager
def read_by_ssh(draft: HostDraft, address: str, *, timeout: float | None) -> Iterator[None]:
    """Read a host's facts about itself over SSH while the block runs, in one round trip; deliver them at its end.

    A missing fact is a gap. Gaps are about devices: they hide facts, no domain and no interface. `timeout` None means
    that nothing is read.
    """
    if timeout is None or not is_reached_by_ssh(address):
        yield
        return
    with call_on_thread(partial(by_ssh, address, timeout=timeout)) as wait:
        yield
        match wait(timeout + _MARGIN):
            case Returned(value=answer):
                _deliver(draft, answer)
            case Raised(error=ConnectorError() as error):
                _report_gap(draft, Failure(detail=str(error)))
            case Raised(error=error):
                raise error
            case _:
                _report_gap(draft, NoAnswer(seconds=timeout))


def _report_gap(draft: HostDraft, cause: Failure | NoAnswer) -> None:
    draft.gap(HostFact(uri=draft.uri, fact=FactName.BY_SSH), cause, GapAbout.DEVICE)


def _deliver(draft: HostDraft, answer: host_probe.HostAnswer) -> None:
    kernel: Observed[str] | None = None
    if answer.kernel is not None:
        kernel = Observed(value=answer.kernel, source=host_probe.SOURCE, observed_at=datetime.now(UTC))
    elif draft.target.kernel is None:
        item = HostFact(uri=draft.uri, fact=FactName.KERNEL)
        draft.gap(item, NoLinuxRelease(detail=answer.uname[:60]), GapAbout.DEVICE)
    draft.add(
        *answer.devices,
        HostFacts(
            kernel=kernel,
            kernel_build=answer.kernel_build,
            machine=answer.machine,
            system_uuid=answer.system_uuid,
            lists_all_devices=answer.lists_all_devices,
        ),
    )


def by_ssh(address: str, *, timeout: float) -> host_probe.HostAnswer:
    """Read the host of a URI over SSH, with the URI's user and port.

    Raises:
        ConnectorError: ssh can't log in there, or something other than a shell answers.
    """
    parsed = uri.parse(address)
    if "keyfile" in parsed.parameters:
        raise ConnectorError("`keyfile=` applies to libvirt only; set IdentityFile in ssh_config instead")
    try:
        # It checks user and host, which in a URI can be anything.
        destination = ssh.parse_destination(_destination(parsed))
        printed = ssh.run(destination, host_probe.SCRIPT, timeout=timeout)
    except (ConfigError, SshError) as error:
        raise ConnectorError(str(error)) from error
    return host_probe.parse_answer(printed, at=datetime.now(UTC))


def _destination(parsed: uri.LibvirtUri) -> str:
    host = f"[{parsed.host}]" if parsed.host and ":" in parsed.host else parsed.host
    user = f"{parsed.user}@" if parsed.user else ""
    port = f":{parsed.port}" if parsed.port else ""
    return f"{user}{host}{port}"
