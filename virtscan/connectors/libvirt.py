"""A hypervisor read through libvirt: read-only, without a question, in as few round trips as possible."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import libvirt
import msgspec

from virtscan import analyzer, hostnet
from virtscan.connectors import host_facts, libvirt_lists, uri
from virtscan.connectors.libvirt_devices import SOURCE, Leads
from virtscan.connectors.libvirt_errors import end_if_lost, is_unsupported, reason
from virtscan.connectors.libvirt_lists import Lists, name_of
from virtscan.connectors.libvirt_session import Session
from virtscan.connectors.reading import HostFacts, Reading
from virtscan.connectors.spread import Answer, Question
from virtscan.errors import AnalyzerError, ConfigError, ConnectorError
from virtscan.model import DomainState, GapAbout, Mac, Observed, Target

# Without a handler of its own libvirt prints every error to stderr. One for the whole process, before any thread.
libvirt.registerErrorHandler(lambda _context, _error: None, None)

_QUESTIONS = range(libvirt.VIR_CRED_USERNAME, libvirt.VIR_CRED_EXTERNAL + 1)

_ON_THE_HOST = frozenset({"ch", "lxc", "qemu"})
"""Drivers of which a daemon runs on the hypervisor; others run in the client, or make up their hosts."""


class _Wanted(NamedTuple):
    """A domain's document: the running or only one, or that of its next start."""

    domain: libvirt.virDomain
    next_start: bool = False


def read(
    target: Target,
    reading: Reading,
    *,
    in_fleet: bool,
    allow_unsafe: bool = False,
    ssh_timeout: float | None = None,
    threads: int | None = None,
    next_start: bool = False,
    server_macs: Collection[Mac] = (),
) -> None:
    """Deliver what a hypervisor's libvirt tells: domains as they come, then what their interfaces lead to.

    May block for ever: to be run under a deadline, on a thread that can be left behind.

    Args:
        target: What to read; an empty address is libvirt's own default.
        reading: Where to deliver.
        in_fleet: Are other hypervisors read at the same time? Then they, not more threads for this one, fill the time.
        allow_unsafe: Accept a URI that runs a command or reaches a shell.
        ssh_timeout: Seconds that asking a qemu+ssh host by ssh for what libvirt can't tell may take; None: don't.
        threads: How many use the connection at once; None: what suits its distance.
        next_start: Read the persistent definitions of running domains as well, one more round trip for each.
        server_macs: MACs of servers: a device of the host that has one is read even if no interface leads to it.

    Raises:
        ConnectorError: It can't be opened or listed, or the connection was lost; what was delivered before counts.
    """
    try:
        with open_read_only(target.address, reading, allow_unsafe=allow_unsafe) as connection:
            address = connection.getURI()
            session = Session(connection, reading, in_fleet=in_fleet, threads=threads)
            _read_all(session, address, next_start=next_start, server_macs=server_macs)
        if ssh_timeout is not None:
            host_facts.read_by_ssh(reading, address, timeout=ssh_timeout)
    except libvirt.libvirtError as error:
        raise ConnectorError(uri.without_secrets(reason(error), target.address)) from error
    except ConfigError as error:
        raise ConnectorError(str(error)) from error


@contextmanager
def open_read_only(address: str, reading: Reading, *, allow_unsafe: bool) -> Iterator[libvirt.virConnect]:
    """Open a connection that can change nothing, and that refuses every question.

    Raises:
        libvirt.libvirtError: It can't be opened.
        ConfigError: The URI is not one that may be opened.
        ConnectorError: There is no such file of definitions.
    """
    uri.check(address, allow_unsafe=allow_unsafe)
    _find_definitions(address)
    started = monotonic()
    login = [list(_QUESTIONS), _refuse, None]
    connection = libvirt.openAuth(uri.prepared(address) or None, login, libvirt.VIR_CONNECT_RO)
    opened = monotonic()
    reading.add(HostFacts(observed_at=datetime.now(UTC), open_seconds=opened - started))
    try:
        yield connection
    finally:
        reading.add(HostFacts(read_seconds=monotonic() - opened))
        with suppress(libvirt.libvirtError):
            connection.close()


def _refuse(_credentials: object, _context: object) -> int:
    """Answer to a question of whatever kind."""
    return -1


def _find_definitions(address: str) -> None:
    """Look for the file of a local `test:///FILE`: libxml2 would complain on stderr that there is none.

    Raises:
        ConnectorError: It can't be opened.
    """
    parsed = uri.parse(address)
    if address.lower().startswith("test:") and parsed.path not in ("/default", "/", ""):
        try:
            Path(parsed.path).open("rb").close()
        except OSError as error:
            raise ConnectorError(f"{parsed.path}: {error.strerror}") from error


