"""A hypervisor read through libvirt: read-only, without a question, in as few round trips as possible."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic

import libvirt

from virtscan import analyzer
from virtscan.connectors import host_facts, libvirt_lists, uri
from virtscan.connectors.libvirt_devices import Leads
from virtscan.connectors.libvirt_errors import end_if_lost, is_unsupported, reason
from virtscan.connectors.libvirt_lists import Lists, name_of
from virtscan.connectors.libvirt_session import Session
from virtscan.connectors.reading import HostFacts, Reading
from virtscan.connectors.spread import Answer, Question
from virtscan.errors import AnalyzerError, ConfigError, ConnectorError
from virtscan.model import DomainState, GapAbout, Target

# Without a handler of its own libvirt prints every error to stderr. One for the whole process, before any thread.
libvirt.registerErrorHandler(lambda _context, _error: None, None)

_QUESTIONS = range(libvirt.VIR_CRED_USERNAME, libvirt.VIR_CRED_EXTERNAL + 1)


def read(
    target: Target,
    reading: Reading,
    *,
    in_fleet: bool,
    allow_unsafe: bool = False,
    ssh_timeout: float | None = None,
    threads: int | None = None,
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

    Raises:
        ConnectorError: It can't be opened or listed, or the connection was lost; what was delivered before counts.
    """
    try:
        with open_read_only(target.address, reading, allow_unsafe=allow_unsafe) as connection:
            address = connection.getURI()
            _read_all(Session(connection, reading, in_fleet=in_fleet, threads=threads), address)
        if ssh_timeout is not None:
            host_facts.read_by_ssh(reading, address, timeout=ssh_timeout)
    except libvirt.libvirtError as error:
        raise ConnectorError(uri.without_secrets(reason(error), target.address)) from error
    except ConfigError as error:
        raise ConnectorError(str(error)) from error


@contextmanager
def open_read_only(address: str, reading: Reading, *, allow_unsafe: bool) -> Iterator[libvirt.virConnect]:
    """A connection that can change nothing, and whose questions nobody answers.

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


def _read_all(session: Session, address: str) -> None:
    domains = libvirt_lists.domains(session)
    lists = Lists(session.connection)
    if domains:
        session.run([Question(read) for read in (lists.read_networks, lists.read_interfaces, lists.read_node_devices)])
    leads = Leads(session, lists)
    host = Question(partial(_read_host, session, address))
    read_domains = partial(_read_domains, session, leads)
    session.run([host, *(Question(domain.XMLDesc, read_domains, about=domain) for domain in domains)])


def _read_domains(session: Session, leads: Leads, answers: Sequence[Answer]) -> None:
    """Deliver the domains whose documents have come, and follow their interfaces.

    Raises:
        ConnectorError: The connection is gone, or nobody waits any more; what had come before is delivered.
    """
    documents: list[tuple[str, DomainState]] = []
    subjects: list[str] = []
    lost: ConnectorError | None = None
    for domain, said in answers:
        subject = f"domain {name_of(domain)}"
        try:
            document = session.document(said, subject, GapAbout.DOMAIN)
        except ConnectorError as error:
            lost = error
            continue
        if document is not None:
            # Known from the list, without a round trip.
            state = DomainState.INACTIVE if domain.ID() == -1 else DomainState.ACTIVE
            documents.append((document, state))
            subjects.append(subject)
    for subject, read in zip(subjects, analyzer.read_domains(documents, origin=session.reading.uri), strict=True):
        if isinstance(read, AnalyzerError):
            session.reading.gap(subject, str(read), GapAbout.DOMAIN)
        else:
            session.reading.add(read)
            leads.follow(read)
    if lost is not None:
        raise lost


def _read_host(session: Session, address: str) -> None:
    """Deliver the host's name, CPUs and memory, and its kernel if it is this machine."""
    if uri.is_local(address):
        session.reading.add(HostFacts(kernel=host_facts.of_this_machine()))
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
