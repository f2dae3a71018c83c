"""A hypervisor read through libvirt: read-only, without prompts, in as few round trips as possible."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import libvirt
import msgspec

from virtscan import analyzer, hostnet
from virtscan.connectors import host_facts
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.connectors.libvirt import lists as listings
from virtscan.connectors.libvirt import resources
from virtscan.connectors.libvirt.devices import SOURCE, DeviceReader
from virtscan.connectors.libvirt.errors import end_if_lost, is_unsupported, reason
from virtscan.connectors.libvirt.lists import Lists, name_of
from virtscan.connectors.libvirt.replies import Reply, reply_of
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall
from virtscan.connectors.libvirt.session import Session, open_read_only
from virtscan.errors import AnalyzerError, ConfigError, ConnectorError
from virtscan.model import GapAbout, Mac, Observed, Target
from virtscan.model.gaps.causes import BadDocument, Failure
from virtscan.model.gaps.items import FactName, GuestDomain, HostFact
from virtscan.transport import uri, url_secrets

_ON_THE_HOST = frozenset({"ch", "lxc", "qemu"})
"""Drivers of which a daemon runs on the hypervisor; others run in the client, or simulate their hosts."""


class _DocumentRequest(NamedTuple):
    """A domain's document: the live or only one, or the definition for its next start."""

    domain: libvirt.virDomain
    next_start: bool = False


class _Described(NamedTuple):
    """The reply with a domain's document."""

    request: _DocumentRequest
    reply: Reply[str]


def read(
    target: Target,
    draft: HostDraft,
    *,
    in_fleet: bool,
    allow_unsafe: bool = False,
    ssh_timeout: float | None = None,
    threads: int | None = None,
    next_start: bool = False,
    statistics: bool = False,
    server_macs: Collection[Mac] = (),
) -> None:
    """Deliver a hypervisor's facts from libvirt: domains as they arrive, then the devices of their interfaces.

    May block forever: run it under a deadline, on a thread that can be abandoned.

    Args:
        target: The hypervisor; an empty address is libvirt's own default.
        draft: Where to deliver.
        in_fleet: Other hypervisors are read at the same time, so more threads for this one save nothing.
        allow_unsafe: Accept a URI that runs a command or reaches a shell.
        ssh_timeout: Seconds for reading facts that libvirt does not report from a qemu+ssh host; None: not read.
        threads: Number of simultaneous users of the connection; None: chosen by its latency.
        next_start: Read the persistent definitions of running domains as well, one more round trip for each.
        statistics: Request the sizes of disks and balloons, in one more call, which takes the daemon long.
        server_macs: MACs of servers: a device of the host that has one is read even if no interface depends on it.

    Raises:
        ConnectorError: It can't be opened or listed, or the connection was lost; items delivered before count.
    """
    try:
        with ExitStack() as facts, open_read_only(target.address, draft, allow_unsafe=allow_unsafe) as connection:
            address = connection.getURI()
            facts.enter_context(host_facts.read_by_ssh(draft, address, timeout=ssh_timeout))
            session = Session(connection, draft, in_fleet=in_fleet, threads=threads)
            _read_all(session, address, next_start=next_start, statistics=statistics, server_macs=server_macs)
    except libvirt.libvirtError as error:
        raise ConnectorError(url_secrets.without_secrets(reason(error), target.address)) from error
    except ConfigError as error:
        raise ConnectorError(str(error)) from error
    except (SystemError, UnicodeDecodeError) as error:  # SystemError: the binding's own
        raise ConnectorError("libvirt's message is not UTF-8; check the output of the remote command") from error


def _read_all(
    session: Session, address: str, *, next_start: bool, statistics: bool, server_macs: Collection[Mac]
) -> None:
    is_listed = False
    lists = Lists(session.connection)
    device_reader = DeviceReader(session, lists, server_macs)

    def requests_for(domains: Sequence[libvirt.virDomain]) -> Sequence[PipelinedCall[Any]]:
        session.draft.add(HostFacts(lists_all_domains=not uri.is_session(address)))
        return list(_about_domains(session, device_reader, domains, next_start=next_start))

    def use(replies: Sequence[list[libvirt.virDomain] | None]) -> None:
        nonlocal is_listed
        for domains in replies:
            if domains is not None:
                is_listed = True
                session.add_all(requests_for(domains))

    session.run(
        [
            *_about_the_host(session, address),
            *_about_devices(session, lists, device_reader),  # first, so that the domains read in time have them
            PipelinedCall(partial(listings.domains, session.connection), use),
            *resources.requests(session, statistics=statistics),
        ]
    )
    if not is_listed:
        session.run(requests_for(listings.domains_before_0_9_13(session)))


def _about_devices(
    session: Session, lists: Lists, device_reader: DeviceReader
) -> Iterator[PipelinedCall[Any]]:  # Any: of several types
    """Yield the requests for the lists that domains' interfaces and servers' MACs lead to."""

    def node_devices_listed(results: Sequence[None]) -> None:
        if lists.node_devices.documents:
            computer = partial(reply_of, lists.node_device("computer"))
            session.add(PipelinedCall(computer, partial(_use_computer, session)))
        device_reader.listed(results)

    yield PipelinedCall(lists.read_networks, device_reader.listed)
    yield PipelinedCall(lists.read_interfaces, device_reader.listed)
    yield PipelinedCall(lists.read_node_devices, node_devices_listed)


