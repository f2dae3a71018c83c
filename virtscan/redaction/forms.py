"""Redaction of structured texts: host names, URIs, sources, keys and paths."""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TypeAlias

from virtscan.model import ProvisioningKind
from virtscan.model.facts.hypervisors import CONFIGURATION
from virtscan.model.identity.keys import is_significant
from virtscan.model.sources import SOURCES, TARGETS, AddressKind, is_declared
from virtscan.redaction.device_names import NameRedaction
from virtscan.redaction.policy import TextKind
from virtscan.redaction.pseudonyms import Map, Pseudonyms

WITHHELD = "[details withheld]"
"""Replacement of free text, which may contain any name."""

SOURCE_WORDS = frozenset({
    CONFIGURATION, "ansible", "libvirt", "libvirt's default", "local:", "probe", "sosreport",
    "sosreport: virsh nodedev-dumpxml", "ssh", "this machine",
})  # fmt: skip
"""Sources without an address."""

_URL = re.compile(r"([^:/?#\s]+)://(?:([^/?#@]*)@)?(\[[^]]*\]|[^:/?#]*)(:\d*)?([^?#]*)(?:\?(.*))?", re.DOTALL)
_SCHEMES = frozenset({
    "bhyve", "ch", "esx", "gsx", "http", "https", "hyperv", "libssh", "libssh2", "lxc", "openvz", "qemu", "ssh", "tcp",
    "test", "tls", "unix", "vbox", "vmwarefusion", "vmwareplayer", "vmwarews", "vpx", "vz", "xen",
})  # fmt: skip
_PATHS = frozenset({"", "/", "/RPC2", "/api", "/cobbler_api", "/default", "/session", "/system"})
"""Common paths of URIs, which identify no site."""

_PARAMETERS = frozenset({"auth", "known_hosts_verify", "mode", "no_tty", "no_verify", "proxy", "sshauth"})
"""Parameters whose values are closed sets."""

_WORD = re.compile("[a-z0-9_]*")
_PATH_SCHEMES = frozenset(
    row.scheme for row in (*SOURCES.values(), *TARGETS.values()) if row.address is AddressKind.PATH
)
_NUMBERED = re.compile(r"(.*)(#[0-9]+)", re.DOTALL)
_TARGET = re.compile(r"(?:vnet|macvtap|macvlan|tap|vif|veth)[0-9.]*")
_RECORD = re.compile(rf"({'|'.join(kind.value for kind in ProvisioningKind)}) (.*)", re.DOTALL)


Rewrite: TypeAlias = Callable[[str], str]


