"""`--server NAME[:INTERFACE]=SOURCE` and `offload = SOURCE` to targets."""

import re
from typing import assert_never

from virtscan.errors import ConfigError
from virtscan.model import ServerTarget, SourceKind, State
from virtscan.model.sources import SOURCES, AddressKind, Source, forms, is_declared
from virtscan.transport import url_secrets
from virtscan.transport.ssh import parse_destination

# The kernel refuses '/', ':', white space and more than 15 bytes (dev_valid_name); names with other characters
# are possible, but not in use.
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,14}")


def parse_server(text: str) -> ServerTarget:
    """Read `NAME[:INTERFACE]=SOURCE`.

    Raises:
        ConfigError: It is not of this form, or one of its parts is invalid; the error names the server.
    """
    label, equals, source = text.partition("=")
    name, colon, interface = label.partition(":")
    if not equals:
        advice = f"write NAME[:INTERFACE]=SOURCE, with SOURCE one of {forms()}"
        raise ConfigError(f"--server: invalid server {url_secrets.shown(text)!r}; {advice}")
    try:
        return server_target(name, source, interface=interface if colon else None)
    except ConfigError as error:
        raise ConfigError(f"--server {label!r}: {error}") from error


def server_target(name: str, source: str, *, interface: str | None = None) -> ServerTarget:
    """Return the server of this name, to be read at SOURCE.

    Raises:
        ConfigError: The name is empty or not printable, the interface is not a device name, or SOURCE is invalid.
    """
    if not name.strip() or not name.isprintable():
        raise ConfigError(f"invalid server name {name!r}; write NAME[:INTERFACE]=SOURCE", key="name")
    if interface is not None and not _INTERFACE.fullmatch(interface):
        is_alias = ":" in interface
        advice = "an alias has no offload of its own: name its device" if is_alias else "write one that `ip link` shows"
        raise ConfigError(f"invalid device name {interface[:40]!r}; {advice}", key="interface")
    kind, address, declared = parse_source(source)
    return ServerTarget(name=name.strip(), kind=kind, address=address, declared=declared, interface=interface)


def parse_source(text: str) -> tuple[SourceKind, str, State | None]:
    """Read a SOURCE into its kind, its address (of a kind that has one) and the declared state (`on`, `off`).

    Raises:
        ConfigError: It has none of the forms, or the address in it is invalid.
    """
    for kind, row in SOURCES.items():
        address = _address(text, row)
        if address is not None:
            is_word = row.address is AddressKind.WORD
            return kind, "" if is_word else address, State(address) if is_word else None
    # The text itself is not repeated: it may be an address with a password in it.
    scheme = text.partition(":")[0]
    is_known = is_declared(scheme) or scheme in {row.scheme for row in SOURCES.values() if row.scheme}
    raise ConfigError(f"unknown SOURCE{f' {scheme}:' if is_known else ''}; write {forms()}")


def _address(text: str, row: Source) -> str | None:
    """Return the address, or the word, of a SOURCE that has the form of this row; None for another form."""
    scheme, _, rest = text.partition(":")
    match row.address:
        case AddressKind.WORD:
            return text if is_declared(text) else None
        case AddressKind.NONE:
            return "" if text == row.text("") else None
        case AddressKind.PATH:
            return rest if scheme == row.scheme and rest else None
        case AddressKind.DESTINATION:
            if scheme != row.scheme or not rest.startswith("//"):
                return None
            address = rest.removeprefix("//").removesuffix("/")
            parse_destination(address)
            return address
        case AddressKind.URI:
            return None  # of hypervisors only
        case _:
            assert_never(row.address)