def _about_domains(
    session: Session, device_reader: DeviceReader, domains: Sequence[libvirt.virDomain], *, next_start: bool
) -> Iterator[PipelinedCall[Any]]:  # Any: of several types
    """Yield the requests for the documents of domains."""
    use = partial(_read_domains, session, device_reader)

    def next_starts(replies: Sequence[set[str] | None]) -> None:
        for persistent in replies:
            definitions = _next_starts(domains, persistent)
            session.add_all(PipelinedCall(partial(_describe, definition), use) for definition in definitions)

    yield from (PipelinedCall(partial(_describe, _DocumentRequest(domain)), use) for domain in domains)
    if domains and next_start:
        yield PipelinedCall(partial(listings.persistent, session.connection), next_starts)


def _describe(request: _DocumentRequest) -> _Described:
    flags = libvirt.VIR_DOMAIN_XML_INACTIVE if request.next_start else 0
    return _Described(request, reply_of(partial(request.domain.XMLDesc, flags)))


def _next_starts(domains: Sequence[libvirt.virDomain], persistent: Collection[str] | None) -> list[_DocumentRequest]:
    """Return the definitions to be read of running domains; a transient domain has none."""
    running = (domain for domain in domains if domain.ID() != -1)
    return [
        _DocumentRequest(domain, next_start=True)
        for domain in running
        if persistent is None or domain.UUIDString() in persistent
    ]


def _read_domains(session: Session, device_reader: DeviceReader, replies: Sequence[_Described]) -> None:
    """Deliver the domains whose documents have come, and follow their interfaces.

    Raises:
        ConnectorError: The connection is gone, or the draft is closed; items that came before are delivered.
    """
    documents: list[str] = []
    described: list[GuestDomain] = []
    lost: ConnectorError | None = None
    for (domain, next_start), reply in replies:
        item = GuestDomain(uri=session.draft.uri, domain=name_of(domain), next_start=next_start)
        try:
            document = session.document(reply, item, GapAbout.DOMAIN)
        except ConnectorError as error:
            lost = lost or error  # those after it are less specific
            continue
        if document is not None:
            documents.append(document)
            described.append(item)
    domains = analyzer.read_domains(documents, origin=session.draft.uri)
    for item, read in zip(described, domains, strict=True):
        if isinstance(read, AnalyzerError):
            session.draft.gap(item, BadDocument(detail=str(read)), GapAbout.DOMAIN)
        else:
            session.draft.add(msgspec.structs.replace(read, next_start=True) if item.next_start else read)
            device_reader.follow(read)
    if lost is not None:
        try:
            raise lost
        finally:
            del lost  # otherwise this frame, which is in its traceback, would keep the connection open


def _about_the_host(session: Session, address: str) -> Iterator[PipelinedCall[Any]]:  # Any: of several types
    """Deliver facts that need no round trip, and return the requests for the rest."""
    if uri.is_local(address):
        session.draft.add(host_facts.of_this_machine())
    yield PipelinedCall(partial(_read_host, session, address))
    if uri.driver(address) in _ON_THE_HOST:
        yield PipelinedCall(partial(reply_of, session.connection.getLibVersion), partial(_use_version, session))


def _read_host(session: Session, address: str) -> None:
    """Deliver the host's name, CPUs and memory."""
    try:
        if session.draft.target.name is None:
            name = uri.host_name(address) or session.connection.getHostname()
            session.draft.add(HostFacts(name=name))
        info = session.connection.getInfo()
        _model, memory_mib, cpus, *_ = info
        session.draft.add(HostFacts(cpus=cpus, memory_mib=memory_mib, processor=resources.processor(info)))
    except libvirt.libvirtError as error:
        end_if_lost(session.connection, error)
        if not is_unsupported(error):
            item = HostFact(uri=session.draft.uri, fact=FactName.NAME_CPUS_MEMORY)
            session.draft.gap(item, Failure(detail=reason(error)), GapAbout.DEVICE)


def _use_version(session: Session, replies: Sequence[Reply[int]]) -> None:
    """Deliver the daemon's version; without it one fact about the kernel is missing, which is not a gap."""
    for version in session.optional(replies):
        daemon = Observed(value=version, source=SOURCE, observed_at=datetime.now(UTC))
        session.draft.add(HostFacts(daemon=daemon))


def _use_computer(session: Session, replies: Sequence[Reply[str]]) -> None:
    """Deliver the facts of the host's firmware (DMI), if libvirt has them."""
    for document in session.optional(replies):
        with suppress(AnalyzerError):
            dmi = analyzer.read_computer(document)
            machine, uuid = hostnet.read_machine(dmi=dmi), hostnet.system_uuid(dmi.uuid)
            session.draft.add(HostFacts(machine=machine, system_uuid=uuid))