class Forms:
    """The redaction of texts by kind; no device or network shows a name of a machine that `known` has."""

    def __init__(self, pseudonyms: Pseudonyms, known: Map) -> None:
        self._pseudonyms = pseudonyms
        self._word: Rewrite = cache(NameRedaction(pseudonyms, known).of)
        self._rewrites: Mapping[TextKind, Rewrite] = {
            TextKind.KEPT: lambda text: text,
            TextKind.TEXT: lambda _text: WITHHELD,
            TextKind.GLOB: lambda text: text if text == "*" else WITHHELD,
            TextKind.HOST: cache(partial(pseudonyms.name, "host")),
            TextKind.VM: partial(pseudonyms.name, "vm"),
            TextKind.UUID: lambda text: pseudonyms.whole("vm-uuid", text) if is_significant(text) else text,
            TextKind.MAC: partial(pseudonyms.whole, "mac"),
            TextKind.ADDRESS: cache(pseudonyms.address),
            TextKind.DEVICE: self._device,
            TextKind.TARGET: self._word,
            TextKind.NODE_DEVICE: partial(pseudonyms.whole, "node-device"),
            TextKind.NETWORK: self._word,
            TextKind.SOURCE: cache(self._source),
            TextKind.RECORD_SOURCE: cache(self._record_source),
            TextKind.SYSTEM: cache(self._system),
            TextKind.KEY: cache(self._key),
            TextKind.ORIGIN: cache(self._origin),
            TextKind.FILE: partial(pseudonyms.of_other_text, "file"),
            TextKind.DISK: partial(pseudonyms.of_other_text, "disk"),
            TextKind.POOL: partial(pseudonyms.of_other_text, "pool"),
            TextKind.VOLUME: partial(pseudonyms.of_other_text, "volume"),
            TextKind.CAPTURE: partial(pseudonyms.of_other_text, "capture"),
            TextKind.SCOPE: partial(pseudonyms.of_other_text, "scope"),
        }

    def of(self, text: str, text_kind: TextKind) -> str:
        """Return the redacted text."""
        return self.rewrite(text_kind)(text) if text else text

    def rewrite(self, text_kind: TextKind) -> Rewrite:
        """Return the function that redacts texts of this kind."""
        return self._rewrites[text_kind]

    def _device(self, text: str) -> str:
        return self._path(text) if "/" in text else self._word(text)

    def _source(self, text: str) -> str:
        """Replace the names in a URI, or in the SOURCE of a server; text of another form is replaced as one name."""
        if text in SOURCE_WORDS or is_declared(text):
            return text
        if match := _URL.fullmatch(text):
            return self._url(match)
        scheme, _, path = text.partition(":")
        if scheme in _PATH_SCHEMES and path:
            return f"{scheme}:{self._path(path)}"
        return self._pseudonyms.name("host", text)

    def _url(self, match: re.Match[str]) -> str:
        scheme, user, host, port, path, query = match.groups()
        schemes = "+".join(map(self._scheme, scheme.split("+")))
        account = "" if user is None else f"{self._user(user)}@"
        place = f"[{self._host(host[1:-1])}]" if host.startswith("[") else self._host(host)
        shown = path if path in _PATHS else f"/{self._path(path)}"
        parameters = "" if query is None else "?" + "&".join(map(self._parameter, query.split("&")))
        return f"{schemes}://{account}{place}{port or ''}{shown}{parameters}"

    def _scheme(self, text: str) -> str:
        return text if text in _SCHEMES else self._pseudonyms.whole("scheme", text)

    def _user(self, text: str) -> str:
        name, colon, password = text.partition(":")
        return self._pseudonyms.whole("user", name) + (f"{colon}***" if password else "")

    def _host(self, text: str) -> str:
        return self._pseudonyms.name("host", text) if text else ""

    def _path(self, text: str) -> str:
        return self._pseudonyms.whole("path", text)

    def _parameter(self, text: str) -> str:
        name, equals, value = text.partition("=")
        if name in _PARAMETERS and _WORD.fullmatch(value):
            return text
        shown = name if name in {"keyfile", "known_hosts", "pkipath", "socket", "netcat", "command"} else WITHHELD
        return f"{shown}{equals}{self._path(value)}" if equals and value else shown

    def _system(self, text: str) -> str:
        match = _URL.fullmatch(text)
        return self._url(match) if match else self._pseudonyms.name("host", text)

    def _record_source(self, text: str) -> str:
        record = _RECORD.fullmatch(text)
        return f"{record[1]} {self._system(record[2])}" if record else self._source(text)

    def _key(self, text: str) -> str:
        kind, _, rest = text.partition(":")
        match kind:
            case "uuid":
                return f"uuid:{self.of(rest, TextKind.UUID)}"
            case "uri":
                address, number, own_name = rest.partition("#")
                return f"uri:{self._source(address)}" + (f"#{self._host(own_name)}" if number else "")
            case "name":
                return f"name:{self._host(rest)}"
            case _:
                return self._pseudonyms.whole("key", text)

    def _origin(self, text: str) -> str:
        """Replace the names in the origin of a document: a URI, or a file with the number of the document in it."""
        if "://" in text:
            return self._source(text)
        numbered = _NUMBERED.fullmatch(text)
        path, number = (numbered[1], numbered[2]) if numbered else (text, "")
        scheme, colon, rest = path.partition(":")
        prefix = f"{scheme}{colon}" if scheme in _PATH_SCHEMES else ""
        return f"{prefix}{self._path(rest if prefix else path)}{number}"


def is_common_target(text: str) -> bool:
    """Return True for the name of a tap or macvtap that names no VM, such as vnet0."""
    return _TARGET.fullmatch(text) is not None
