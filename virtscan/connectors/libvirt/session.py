"""One connection, read-only and without prompts, and its work: requests for documents, and delivery of their facts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias, TypeVar, assert_never

import libvirt

from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.connectors.libvirt.errors import end_if_lost, reason
from virtscan.connectors.libvirt.replies import Fetched, LibvirtFailure, NotText, Reply, size_of
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall, RequestPipeline
from virtscan.engines import background
from virtscan.errors import AnalyzerError, ConnectorError
from virtscan.model import GapAbout
from virtscan.model.gaps import AnyItem
from virtscan.model.gaps.causes import BadDocument, Failure, NotUtf8
from virtscan.transport import uri

# Without a handler of its own libvirt prints every error to stderr. One for the whole process, before any thread.
libvirt.registerErrorHandler(lambda _context, _error: None, None)

_QUESTIONS = range(libvirt.VIR_CRED_USERNAME, libvirt.VIR_CRED_EXTERNAL + 1)

FAR = 0.005
"""Seconds of the fastest call; from this on, the network takes most of the time."""

MOST_NEAR, MOST_FAR = 8, 24
"""Concurrent calls on one connection."""

Deliver: TypeAlias = Callable[[str], None]
"""Works on a document; raises AnalyzerError."""

T = TypeVar("T")


@contextmanager
def open_read_only(address: str, draft: HostDraft, *, allow_unsafe: bool) -> Iterator[libvirt.virConnect]:
    """Open a read-only connection that refuses every prompt.

    Raises:
        libvirt.libvirtError: It can't be opened.
        ConfigError: The URI is not one that may be opened.
        ConnectorError: The file of definitions can't be opened.
    """
    uri.check(address, allow_unsafe=allow_unsafe)
    _find_definitions(address)
    started = monotonic()
    login = [list(_QUESTIONS), _refuse, None]
    connection = libvirt.openAuth(uri.prepared(address) or None, login, libvirt.VIR_CONNECT_RO)
    opened = monotonic()
    draft.add(HostFacts(observed_at=datetime.now(UTC), open_seconds=opened - started))
    try:
        yield connection
    finally:
        draft.add(HostFacts(read_seconds=monotonic() - opened))
        background.call(partial(_close, connection))


def _close(connection: libvirt.virConnect) -> None:
    """Close a connection in order, one more round trip; otherwise the daemon logs an error."""
    with suppress(libvirt.libvirtError):
        connection.close()


def _refuse(_credentials: object, _context: object) -> int:
    """Refuse any prompt."""
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


class Session:
    """An open connection, the draft that it fills, and how many calls use it at a time.

    `threads` is their number; None: chosen by the latency of the connection.
    """

    def __init__(
        self, connection: libvirt.virConnect, draft: HostDraft, *, in_fleet: bool, threads: int | None = None
    ) -> None:
        self.connection = connection
        self.draft = draft
        self._most = partial(most_at_once, in_fleet=in_fleet, threads=threads)
        self._pipeline = RequestPipeline((), self._most, size_of)

    def run(self, requests: Sequence[PipelinedCall[Any]]) -> None:  # Any: each request has a type of its own
        """Make all requests, of one or a few round trips each, and the requests added while results are used."""
        self._pipeline = RequestPipeline(requests, self._most, size_of)
        self._pipeline.run(self._end_if_closed)

    def add_all(self, requests: Iterable[PipelinedCall[Any]]) -> None:  # Any: as above
        """Add further requests in this order, while a result is used."""
        self._pipeline.add_all(requests)

    def add(self, request: PipelinedCall[T]) -> None:
        """Add a further request, while a result is used."""
        self._pipeline.add(request)

    def read(self, item: AnyItem, about: GapAbout, deliver: Deliver, replies: Sequence[Reply[str]]) -> None:
        """Deliver documents; a defect of one is a gap.

        Raises:
            ConnectorError: The connection is gone.
        """
        for reply in replies:
            document = self.document(reply, item, about)
            if document is not None:
                try:
                    deliver(document)
                except AnalyzerError as error:
                    self.draft.gap(item, BadDocument(detail=str(error)), about)

    def document(self, reply: Reply[str], item: AnyItem, about: GapAbout) -> str | None:
        """Return the document of a reply; None if it has none, which is a gap then.

        Raises:
            ConnectorError: As `read`.
        """
        match reply:
            case Fetched(value=document):
                return document
            case LibvirtFailure(error=error):
                # A domain may vanish between being listed and being described (VIR_ERR_NO_DOMAIN), or be busy for long.
                end_if_lost(self.connection, error)
                self.draft.gap(item, Failure(detail=reason(error)), about)
            case NotText():
                self.draft.gap(item, NotUtf8(), about)
            case _:
                assert_never(reply)
        return None

    def optional(self, replies: Sequence[Reply[T]]) -> Iterator[T]:
        """Yield the values of replies; one without a value is not a gap.

        Raises:
            ConnectorError: As `read`.
        """
        for reply in replies:
            if isinstance(reply, LibvirtFailure):
                end_if_lost(self.connection, reply.error)
            if isinstance(reply, Fetched):
                yield reply.value

    def _end_if_closed(self) -> None:
        if self.draft.is_closed:
            # Past its deadline: further work would only delay others.
            raise ConnectorError("deadline passed")


def most_at_once(fastest: float, hung: int, *, in_fleet: bool, threads: int | None) -> int:
    """Return how many calls may use a connection at a time, by the seconds that the fastest call so far took.

    The fastest, because lists take longer with more domains, and every call does on a busy CPU. Infinity means that no
    call has ended yet: the first requests are few, and a single host gets them immediately. In a fleet, other hosts
    use the time, so a near host has one call at a time. Several calls on one connection wake each other's threads,
    which costs more than the call. A single near host is read in nine tenths of the time with eight calls instead of
    four; more save nothing.

    libvirt's client has two defects that only several calls meet (both seen with 9.0.0). A call may not be sent before
    the next reply comes. The process may crash when the connection is lost while other threads send. The cause is a
    stale GSource, CVE-2024-4418, fixed in 10.3.0 and in many distributions' older versions. Both defects are rare. One
    after another, a far host's round trips would take ten times as long.
    """
    if threads:
        return threads
    if fastest <= FAR:
        return hung + (1 if in_fleet else MOST_NEAR)
    return hung + (1 if in_fleet and fastest == float("inf") else MOST_FAR)
