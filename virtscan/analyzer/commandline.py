"""NICs that a domain gets by options of QEMU in `<qemu:commandline>`, which libvirt passes on without reading them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, pairwise

import msgspec
from lxml import etree

from virtscan.analyzer.literals import number
from virtscan.model import Attachment, DeviceName, Interface, SourceMode, mac_or_text

COMMANDLINE = "{http://libvirt.org/schemas/domain/qemu/1.0}commandline"
_ARGUMENT = "{http://libvirt.org/schemas/domain/qemu/1.0}arg"
_COMMA = re.compile(r"(?<!,),(?!,)")
_JSON = msgspec.json.Decoder(dict[str, object])
_DEFAULT = "52:54:00:12:34"
"""Beginning of the MACs that QEMU gives to NICs without one, in turn (net/net.c qemu_macaddr_get_free)."""

_MACS = frozenset({"mac", "macaddr"})
_NO_BACKEND = frozenset({"nic", "none"})
_UNKNOWN = (Attachment(None, SourceMode.UNKNOWN),)
_OPTIONS = {"netdev": "type", "nic": "type", "net": "type", "device": "driver"}
"""The options that are read, each with the key of a first word without one."""

_ON_NO_DEVICE = frozenset(
    {"af-xdp", "dgram", "l2tpv3", "netmap", "passt", "socket", "stream", "user", "vde", "vhost-user", "vhost-vdpa"}
)
"""Backends that are never a tap, as the hub of a `hubport` may have one (qapi/net.json NetClientDriver)."""

_TYPES = _ON_NO_DEVICE | {"bridge", "hubport", "tap"}


def read_added_interfaces(element: etree._Element | None, first: int) -> Iterator[Interface]:
    """Yield an interface for each network backend of the options; its type is QEMU's word, such as `tap`.

    A macvtap's file descriptor and an existing tap look alike, so the device of a tap is unknown. The front end with
    the MAC is a device of its own.

    Args:
        element: `<qemu:commandline>`, if the domain has one.
        first: The index of the first of these interfaces.
    """
    arguments = [] if element is None else [argument.get("value", "") for argument in element.iterchildren(_ARGUMENT)]
    options = [
        (name, _fields(value, _OPTIONS[name]))
        for option, value in pairwise(arguments)
        if option.startswith("-") and (name := option.lstrip("-")) in _OPTIONS
    ]
    backends = [
        (name, fields) for name, fields in options if name != "device" and fields.get("type") not in _NO_BACKEND
    ]
    defaults = count(0x56)
    for index, (name, backend) in enumerate(backends, start=first):
        front = backend if name == "nic" else _front(name, backend, options)
        default = f"{_DEFAULT}:{next(defaults):02x}" if front and not front.keys() & _MACS else None
        yield Interface(
            index=index,
            type=kind if (kind := backend.get("type", "")) in _TYPES else "unknown",
            mac=mac_or_text(front.get("mac") or front.get("macaddr") or default),
            boot_order=number(front.get("bootindex")),
            target=backend.get("ifname"),
            attachments=_attachments(backend),
        )


def _front(
    name: str, backend: Mapping[str, str], options: Sequence[tuple[str, Mapping[str, str]]]
) -> Mapping[str, str]:
    """Return the front end of a backend, if it is certain; `-net` connects all front ends with all backends."""
    if name == "net":
        fronts = [fields for option, fields in options if option == "net" and fields.get("type") == "nic"]
    else:
        fronts = [
            fields for option, fields in options if option == "device" and fields.get("netdev") == backend.get("id", "")
        ]
    return fronts[0] if len(fronts) == 1 else {}


def _attachments(backend: Mapping[str, str]) -> tuple[Attachment, ...]:
    match backend.get("type"):
        case "bridge":
            return (Attachment(DeviceName(backend.get("br", "br0")), None),)  # QEMU's default
        case kind if kind in _ON_NO_DEVICE:
            return ()
        case _:
            return _UNKNOWN


def _fields(value: str, implied: str) -> Mapping[str, str]:
    """Return the fields of an option's value, none if it can't be read; a first word without a key has this one."""
    if value.startswith("{"):
        try:
            return {name: str(field) for name, field in _JSON.decode(value).items()}
        except msgspec.DecodeError:
            return {}
    first, *others = _COMMA.split(value)
    parts = (first if "=" in first else f"{implied}={first}", *others)
    return dict(part.partition("=")[::2] for part in parts)
