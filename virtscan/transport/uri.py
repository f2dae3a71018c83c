"""libvirt's connection URIs: parsing and checks for unsafe parameters; pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

import msgspec

from virtscan.errors import ConfigError
from virtscan.nearest import nearest
from virtscan.transport.loopback import is_seen_here_only
from virtscan.transport.url_secrets import decoded, secrets, shown

_SSH_TRANSPORTS = ("ssh", "libssh", "libssh2")

_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
"""RFC 3986, appendix B: scheme, authority, path, query. libvirt lets libxml2 do this, which refuses more."""

_AUTHORITY = re.compile(r"(?:(.*)@)?(\[[^]]*\]|[^:]*)(?::(\d*))?", re.DOTALL)

_FILES_HERE = frozenset({"authfile", "command", "keyfile", "known_hosts", "pkipath"})
"""Parameters whose value is a path of the machine that opens the URI; `authfile`, with passwords, is in virauth.c."""

_DRIVERS = (
    "bhyve", "ch", "esx", "gsx", "hyperv", "lxc", "openvz", "parallels", "phyp", "qemu", "remote", "test", "vbox",
    "vmwarefusion", "vmwareplayer", "vmwarews", "vpx", "vz", "vzlinux", "xen",
)  # fmt: skip
"""Drivers that libvirt has or had (src/driver.c, and the remote driver's own)."""

_TRANSPORTS = ("unix", "tcp", "tls", "ssh", "libssh", "libssh2", "ext")
"""All transports of libvirt's remote driver (remote_sockets.c remoteDriverTransport)."""

_HOST_ALONE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
"""A host name with a dot, or an IPv4 address; it can't be an alias in libvirt's client configuration."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_DANGERS = {
    "command": "runs a program on this machine",
    "netcat": "is a command line on the remote host",
    "socket": "is part of a shell command on the remote host",
}


_AT_ONCE = 1024
"""Number of cached URIs: those of all hypervisors that are read at the same time."""


class LibvirtUri(msgspec.Struct, frozen=True, kw_only=True):
    """A URI as libvirt's remote driver reads it (remote_sockets.c remoteSplitURIScheme, viruri.c).

    `driver` is empty for libvirt's default URI and for an alias in its client configuration. `transport` is that of the
    scheme, else tls with a host and unix without. `parameters` have lower-case names; of repeated ones the last counts.
    """

    driver: str
    transport: str
    user: str | None
    host: str | None
    port: int | None
    path: str
    parameters: Mapping[str, str]


@lru_cache(maxsize=_AT_ONCE)
def parse(address: str) -> LibvirtUri:
    """Split a URI into its parts; the result is cached.

    Raises:
        ConfigError: It has characters that are invalid in a URI, or a host or user that ssh would treat as an option.
    """
    if control := _CONTROL.search(decoded(address)):
        raise ConfigError(f"not a libvirt URI: contains the character {control[0]!a}; remove it")
    match = _PARTS.fullmatch(address)
    scheme, authority, path, query = match.groups() if match else (None, None, address, None)
    parts = _AUTHORITY.fullmatch(authority or "")
    if parts is None:
        raise ConfigError("not a libvirt URI: the part between // and the next / is not [user@]host[:port]")
    user, host = (unquote(part).strip("[]") if part else None for part in parts.groups()[:2])
    if any(part.startswith("-") for part in (user, host) if part):
        raise ConfigError("not a libvirt URI: its user or host begins with '-', which ssh treats as an option")
    driver, _, transport = (scheme or "").lower().partition("+")
    return LibvirtUri(
        driver=driver,
        transport=transport or ("tls" if host else "unix"),
        user=user,
        host=host,
        port=_port(parts[3]),
        path=unquote(path),
        parameters=dict(_parameters(query or "")),
    )


def _port(digits: str | None) -> int | None:
    if not digits:
        return None
    if len(digits.lstrip("0")) > 5 or int(digits) > 65535:
        raise ConfigError(f"not a libvirt URI: port {digits[:9]}{'…' * (len(digits) > 9)} is over 65535")
    return int(digits)


def check(address: str, *, allow_unsafe: bool, consent: str = "add --allow-unsafe-uri") -> tuple[str, ...]:
    """Refuse a URI that could do more than read a hypervisor; warn about parameters that weaken the connection.

    Parameters are searched in every part of the URI, and at every level of percent-encoding. libvirt decodes once, and
    passes unknown parameters on to the other side. The path, key and certificate parameters only name local files;
    `proxy`, `mode` and `sshauth` have fixed sets of values.

    Args:
        address: The URI.
        allow_unsafe: Accept a URI that can run a command.
        consent: The action that makes it accepted, for the message.

    Raises:
        ConfigError: It is not a URI, or has such a parameter, which the message names.
    """
    uri = parse(address)
    _check_form(address, uri)
    _opened_by_daemon(uri)
    parameters = [(name.strip().lower(), value) for name, value in _everything(address)]
    if not allow_unsafe and (danger := _danger(uri, parameters)):
        raise ConfigError(f"{shown(address)}: {danger}; if you trust this URI, {consent}")
    warnings = []
    if any(name == "no_verify" and value.strip() != "0" for name, value in parameters):
        warnings.append("no_verify: the hypervisor's identity is not verified")
    if any(name == "known_hosts_verify" and value.strip() != "normal" for name, value in parameters):
        warnings.append("known_hosts_verify: an unknown host key is accepted")
    return tuple(warnings)


def _check_form(address: str, uri: LibvirtUri) -> None:
    """Refuse a text that is not a URI, and suggest the correct form.

    A later libvirt may have further drivers, so an unknown one is an error only if it is similar to a known one. The
    transports have not changed since libvirt 3.8, and libvirt refuses others for every driver.
    """
    if uri.driver and uri.driver not in _DRIVERS and (near := nearest(uri.driver, _DRIVERS)):
        corrected = near + address[len(uri.driver) :]
        raise ConfigError(f"{shown(address)}: unknown libvirt driver {uri.driver!r}; did you mean {shown(corrected)}?")
    scheme, colon, rest = address.partition(":")
    driver_name, plus, transport = scheme.partition("+")
    if uri.driver and plus and transport.lower() not in _TRANSPORTS:
        near = nearest(transport.lower(), _TRANSPORTS)
        action = (
            f"did you mean {shown(f'{driver_name}+{near}{colon}{rest}')}?" if near else f"use {', '.join(_TRANSPORTS)}"
        )
        raise ConfigError(f"{shown(address)}: unknown libvirt transport {transport!r}; {action}")
    if not uri.driver and _HOST_ALONE.fullmatch(address):
        raise ConfigError(f"{address}: not a libvirt URI; write e.g. qemu+ssh://root@{address}/system")


def prepared(address: str) -> str:
    """Return the URI to open, with a parameter that keeps ssh from prompting (of repeated ones the last counts)."""
    if parse(address).transport not in _SSH_TRANSPORTS:
        return address
    start, hash_mark, fragment = address.partition("#")
    _, question, query = start.partition("?")
    # libvirt splits at ';' only if no '&' follows, so the separator in use must be kept.
    separator = "?" if not question else ";" if ";" in query else "&"
    return f"{start}{separator}no_tty=1{hash_mark}{fragment}"


def host_name(address: str) -> str | None:
    """Return the name of the host in a URI; None if there is none.

    For the test driver it is the name of the file: its hosts are fictitious, and all report this machine's name.
    """
    uri = parse(address)
    if (opened := _opened_by_daemon(uri)).driver == "test":
        return PurePosixPath(opened.path).stem or None
    return uri.host


def driver(address: str) -> str:
    """Return the driver that the daemon uses; empty if only opening the URI would show it."""
    return _opened_by_daemon(parse(address)).driver


def is_session(address: str) -> bool:
    """Return True for a user's own daemon, which has only the domains of that user."""
    return _opened_by_daemon(parse(address)).path.rstrip("/").endswith("/session")


def is_test(address: str) -> bool:
    """Return True for libvirt's test driver, whose hosts are fictitious."""
    return _opened_by_daemon(parse(address)).driver == "test"


def is_local(address: str) -> bool:
    """Return True if the hypervisor is certainly this machine.

    It is not certain with `socket=`, which may be forwarded to another machine, nor without a driver, which may be an
    alias.
    """
    uri = parse(address)
    return bool(
        uri.driver
        and uri.transport == "unix"
        and not uri.host
        and "socket" not in uri.parameters
        and not is_test(address)
    )


def needs_this_machine(address: str) -> bool:
    """Return True unless another machine would reach the same hypervisor by this URI.

    A URI without a host, or with a loopback or link-local address, depends on this machine. So do a program to run and
    key files. A password is not sent to other machines, in any part of the URI.
    """
    uri = parse(address)
    of_this_machine = _FILES_HERE & set(uri.parameters)
    return (
        not uri.host
        or is_seen_here_only(uri.host)
        or uri.transport in {"unix", "ext"}
        or bool(of_this_machine or secrets(decoded(address)))
    )


def _parameters(query: str) -> list[tuple[str, str]]:
    """Return names and values as virURIParseParams does: ';' separates only if no '&' follows."""
    parameters = []
    while query:
        separator = "&" if "&" in query else ";"
        section, _, query = query.partition(separator)
        name, _, value = section.partition("=")
        parameters.append((unquote(name).lower(), unquote(value)))
    return parameters


def _everything(address: str) -> list[tuple[str, str]]:
    """Return all names and values that any parser could treat as parameters."""
    sections = re.split("[?&;#]", decoded(address))[1:]
    return [(name, value) for name, _, value in (section.partition("=") for section in sections)]


def _danger(uri: LibvirtUri, parameters: list[tuple[str, str]]) -> str | None:
    if uri.transport == "ext":
        return f"the transport +ext runs a program on this machine (`{uri.driver}+ext`)"
    for name, value in parameters:
        # A local unix socket is only opened; libvirt does the same with its own.
        if name in _DANGERS and not (name == "socket" and uri.transport == "unix"):
            return f"`{name}=` {_DANGERS[name]}"
        if name == "name" and ((inner := parse(value)).host or inner.transport != "unix"):
            # The daemon makes this connection with its own privileges.
            return "`name=` connects to another host"
    return None


def _opened_by_daemon(uri: LibvirtUri) -> LibvirtUri:
    """Return the URI that the daemon opens: `name=` if given, else the URI itself."""
    return parse(uri.parameters["name"]) if uri.parameters.get("name") else uri
