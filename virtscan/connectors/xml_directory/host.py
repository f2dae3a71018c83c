"""Reader of a hypervisor's folder of XML: `virsh dumpxml` output, or a copy of /etc/libvirt/qemu."""

import logging
import os
import re
from pathlib import Path, PurePath
from time import monotonic

from virtscan.analyzer import Unread, documents
from virtscan.connectors.caused_error import CausedError
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.connectors.xml_directory import files
from virtscan.connectors.xml_directory.files import File
from virtscan.errors import ConnectorError
from virtscan.files import moment
from virtscan.model import Domain, Gap, GapAbout, LeftOut, Network, Target, WhyLeftOut
from virtscan.model.gaps.causes import BadDocument, DefinedTwice, Failure, NoDefinitions
from virtscan.model.gaps.items import WholeHost
from virtscan.model.sources import without_surrogates

_log = logging.getLogger(__name__)

_TAG = re.compile(rb"<[A-Za-z/!?]")
_DEFINITION = re.compile(rb"<(?:domain|domstatus|network|networkstatus|node)[\s/>]")
_DOMAIN_IN = re.compile(rb"<domain(?:\s[^>]*)?(?<!/)>(?:(?!</domain>).)*?<name>([^<]*)</name>", re.DOTALL)
"""A domain in a document of any kind, with its name."""
_MOST_NAMES = 5


def host_name(address: str) -> str:
    """Return the name that a folder, or a single file, gives to its hypervisor; the root folder gives none."""
    path = PurePath(os.path.abspath(address))  # noqa: PTH100 Path.resolve would ask the disk, which may hang
    return without_surrogates(path.name.removesuffix(".gz").removesuffix(".xml"))


def read(target: Target, draft: HostDraft) -> None:
    """Deliver every domain and network of the files in a folder and all below, or of one file.

    Every file counts that begins like XML, with any name that does not begin with a dot, also compressed with gzip. A
    file counts once, even if links such as libvirt's `autostart` lead to it, and by its own name where that is in the
    folder. A file that is left out is delivered as such, and so is a document of another kind. An unreadable
    document that may be a domain or a network is a gap. So is a snapshot of a domain that nothing else describes. The
    time of observation is when the newest file was written: later facts are unknown.

    Raises:
        ConnectorError: The folder or file does not exist, or nothing in it describes a domain or a network.
    """
    started = monotonic()
    contents = _Contents(draft)
    for file in files.find(Path(target.address)):
        if draft.is_closed:
            return  # past its deadline: further work would only delay others
        match file:
            case Gap():
                draft.add(file)
            case files.Unused():
                contents.leave_out(str(file.path), file.why)
            case File():
                contents.read(file)
    contents.deliver_networks()
    contents.deliver_unread()
    contents.deliver_left_out()
    draft.add(HostFacts(observed_at=moment(contents.newest), read_seconds=monotonic() - started))
    if contents.newest is None:
        raise CausedError(contents.nothing_found(networks=True))
    missing = contents.nothing_found(networks=False)
    if not contents.has_domains and missing.left_out:
        draft.gap(WholeHost(uri=draft.uri), missing, GapAbout.HYPERVISOR)


class _Contents:
    """The documents of all files."""

    def __init__(self, draft: HostDraft) -> None:
        self.newest: float | None = None
        self._files = 0
        self._left_out: dict[str, WhyLeftOut] = {}
        self._names: set[str] = set()
        self._inside: dict[str, tuple[str, set[str]]] = {}
        self._draft = draft
        self._networks: dict[str, tuple[Network, str]] = {}
        self._disputed: set[str] = set()

    @property
    def has_domains(self) -> bool:
        """Return True if a domain was delivered."""
        return bool(self._names)

    def nothing_found(self, *, networks: bool) -> NoDefinitions:
        """Return the cause that no domain was found, with the files that gave nothing."""
        paths = [path for path, why in self._left_out.items() if why is not WhyLeftOut.HIDDEN]
        names = tuple(PurePath(path).name for path in paths[:_MOST_NAMES])
        return NoDefinitions(left_out=names, more=len(paths) - len(names), networks=networks, is_empty=not self._files)

    def read(self, file: File) -> None:
        """Deliver a file's domains, and keep its networks."""
        self._files += 1
        origin = without_surrogates(str(file.path))
        try:
            data = files.content(file)
        except ConnectorError as error:
            self._draft.add(files.gap(origin, Failure(detail=str(error))))
            return
        if isinstance(data, bytes) and not file.path.suffix and _is_prose(data):
            data = WhyLeftOut.NOT_XML
        if isinstance(data, WhyLeftOut):
            self.leave_out(origin, data)
            return
        is_meant = file.is_meant or _DEFINITION.search(data) is not None
        for document in documents(data, origin=origin):
            match document:
                case Domain():
                    self._names.add(document.name)
                    self._draft.add(document)
                case Network():
                    self._keep(document, origin)
                case Unread(about=GapAbout() as about) if is_meant:
                    self._draft.add(files.gap(document.origin, BadDocument(detail=document.reason), about))
                    continue
                case Unread():
                    inside = {name.decode(errors="replace") for name in _DOMAIN_IN.findall(data)}
                    if inside:
                        self._inside[document.origin] = document.reason, inside
                    self.leave_out(document.origin, WhyLeftOut.OTHER_KIND, document.reason)
                    continue
            written = file.status.st_mtime
            self.newest = written if self.newest is None else max(self.newest, written)

    def deliver_networks(self) -> None:
        """Deliver the networks that have one definition: which of two counts is unknown."""
        names = self._networks.keys() - self._disputed
        self._draft.add(*(self._networks[name][0] for name in names))

    def deliver_unread(self) -> None:
        """Deliver a gap for each snapshot or checkpoint of a domain that no document describes."""
        for origin, (reason, names) in self._inside.items():
            missing = tuple(sorted(names - self._names))
            if missing:
                self._left_out.pop(origin, None)
                self._draft.add(files.gap(origin, BadDocument(detail=reason, domains=missing)))

    def deliver_left_out(self) -> None:
        """Deliver the files that are left out, by their paths in the folder."""
        start = f"{without_surrogates(str(Path(self._draft.target.address))).rstrip('/')}/"
        self._draft.add(
            *(LeftOut(path=path.removeprefix(start), why=why) for path, why in sorted(self._left_out.items()))
        )

    def _keep(self, network: Network, origin: str) -> None:
        defined, first = self._networks.setdefault(network.name, (network, origin))
        if defined != network:
            self._disputed.add(network.name)
            cause = DefinedTwice(network=network.name, first=first)
            self._draft.add(files.gap(origin, cause, GapAbout.NETWORK))

    def leave_out(self, origin: str, why: WhyLeftOut, reason: str | None = None) -> None:
        """Record that a file, or one of its documents, is left out."""
        origin = without_surrogates(origin)
        self._left_out[origin] = why
        _log.info("%s: left out: %s", origin, reason or why.value)


def _is_prose(data: bytes) -> bool:
    """Return True for a README and the like. A failed `virsh dumpxml` leaves an empty file, a crash a file of zeros."""
    return bool(data.strip()) and b"\0" not in data and _TAG.search(data) is None
