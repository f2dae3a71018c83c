"""The table of sources: how each is written, described, renewed and redacted; one row for each kind, for all users."""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec

from virtscan.model.plan import ServerTarget, SourceKind, TargetKind
from virtscan.model.states import State


class AddressKind(Enum):
    """The part after the scheme, of which `--redact` replaces some.

    PATH: all of it. DESTINATION (`//[user@]host[:port]`) and URI (libvirt's): user and host; of `test:///PATH` the
    path. NONE and WORD: nothing can identify.
    """

    PATH = "path"
    DESTINATION = "destination"
    URI = "uri"
    NONE = "none"
    WORD = "word"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A row: `form` is its syntax, `help` a phrase for its content, `renewal` how to get newer facts.

    `scheme` is the word before the colon, also in a source as shown; a URI has its own.
    `has_stack` is False for a source with one device, without the devices above and below it.
    """

    scheme: str
    address: AddressKind
    form: str
    help: str
    renewal: str
    has_stack: bool = True

    def text(self, address: str) -> str:
        """Return the address with its scheme, as inventories and reports show it."""
        match self.address:
            case AddressKind.DESTINATION:
                return f"{self.scheme}://{address}"
            case AddressKind.PATH | AddressKind.NONE:
                return f"{self.scheme}:{without_surrogates(address)}"
            case AddressKind.URI | AddressKind.WORD:
                return address


def without_surrogates(path: str) -> str:
    """Escape the bytes of a path that are not UTF-8: Python has them as lone surrogates, which can't be written."""
    return path.encode(errors="backslashreplace").decode()


SCAN_AGAIN = "scan again when it can be read"
"""Renewal of facts that the scan itself reads."""

SOURCES: Mapping[SourceKind, Source] = {
    SourceKind.SSH: Source(
        scheme="ssh",
        address=AddressKind.DESTINATION,
        form="ssh://[user@]host[:port]",
        help="the server itself, over SSH",
        renewal=SCAN_AGAIN,
    ),
    SourceKind.FILE: Source(
        scheme="file",
        address=AddressKind.PATH,
        form="file:PATH",
        help="output of ethtool -k",
        renewal="save the output of ethtool -k again",
        has_stack=False,
    ),
    SourceKind.SOSREPORT: Source(
        scheme="sosreport",
        address=AddressKind.PATH,
        form="sosreport:PATH",
        help="a sosreport",
        renewal="take a new sosreport",
    ),
    SourceKind.ANSIBLE: Source(
        scheme="ansible",
        address=AddressKind.PATH,
        form="ansible:PATH",
        help="facts gathered by Ansible",
        renewal="gather its facts again",
    ),
    SourceKind.LOCAL: Source(
        scheme="local", address=AddressKind.NONE, form="local:", help="this machine", renewal=SCAN_AGAIN
    ),
    SourceKind.DECLARED: Source(
        scheme="",
        address=AddressKind.WORD,
        form="on or off",
        help="a declaration",
        renewal="declare its present state",
    ),
}
"""Sources of the offload state of a provisioning server: the SOURCE of `--server` and of the configuration."""

TARGETS: Mapping[TargetKind, Source] = {
    TargetKind.LIBVIRT: Source(
        scheme="",
        address=AddressKind.URI,
        form="URI",
        help="Libvirt URI of a hypervisor, as in virsh -c. Repeatable.",
        renewal=SCAN_AGAIN,
    ),
    TargetKind.XML: Source(
        scheme="xml",
        address=AddressKind.PATH,
        form="xml:PATH",
        help="Domain XML, a folder or a file, read as one hypervisor. Repeatable.",
        renewal="dump its definitions again",
    ),
    TargetKind.SOSREPORT: Source(
        scheme="sosreport",
        address=AddressKind.PATH,
        form="sosreport:PATH",
        help="Sosreport of a hypervisor, a folder or an archive. Repeatable.",
        renewal="take a new sosreport",
    ),
}
"""Sources of hypervisors; `help` is that of the option."""


def forms() -> str:
    """List every SOURCE for an error message."""
    return ", ".join(row.form for row in SOURCES.values())


def help_text() -> str:
    """List every SOURCE with its content, for `--help`."""
    return "; ".join(f"{row.form} ({row.help})" for row in SOURCES.values())


def shown(target: ServerTarget) -> str:
    """Return the SOURCE of a server as it is shown: it can hold no password."""
    return SOURCES[target.kind].text(target.address or (target.declared.value if target.declared else ""))


def is_declared(source: str) -> bool:
    """Return True if a server's source, as shown, is a declaration."""
    return source in {State.ON.value, State.OFF.value}


def has_stack(source: str) -> bool:
    """Return True if a server's source, as shown, has all devices of a sending stack."""
    return all(row.has_stack for row in _rows(source))


def is_remote(source: str) -> bool:
    """Return True if a source, as shown, is read at its own address, from any machine."""
    return any(row.address is AddressKind.DESTINATION for row in _rows(source))


def is_local(source: str) -> bool:
    """Return True if a source, as shown, means something else on another machine."""
    return any(row.address in {AddressKind.PATH, AddressKind.NONE} for row in _rows(source))


def renewal(*sources: str) -> str:
    """Return how to renew facts of these sources, as shown: for the first source that a scan alone does not renew."""
    own = (row.renewal for source in sources for row in _rows(source) if row.renewal != SCAN_AGAIN)
    return next(own, SCAN_AGAIN)


def _rows(source: str) -> Iterable[Source]:
    scheme = source.partition(":")[0]
    return (row for row in (*SOURCES.values(), *TARGETS.values()) if row.scheme and row.scheme == scheme)
