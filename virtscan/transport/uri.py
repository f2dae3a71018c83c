"""libvirt's connection URIs: parsing and checks for unsafe parameters; pure."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

import msgspec

from virtscan.errors import ConfigError
from virtscan.transport.url_secrets import secrets, shown

_SSH_TRANSPORTS = ("ssh", "libssh", "libssh2")

_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
"""RFC 3986, appendix B: scheme, authority, path, query. libvirt lets libxml2 do this, which refuses more."""

_AUTHORITY = re.compile(r"(?:(.*)@)?(\[[^]]*\]|[^:]*)(?::(\d*))?", re.DOTALL)

_FILES_HERE = frozenset({"command", "keyfile", "known_hosts", "pkipath"})
"""Parameters whose value is a path of the machine that opens the URI."""

_DRIVERS = (
    "bhyve", "ch", "esx", "gsx", "hyperv", "lxc", "openvz", "parallels", "phyp", "qemu", "remote", "test", "vbox",
    "vmwarefusion", "vmwareplayer", "vmwarews", "vpx", "vz", "vzlinux", "xen",
)  # fmt: skip
"""Drivers that libvirt has or had (src/driver.c, and the remote driver's own)."""

_HOST_ALONE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
"""A host name with a dot or an IPv4 address: no alias of libvirt's client configuration can be meant."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_DANGERS = {
    "command": "runs a program on this machine",
    "netcat": "is a command line on the remote host",
    "socket": "is part of a shell command on the remote host",
}


_AT_ONCE = 1024
"""URIs that are remembered: of all hypervisors that are read at the same time."""


class LibvirtUri(msgspec.Struct, frozen=True, kw_only=True):
    """A URI as libvirt's remote driver reads it (remote_sockets.c remoteSplitURIScheme, viruri.c).

    `driver` is empty for libvirt's own default and for an alias of its client configuration. `transport` is that of
    the scheme, else tls with a host and unix without. `parameters` have lower-case names, the last of a name
    counts.
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
    """Split a URI into its parts; cached, because every reader of a hypervisor needs those of its address.

    Raises:
        ConfigError: It has characters that no URI has, or a host or user that ssh would take for an option.
    """
    if found := _CONTROL.search(_decoded(address)):
        raise ConfigError(f"not a libvirt URI: contains the character {found[0]!a}")
    match = _PARTS.fullmatch(address)
    scheme, authority, path, query = match.groups() if match else (None, None, address, None)
    where = _AUTHORITY.fullmatch(authority or "")
    if where is None:
        raise ConfigError("not a libvirt URI: the part between // and the next / is not [user@]host[:port]")
    user, host = (unquote(part).strip("[]") if part else None for part in where.groups()[:2])
    if any(part.startswith("-") for part in (user, host) if part):
        raise ConfigError("not a libvirt URI: its user or host begins with '-', which ssh treats as an option")
    driver, _, transport = (scheme or "").lower().partition("+")
    return LibvirtUri(
        driver=driver,
        transport=transport or ("tls" if host else "unix"),
        user=user,
        host=host,
        port=_port(where[3]),
        path=unquote(path),
        parameters=dict(_parameters(query or "")),
    )


def _port(digits: str | None) -> int | None:
    if not digits:
        return None
    if len(digits.lstrip("0")) > 5 or int(digits) > 65535:
        raise ConfigError(f"not a libvirt URI: port {digits[:9]}{'…' * (len(digits) > 9)} is over 65535")
    return int(digits)


def check(address: str, *, allow_unsafe: bool) -> tuple[str, ...]:
    """Refuse a URI that could do more than read a hypervisor; warn about parameters that weaken the connection.

    A parameter is looked for wherever it could stand, decoded as often as it could be: libvirt decodes once, and
    hands unknown parameters on to the other side, decoded. The path, key and certificate parameters only
    name local files; `proxy`, `mode` and `sshauth` are closed sets.

    Raises:
        ConfigError: Not a URI, or one with such a parameter, which it names.
    """
    uri = parse(address)
    _check_form(address, uri)
    _opened_by_daemon(uri)
    parameters = [(name.strip().lower(), value) for name, value in _everything(address)]
    if not allow_unsafe and (danger := _danger(uri, parameters)):
        raise ConfigError(f"{shown(address)}: {danger}; if you trust this URI, add --allow-unsafe-uri")
    warnings = []
    if any(name == "no_verify" and value.strip() != "0" for name, value in parameters):
        warnings.append("no_verify: the hypervisor's identity is not verified")
    if any(name == "known_hosts_verify" and value.strip() != "normal" for name, value in parameters):
        warnings.append("known_hosts_verify: an unknown host key is accepted")
    return tuple(warnings)


def _check_form(address: str, uri: LibvirtUri) -> None:
    """Refuse a text that was meant as a URI and is not one, with the correct form.

    A driver of a later libvirt may be unknown here: only a name similar to a known one is an error.
    """
    from difflib import get_close_matches

    if uri.driver and uri.driver not in _DRIVERS and (near := get_close_matches(uri.driver, _DRIVERS, n=1, cutoff=0.6)):
        meant = near[0] + address[len(uri.driver) :]
        raise ConfigError(f"{shown(address)}: unknown libvirt driver {uri.driver!r}; did you mean {shown(meant)}?")
    if not uri.driver and _HOST_ALONE.fullmatch(address):
        raise ConfigError(f"{address}: not a libvirt URI; write e.g. qemu+ssh://root@{address}/system")


def prepared(address: str) -> str:
    """Return the URI to open: ssh never prompts, whatever the URI has (the last of repeated parameters counts)."""
    if parse(address).transport not in _SSH_TRANSPORTS:
        return address
    start, hash_mark, fragment = address.partition("#")
    _, question, query = start.partition("?")
    # libvirt splits at ';' only where no '&' follows, so the mark that is in use has to be continued.
    separator = "?" if not question else ";" if ";" in query else "&"
    return f"{start}{separator}no_tty=1{hash_mark}{fragment}"


def host_name(address: str) -> str | None:
    """Return the name that a URI gives to its host, None when it gives none.

    For the test driver it is the file's: its hosts are made up, and all report to be the machine they run on.
    """
    uri = parse(address)
    if (meant := _opened_by_daemon(uri)).driver == "test":
        return PurePosixPath(meant.path).stem or None
    return uri.host


def driver(address: str) -> str:
    """Return the driver that the daemon uses; empty where only opening the URI shows it."""
    return _opened_by_daemon(parse(address)).driver


def is_session(address: str) -> bool:
    """Return True for a user's own daemon, which knows the domains of that user alone."""
    return _opened_by_daemon(parse(address)).path.rstrip("/").endswith("/session")


def is_test(address: str) -> bool:
    """Return True for libvirt's test driver, whose hosts are made up."""
    return _opened_by_daemon(parse(address)).driver == "test"


def is_local(address: str) -> bool:
    """Return True if the hypervisor is certainly this machine.

    Not with `socket=`: it may lead to another machine, forwarded. Not without a driver: an alias can be anything.
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

    A URI without a host or of the loopback, a program to run and files of keys belong to this machine. A password is
    not sent on.
    """
    uri = parse(address)
    of_this_machine = _FILES_HERE & set(uri.parameters)
    return (
        not uri.host
        or _is_loopback(uri.host)
        or uri.transport in {"unix", "ext"}
        or bool(of_this_machine or secrets(address))
    )


def _is_loopback(host: str) -> bool:
    """Return True for the names and addresses by which every machine means itself; often a tunnel ends there."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.casefold().partition(".")[0] in {"localhost", "ip6-localhost"}
    return address.is_loopback or address.is_unspecified


def _parameters(query: str) -> list[tuple[str, str]]:
    """Return name and value as virURIParseParams finds them: ';' separates only where no '&' follows."""
    found = []
    while query:
        separator = "&" if "&" in query else ";"
        section, _, query = query.partition(separator)
        name, _, value = section.partition("=")
        found.append((unquote(name).lower(), unquote(value)))
    return found


def _decoded(address: str) -> str:
    """Return the address with every layer of percent-encoding taken off."""
    while (once := unquote(address)) != address:
        address = once
    return address


def _everything(address: str) -> list[tuple[str, str]]:
    """Return everything that any reading could treat as a parameter."""
    sections = re.split("[?&;#]", _decoded(address))[1:]
    return [(name, value) for name, _, value in (section.partition("=") for section in sections)]


def _danger(uri: LibvirtUri, parameters: list[tuple[str, str]]) -> str | None:
    if uri.transport == "ext":
        return f"the transport +ext runs a program on this machine (`{uri.driver}+ext`)"
    for name, value in parameters:
        # A local unix socket is only opened; libvirt does the same with its own.
        if name in _DANGERS and not (name == "socket" and uri.transport == "unix"):
            return f"`{name}=` {_DANGERS[name]}"
        if name == "name" and ((inner := parse(value)).host or inner.transport != "unix"):
            # The daemon connects onward, with its own rights.
            return "`name=` connects to another host"
    return None


def _opened_by_daemon(uri: LibvirtUri) -> LibvirtUri:
    """Return the URI that the daemon opens: `name=` if given, else the URI itself."""
    return parse(uri.parameters["name"]) if uri.parameters.get("name") else uri
