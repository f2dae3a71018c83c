"""`--server NAME[:INTERFACE]=SOURCE` and `offload = SOURCE` -> what to read."""

import re

from virtscan.errors import ConfigError
from virtscan.model import ServerTarget, SourceKind, State
from virtscan.transport.ssh import parse_destination

_FORMS = "ssh://[user@]host[:port], file:PATH, sosreport:PATH, ansible:PATH, local:, on or off"
# The kernel refuses '/', ':', white space and more than 15 bytes (dev_valid_name); names with other signs than these
# are possible and nowhere in use.
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,14}")


def parse_server(text: str) -> ServerTarget:
    """Read `NAME[:INTERFACE]=SOURCE`.

    Raises:
        ConfigError: It is not of this form, or one of its parts can't be meant.
    """
    left, equals, source = text.partition("=")
    name, colon, interface = left.partition(":")
    if not equals:
        raise ConfigError(f"{text!r} has no '=': write NAME[:INTERFACE]=SOURCE, with SOURCE one of {_FORMS}")
    return server_target(name, source, interface=interface if colon else None)


def server_target(name: str, source: str, *, interface: str | None = None) -> ServerTarget:
    """The server of this name, to be read at SOURCE.

    Raises:
        ConfigError: The name is empty or not printable, the interface is no device name, or SOURCE is none.
    """
    if not name.strip() or not name.isprintable():
        raise ConfigError(f"{name!r} is no name for a server: write NAME[:INTERFACE]=SOURCE")
    if interface is not None and not _INTERFACE.fullmatch(interface):
        advice = ": an alias has no offload of its own, name its device" if ":" in interface else ""
        raise ConfigError(f"{interface!r} is no name of a network device{advice}")
    kind, address, declared = parse_source(source)
    return ServerTarget(name=name.strip(), kind=kind, address=address, declared=declared, interface=interface)


def parse_source(text: str) -> tuple[SourceKind, str, State | None]:
    """Read a SOURCE into its kind, its address (ssh, file, sosreport, ansible) and what is declared (`on`, `off`).

    Raises:
        ConfigError: It is none of the forms, or the address in it can't be meant.
    """
    scheme, _, rest = text.partition(":")
    match scheme, rest:
        case "on" | "off", "" if text == scheme:
            return SourceKind.DECLARED, "", State(scheme)
        case "local", "" if text != scheme:
            return SourceKind.LOCAL, "", None
        case "file", path if path:
            return SourceKind.FILE, path, None
        case "sosreport", path if path:
            return SourceKind.SOSREPORT, path, None
        case "ansible", path if path:
            return SourceKind.ANSIBLE, path, None
        case "ssh", address if address.startswith("//"):
            address = address.removeprefix("//").removesuffix("/")
            parse_destination(address)
            return SourceKind.SSH, address, None
    # The text itself is not repeated: it may be an address with a password in it.
    raise ConfigError(f"unknown SOURCE{f' {scheme}:' if scheme in _ALMOST else ''}: write {_FORMS}")


_ALMOST = {"on", "off", "local", "file", "sosreport", "ansible", "ssh"}


def shown(target: ServerTarget) -> str:
    """The SOURCE of a target, fit to be shown: it can hold no password."""
    declared = target.declared.value if target.declared else ""
    return f"{_PREFIXES[target.kind]}{target.address}{declared}"


_PREFIXES = {
    SourceKind.SSH: "ssh://",
    SourceKind.FILE: "file:",
    SourceKind.SOSREPORT: "sosreport:",
    SourceKind.ANSIBLE: "ansible:",
    SourceKind.LOCAL: "local:",
    SourceKind.DECLARED: "",
}
