"""Reading of one hypervisor, server or provisioning system under its own deadline, on any machine.

Each reader runs on a thread that can be abandoned (`engines.bounded`). A thread that continues after the deadline can't
change the result. Arguments and results can be pickled.
"""

import logging
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, assert_never

from virtscan import offload
from virtscan.connectors import naming, sosreport, xml_directory
from virtscan.connectors.caused_error import cause_of
from virtscan.connectors.host_draft import HostDraft
from virtscan.connectors.libvirt import CLIENT_ADVICE
from virtscan.engines.bounded import NoThreadError, within, within_work
from virtscan.engines.engine import Cut, JobOutcome, Lost, Raised, Returned, Work
from virtscan.errors import ConnectorError, VirtscanError
from virtscan.model import ProvisioningTarget, Server, ServerTarget, Target, TargetKind
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import (
    InternalError,
    Interrupted,
    NoAnswer,
    NotReadToEnd,
    RunEnded,
    Stopped,
    TooFewFiles,
)
from virtscan.model.gaps.workers import NotCarried, WhyNotCarried
from virtscan.model.sources import SOURCES, TARGETS, AddressKind
from virtscan.scanning.jobs.limits import Limits
from virtscan.scanning.jobs.results import HostResult

if TYPE_CHECKING:
    from virtscan.provisioning import Records

_log = logging.getLogger(__name__)

_SHARE_OF_A_READER = 0.9

T = TypeVar("T")


def read_host(target: Target, limits: Limits) -> HostResult:
    """Read a hypervisor; items delivered by the deadline count, and missing ones are gaps with a reason.

    Raises:
        ConfigError: The address is invalid.
        NoThreadError: The system grants no thread for it.
    """
    draft = _draft(target)
    outcome = _bounded(work_of(target), limits, partial(_fill, draft, limits))
    failure = None
    if not isinstance(outcome, Returned):
        failure = why_cut(outcome, limits, is_empty=not draft.has_answered, work=work_of(target))
    hypervisor, gaps = draft.close(failure)
    return HostResult(hypervisor=hypervisor, gaps=gaps)


def unread_host(target: Target, reason: AnyCause) -> HostResult:
    """Return the result for a hypervisor that was not read at all."""
    hypervisor, gaps = _draft(target).close(reason)
    return HostResult(hypervisor=hypervisor, gaps=gaps)


def read_server(target: ServerTarget, limits: Limits) -> Server:
    """Read a server's offload state; it is unknown, with the reason, if that fails or takes too long.

    Raises:
        NoThreadError: The system grants no thread for it.
    """
    read = partial(offload.READERS[target.kind], target, timeout=limits.host_timeout)
    outcome = _bounded(work_of(target), limits, read)
    if isinstance(outcome, Returned):
        return outcome.value
    return offload.unreadable(target, why_cut(outcome, limits, work=work_of(target)))


def read_provisioning(target: ProvisioningTarget, limits: Limits) -> "Records":
    """Read the records of a provisioning system; records that can't be read are a gap.

    Raises:
        NoThreadError: The system grants no thread for it.
    """
    from virtscan import provisioning  # loads TLS and XML-RPC, which a scan without it does not need

    # A reader that ends before its deadline can still return its items.
    timeout = _SHARE_OF_A_READER * limits.seconds
    outcome = within(limits.seconds, partial(provisioning.READERS[target.kind], target, timeout=timeout))
    if isinstance(outcome, Returned):
        return outcome.value
    return provisioning.unreadable(target, why_cut(outcome, limits))


def work_of(target: Target | ServerTarget) -> Work:
    """Return the main activity of reading a target: requesting facts from a host, or reading files."""
    row = TARGETS[target.kind] if isinstance(target, Target) else SOURCES[target.kind]
    return Work.READS if row.address is AddressKind.PATH else Work.WAITS


def _bounded(work: Work, limits: Limits, call: Callable[[], T]) -> JobOutcome[T]:
    """Call under the limits: the time for reading files counts from the first use of a CPU."""
    if work is Work.WAITS:
        return within(limits.seconds, call)
    return within_work(limits.host_timeout, math.inf if limits.run_left is None else limits.run_left, call)


def why_cut(
    outcome: Raised | Cut | Lost, limits: Limits, *, is_empty: bool = True, work: Work = Work.WAITS
) -> AnyCause:
    """Return why a job has no result, or only a part of it; `is_empty` is True if it has none at all."""
    match outcome:
        case Raised(error=VirtscanError() as error):
            return cause_of(error)
        case Raised(error=NoThreadError()):
            return cause_of(ConnectorError("no more threads can be started; raise `ulimit -u`"))
        case Raised(error=error):
            # Only this item is lost: the results of the others are still valid.
            _log.error("Internal error; please report it.", exc_info=error)
            return InternalError(error=type(error).__name__)
        case Lost(loss=loss, place=place, detail=detail):
            return NotCarried(why=WhyNotCarried[loss.name], place=place, detail=detail or None)
        case Cut():
            return _why_cut_at(outcome, limits, is_empty=is_empty, work=work)


def _why_cut_at(cut: Cut, limits: Limits, *, is_empty: bool, work: Work) -> AnyCause:
    limit = limits.host_timeout
    if cut is Cut.JOB_DEADLINE and work is Work.READS:
        return NotReadToEnd(seconds=limit)
    if cut is Cut.JOB_DEADLINE and limits.run_ends_first:
        cut = Cut.RUN_DEADLINE
    match cut:
        case Cut.JOB_DEADLINE:
            return NoAnswer(seconds=limit) if is_empty else Stopped(seconds=limit)
        case Cut.RUN_DEADLINE:
            return RunEnded(seconds=limits.deadline, started=True)
        case Cut.NEVER_STARTED:
            return RunEnded(seconds=limits.deadline, started=False)
        case Cut.INTERRUPTED:
            return Interrupted()
        case Cut.NO_FILES:
            return TooFewFiles()


def _draft(target: Target) -> HostDraft:
    return HostDraft(target, name=naming.name(target), uri=naming.shown(target))


def _fill(draft: HostDraft, limits: Limits) -> None:
    """Deliver the items of the target's connector, then Ansible's facts about it."""
    target = draft.target
    match target.kind:
        case TargetKind.LIBVIRT:
            _libvirt_reader()(
                target,
                draft,
                in_fleet=limits.in_fleet,
                allow_unsafe=limits.allow_unsafe,
                ssh_timeout=limits.host_timeout if limits.ssh_facts else None,
                next_start=limits.next_start,
                statistics=limits.stats,
                server_macs=limits.server_macs,
                threads=1 if limits.one_call_at_a_time else None,
            )
        case TargetKind.XML:
            xml_directory.read(target, draft)
        case TargetKind.SOSREPORT:
            sosreport.read(target, draft)
        case _:
            assert_never(target.kind)
    if target.facts is not None:
        from virtscan.connectors import ansible_facts

        ansible_facts.read(target.facts, draft)


def _libvirt_reader() -> Callable[..., None]:
    """Load libvirt's client library, which is not needed for files.

    Raises:
        ConnectorError: The library or its Python binding is missing, or they do not fit together.
    """
    try:
        from virtscan.connectors.libvirt import host
    except (ImportError, OSError, AttributeError) as error:
        raise ConnectorError(f"the libvirt client can't be loaded ({error}); {CLIENT_ADVICE}") from error
    return host.read