def _read_all(session: Session, address: str, *, next_start: bool, server_macs: Collection[Mac]) -> None:
    domains = libvirt_lists.domains(session)
    session.reading.add(HostFacts(lists_all_domains=not uri.is_session(address)))
    lists = Lists(session.connection)
    if domains:
        session.run([Question(read) for read in (lists.read_networks, lists.read_interfaces, lists.read_node_devices)])
    leads = Leads(session, lists, server_macs)
    wanted = [_Wanted(domain) for domain in domains]
    if next_start:
        wanted += _next_starts(session, domains)
    use = partial(_read_domains, session, leads)
    session.run(
        [
            *_about_the_host(session, address, lists),
            Question(lambda: None, leads.follow_servers),
            *(Question(partial(item.domain.XMLDesc, _flags(item)), use, about=item) for item in wanted),
        ]
    )


def _flags(wanted: _Wanted) -> int:
    return int(libvirt.VIR_DOMAIN_XML_INACTIVE) if wanted.next_start else 0


def _next_starts(session: Session, domains: Sequence[libvirt.virDomain]) -> list[_Wanted]:
    """Return the definitions to be read of running domains; a transient domain has none."""
    persistent = libvirt_lists.persistent(session)
    running = (domain for domain in domains if domain.ID() != -1)
    return [
        _Wanted(domain, next_start=True)
        for domain in running
        if persistent is None or domain.UUIDString() in persistent
    ]


def _read_domains(session: Session, leads: Leads, answers: Sequence[Answer]) -> None:
    """Deliver the domains whose documents have come, and follow their interfaces.

    Raises:
        ConnectorError: The connection is gone, or the reading is closed; what had come before is delivered.
    """
    documents: list[tuple[str, DomainState]] = []
    described: list[tuple[str, bool]] = []
    lost: ConnectorError | None = None
    for (domain, next_start), said in answers:
        subject = f"domain {name_of(domain)}{' (next start)' if next_start else ''}"
        try:
            document = session.document(said, subject, GapAbout.DOMAIN)
        except ConnectorError as error:
            lost = error
            continue
        if document is not None:
            # Known from the list, without a round trip.
            is_off = next_start or domain.ID() == -1
            documents.append((document, DomainState.INACTIVE if is_off else DomainState.ACTIVE))
            described.append((subject, next_start))
    domains = analyzer.read_domains(documents, origin=session.reading.uri)
    for (subject, next_start), read in zip(described, domains, strict=True):
        if isinstance(read, AnalyzerError):
            session.reading.gap(subject, str(read), GapAbout.DOMAIN)
        else:
            session.reading.add(msgspec.structs.replace(read, next_start=True) if next_start else read)
            leads.follow(read)
    if lost is not None:
        raise lost


def _about_the_host(session: Session, address: str, lists: Lists) -> Iterator[Question]:
    """Deliver what needs no round trip, and return the questions for the rest."""
    if uri.is_local(address):
        session.reading.add(host_facts.of_this_machine())
    yield Question(partial(_read_host, session, address))
    if uri.driver(address) in _ON_THE_HOST:
        yield Question(session.connection.getLibVersion, partial(_use_version, session))
    if lists.node_devices.documents:
        yield Question(lists.node_device("computer"), partial(_use_computer, session))


def _read_host(session: Session, address: str) -> None:
    """Deliver the host's name, CPUs and memory."""
    try:
        if session.reading.target.name is None:
            name = uri.host_name(address) or session.connection.getHostname()
            session.reading.add(HostFacts(name=name))
        _model, memory_mib, cpus, *_ = session.connection.getInfo()
        session.reading.add(HostFacts(cpus=cpus, memory_mib=memory_mib))
    except libvirt.libvirtError as error:
        end_if_lost(session.connection, error)
        if not is_unsupported(error):
            session.reading.gap("host name, CPUs and memory", reason(error), GapAbout.DEVICE)


def _use_version(session: Session, answers: Sequence[Answer]) -> None:
    """Deliver the daemon's version; without it there is one fact less about the kernel, not a gap."""
    for answer in answers:
        if isinstance(answer.said, int):
            daemon = Observed(value=answer.said, source=SOURCE, observed_at=datetime.now(UTC))
            session.reading.add(HostFacts(daemon=daemon))
        else:
            session.optional(answer.said)


def _use_computer(session: Session, answers: Sequence[Answer]) -> None:
    """Deliver what the host's firmware says of it, if anything."""
    for answer in answers:
        document = session.optional(answer.said)
        if document is not None:
            with suppress(AnalyzerError):
                dmi = analyzer.read_computer(document)
                machine, uuid = hostnet.read_machine(dmi=dmi), hostnet.system_uuid(dmi.uuid)
                session.reading.add(HostFacts(machine=machine, system_uuid=uuid))
