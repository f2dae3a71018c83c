"""Parser of a `<network>` document: the devices that an interface on it may get."""

from collections.abc import Iterable, Iterator

from lxml import etree

from virtscan.analyzer.literals import source_mode
from virtscan.analyzer.xml.parsing import attribute, first_children, parse, text_of
from virtscan.errors import AnalyzerError
from virtscan.model import Attachment, DeviceName, Network, SourceMode

_BRIDGED = frozenset({"nat", "route", "open"})
"""Modes with a bridge that libvirt makes, like an isolated network's."""


def read_network(xml: bytes | str) -> Network:
    """Read a network as `virsh net-dumpxml` prints it, or a status file of /run.

    Raises:
        AnalyzerError: It is not safe XML, not a network, or a network without a name.
    """
    return network_from(parse(xml))


def network_from(root: etree._Element) -> Network:
    """Read a network from its element, or from a status file's.

    Raises:
        AnalyzerError: It is neither, or has no name.
    """
    element = root.find("network") if root.tag == "networkstatus" else root
    if element is None or element.tag != "network":
        raise AnalyzerError(
            f"<{root.tag}> contains no network" if element is None else f"<{root.tag}> is not a network"
        )
    first = first_children(element)
    name = text_of(first.get("name"))
    if not name:
        raise AnalyzerError("a network without a name: no interface can refer to it")
    forward = first.get("forward")
    mode = _forward_mode(forward)
    bridge = attribute(first.get("bridge"), "name")
    return Network(name=name, forward_mode=mode, attachments=_attachments(bridge, forward, mode))


def _forward_mode(forward: etree._Element | None) -> str | None:
    """Return the forward mode, None for an isolated network: libvirt's default is nat, `none` equals absence."""
    mode = "none" if forward is None else forward.get("mode", "nat")
    return None if mode == "none" else mode


def _attachments(bridge: str | None, forward: etree._Element | None, mode: str | None) -> tuple[Attachment, ...]:
    """Return every device that an interface may get, each once.

    In mode bridge, `<bridge>` names an existing bridge of the host, and no macvtap is created. In mode hostdev an
    interface gets a PCI device, which then no longer belongs to the host.
    """
    if mode == "hostdev":
        return ()
    name = None if bridge is None else DeviceName(bridge)
    if forward is None or mode is None or mode in _BRIDGED or (mode == "bridge" and name is not None):
        return (Attachment(name, None),)
    return tuple(_pool(forward, source_mode(mode)))


def _pool(forward: etree._Element, mode: SourceMode) -> Iterator[Attachment]:
    """Yield the pool: its `<interface>`s; else `forward dev`, which repeats the first; else their `<pf>`.

    A live network on a physical function lists the virtual functions as interfaces; a stopped one doesn't know them.
    """
    pool = _devices(forward.iterchildren("interface")) or _devices((forward,))
    functions = () if pool else _devices(forward.iterchildren("pf"))[:1]
    yield from (Attachment(device, mode) for device in pool)
    yield from (Attachment(device, mode, virtual_function=True) for device in functions)
    if not pool and not functions:
        yield Attachment(None, mode)


def _devices(elements: Iterable[etree._Element]) -> tuple[DeviceName, ...]:
    return tuple(dict.fromkeys(DeviceName(device) for element in elements if (device := element.get("dev"))))
