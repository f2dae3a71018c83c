"""A hypervisor as a folder of XML: as `virsh dumpxml` prints it, or as it lies in /etc/libvirt/qemu."""

import logging
import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from time import monotonic

from virtscan.analyzer import MAX_FILE, Unread, documents
from virtscan.connectors.reading import HostFacts, Reading
from virtscan.errors import ConnectorError
from virtscan.model import Domain, Gap, GapAbout, Network, Target

_log = logging.getLogger(__name__)

_TAG = re.compile(rb"<[A-Za-z/!?]")


def shown(address: str) -> str:
    """The address as it is shown: `xml:` and the path."""
    return f"xml:{_printable(address)}"


def host_name(address: str) -> str:
    """The name that a folder, or a single file, gives to its hypervisor."""
    path = PurePath(os.path.abspath(address))  # noqa: PTH100 Path.resolve would ask the disk, which may hang
    return _printable(path.name.removesuffix(".xml")) or shown(address)


def read(target: Target, reading: Reading) -> None:
    """Deliver every domain and network of the files `*.xml` in a folder and all below, or of one file of any name.

    Names that begin with a dot are left out. A file counts once whatever links lead to it, such as libvirt's
    `autostart`, and by its own name where that is in the folder. Documents of other kinds are only logged; what may
    be a domain or a network and can't be read is a gap. The time of observation is when the newest file was written:
    nobody says what was true after that.

    Raises:
        ConnectorError: There is no such folder or file, or nothing in it describes a domain or a network.
    """
    started = monotonic()
    contents = _Contents(reading)
    for path, status in _files(Path(target.address), reading):
        if reading.is_closed:
            return  # past its deadline: what still ran would only keep others from their work
        contents.read(path, status)
    contents.deliver_networks()
    reading.add(HostFacts(observed_at=_moment(contents.newest), read_seconds=monotonic() - started))
    if contents.newest is None:
        found = f"no domain and no network in it (files read: {contents.files})"
        raise ConnectorError(found if contents.files else "no file in it is named *.xml")


class _Contents:
    """What the files hold."""

    def __init__(self, reading: Reading) -> None:
        self.files = 0
        self.newest: float | None = None
        self._reading = reading
        self._networks: dict[str, tuple[Network, str]] = {}
        self._disputed: set[str] = set()

    def read(self, path: Path, status: os.stat_result) -> None:
        """Deliver a file's domains, keep its networks."""
        self.files += 1
        origin = _printable(path)
        try:
            data = _content(path, status)
        except ConnectorError as error:
            self._reading.add(_gap(origin, str(error)))
            return
        if not path.suffix and _is_prose(data):
            _log.info("%s: left out: no XML is in it", origin)
            return
        for document in documents(data, origin=origin):
            match document:
                case Domain():
                    self._reading.add(document)
                case Network():
                    self._keep(document, origin)
                case Unread():
                    self._miss(document)
                    continue
            self.newest = status.st_mtime if self.newest is None else max(self.newest, status.st_mtime)

    def deliver_networks(self) -> None:
        """Deliver the networks that have one definition: of two nobody can tell which one counts."""
        names = self._networks.keys() - self._disputed
        self._reading.add(*(self._networks[name][0] for name in names))

    def _keep(self, network: Network, origin: str) -> None:
        known, first = self._networks.setdefault(network.name, (network, origin))
        if known != network:
            self._disputed.add(network.name)
            reason = f"the network {network.name!r} is defined otherwise in {first}: neither counts"
            self._reading.add(_gap(origin, reason, GapAbout.NETWORK))

    def _miss(self, document: Unread) -> None:
        if document.about is None:
            _log.info("%s: left out: %s", document.origin, document.reason)
        else:
            self._reading.add(_gap(document.origin, document.reason, document.about))


def _files(start: Path, reading: Reading) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file to be read, once: first those that lie in the folders, then those that only links lead to.

    Raises:
        ConnectorError: `start` can't be read.
    """
    waiting = deque([start])
    seen: set[tuple[int, int]] = set()
    while waiting:
        path = waiting.popleft()
        # `virsh dumpxml web01 > web01` has no suffix; what has another one is no definition.
        is_meant = path == start or path.suffix.lower() in ("", ".xml")
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            if stat.S_ISDIR(status.st_mode):
                own, links = _entries(path)
                waiting.extendleft(reversed(own))
                waiting.extend(links)
            elif is_meant:
                yield path, status
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            if path == start:
                raise ConnectorError(_reason(error)) from error
            # A link into nowhere hides nothing, unless it is named like what is looked for.
            if path.suffix.lower() == ".xml" or not isinstance(error, FileNotFoundError):
                reading.add(_gap(_printable(path), _reason(error)))


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """What lies in a folder itself, and the links in it, each by name."""
    own: list[Path] = []
    links: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith("."):
                (links if entry.is_symlink() else own).append(folder / entry.name)
    return own, links


def _content(path: Path, status: os.stat_result) -> bytes:
    """The bytes of a file.

    Raises:
        ConnectorError: It can't be read, is being written, is too large, or may never end, as a pipe or a device.
    """
    if not stat.S_ISREG(status.st_mode):
        raise ConnectorError("it is no regular file")
    if status.st_size > MAX_FILE:
        raise ConnectorError(f"{status.st_size} bytes are more than a file can have ({MAX_FILE})")
    try:
        with path.open("rb") as file:
            data = file.read(status.st_size + 1)
    except OSError as error:
        raise ConnectorError(_reason(error)) from error
    if len(data) != status.st_size:
        raise ConnectorError("its size changed while it was read")
    return data


def _is_prose(data: bytes) -> bool:
    """Is it a README, say? An empty file may be what a failed `virsh dumpxml` left, one of zeros what a crash did."""
    return bool(data.strip()) and b"\0" not in data and _TAG.search(data) is None


def _gap(origin: str, reason: str, about: GapAbout = GapAbout.DOMAIN) -> Gap:
    return Gap(subject=origin, reason=reason, about=about)


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _moment(seconds: float | None) -> datetime | None:
    """The time in UTC; None for one that no calendar has, which a file can bear all the same."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _printable(path: str | Path) -> str:
    """The path as text that can be written everywhere; a name on disk is bytes of any encoding."""
    return str(path).encode(errors="backslashreplace").decode()
