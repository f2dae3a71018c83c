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
_BACKENDS = frozenset({"netdev", "nic", "net"})


def read_added_interfaces(element: etree._Element | None, first: int) -> Iterator[Interface]:
    """Yield an interface for each network backend of the options; its type is QEMU's word, such as `tap`.

    A macvtap's file descriptor and an existing tap look alike, so the device of a tap is unknown. The front end with
    the MAC is a device of its own.

    Args:
        element: `<qemu:commandline>`, if the domain has one.
        first: The index of the first of these interfaces.
    """
    arguments = [] if element is None else [argument.get("value", "") for argument in element.iterchildren(_ARGUMENT)]
    options = [(name.lstrip("-"), _fields(value)) for name, value in pairwise(arguments) if name.startswith("-")]
    backends = [(name, fields) for name, fields in options if name in _BACKENDS and fields[""] not in _NO_BACKEND]
    defaults = count(0x56)
    for index, (name, backend) in enumerate(backends, start=first):
        front = backend if name == "nic" else _front(name, backend, options)
        default = f"{_DEFAULT}:{next(defaults):02x}" if front and not front.keys() & _MACS else None
        yield Interface(
            index=index,
            type=backend[""] or "unknown",
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
        fronts = [fields for option, fields in options if option == "net" and fields[""] == "nic"]
    else:
        fronts = [
            fields for option, fields in options if option == "device" and fields.get("netdev") == backend.get("id", "")
        ]
    return fronts[0] if len(fronts) == 1 else {}


def _attachments(backend: Mapping[str, str]) -> tuple[Attachment, ...]:
    match backend[""]:
        case "bridge":
            return (Attachment(DeviceName(backend.get("br", "br0")), None),)  # QEMU's default
        case "tap" | "":
            return _UNKNOWN
        case _:
            return ()


def _fields(value: str) -> Mapping[str, str]:
    """Return the fields of an option's value; the first word, a backend's type or a device's model, has no name."""
    if value.startswith("{"):
        try:
            fields = {name: str(field) for name, field in _JSON.decode(value).items()}
        except msgspec.DecodeError:
            return {"": ""}
        return {"": fields.get("type") or fields.get("driver") or "", **fields}
    word, *parts = _COMMA.split(value)
    return {"": word, **dict(part.partition("=")[::2] for part in parts)}
