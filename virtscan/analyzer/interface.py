"""Parser of a domain's `<interface>`, by libvirt's own parsing rules."""

from collections.abc import Iterator
from functools import lru_cache
from sys import intern

from lxml import etree

from virtscan.analyzer.literals import FEW, number, source_mode
from virtscan.analyzer.xml.parsing import attribute, first_children
from virtscan.model import Attachment, DeviceName, Interface, LinkState, SourceMode, State, mac_or_text
from virtscan.model.facts.hypervisors import VIRTIO_MODELS

_LINKS = {link.value: link for link in LinkState}
_SWITCHES = {"on": State.ON, "off": State.OFF}
_MODELS = {
    name.lower(): name
    for name in (
        *VIRTIO_MODELS,
        *("netfront", "rtl8139", "e1000", "e1000e", "igb", "usb-net", "spapr-vlan", "lan9118", "scm91c111"),
        *("vlance", "vmxnet", "vmxnet2", "vmxnet3", "Am79C970A", "Am79C973", "82540EM", "82545EM", "82543GC"),
    )
}  # libvirt src/conf/domain_conf.c virDomainNetModel: known names in upper or lower case, others as written

_RESOLVED_OTHERWISE = frozenset(
    {"client", "ethernet", "hostdev", "internal", "mcast", "network", "null", "server", "udp", "user", "vdpa", "vds"}
    | {"vhostuser"}
)
"""Types that are never a macvtap, or only through the host's networks and devices; any other may be a macvtap.

Source:
    libvirt src/conf/domain_conf.c virDomainNetType.
"""


def read_interface(element: etree._Element, index: int) -> Interface:
    """Read one interface without raising an error: a value that libvirt would refuse is None or unknown."""
    first = first_children(element)
    actual = first.get("actual")
    kind = _type(element.get("type", "user"), actual)  # libvirt's default
    source, target = first.get("source"), first.get("target")
    device = _source(kind, source)
    mode = _mode(source) if kind == "direct" else None
    model = _model(first.get("model"))
    host_csum, guest_csum = _checksums(first.get("driver"), model)
    return Interface(
        index=index,
        type=kind,
        mac=mac_or_text(attribute(first.get("mac"), "address")),
        network=attribute(source, "network"),
        portgroup=attribute(source, "portgroup"),
        source=device,
        mode=mode,
        model=model,
        boot_order=number(attribute(first["boot"], "order")) if "boot" in first else None,
        link=_LINKS.get(attribute(first["link"], "state") or "") if "link" in first else None,
        rom=_rom(first["rom"]) if "rom" in first else None,
        vlan=_vlan(first),
        host_csum=host_csum,
        guest_csum=guest_csum,
        target=attribute(target, "dev"),
        managed=attribute(target, "managed") != "no",
        attachments=_attachments(kind, device, mode) if actual is None else _attachments_of_network(kind, actual),
    )


def _type(stated: str, actual: etree._Element | None) -> str:
    """Return the type; one that got a PCI device from a network is a hostdev in a status file, as in live XML."""
    got = None if actual is None else actual.get("type")
    return intern("hostdev" if got == "hostdev" else stated)


def _source(kind: str, source: etree._Element | None) -> str | None:
    """Return the name in `<source>`, from the attribute of this type.

    A live interface on a libvirt network names the network's bridge.
    """
    return attribute(source, "bridge" if kind in {"bridge", "network"} else "dev")


def _mode(source: etree._Element | None) -> SourceMode:
    """Return a macvtap's mode; to libvirt, a missing mode is vepa."""
    mode = None if source is None else source.get("mode")
    return SourceMode.VEPA if mode is None else source_mode(mode)


def _attachments_of_network(kind: str, actual: etree._Element) -> tuple[Attachment, ...]:
    """Return the device of an interface on a network, which `<actual>` has in a status file.

    Everywhere else libvirt gives the interface itself that type.
    """
    kind = actual.get("type", kind)
    source = actual.find("source")
    return _attachments(kind, _source(kind, source), _mode(source))


def _attachments(kind: str, device: str | None, mode: SourceMode | None) -> tuple[Attachment, ...]:
    """Return the device in use if the interface names it; an unresolved network has none.

    An interface of an unknown type may be anything, macvtap included.
    """
    name = None if device is None else DeviceName(device)
    match kind:
        case "direct":
            return _alone(name, mode)
        case "bridge":
            return _alone(name, None)
        case "network" if name is not None:
            return _alone(name, None)
        case _ if kind in _RESOLVED_OTHERWISE:
            return ()
        case _:
            return _alone(None, SourceMode.UNKNOWN)


@lru_cache(maxsize=FEW)
def _alone(name: DeviceName | None, mode: SourceMode | None) -> tuple[Attachment, ...]:
    """Return the only device that an interface is attached to; equal attachments share one value."""
    return (Attachment(name, mode),)


def _model(element: etree._Element | None) -> str | None:
    model = attribute(element, "type")
    return None if model is None else _MODELS.get(model.lower(), model)


def _checksums(driver: etree._Element | None, model: str | None) -> tuple[State | None, State | None]:
    """Return the settings of `<driver>` for host and guest; libvirt reads them for virtio models only."""
    if driver is None or not len(driver) or model not in VIRTIO_MODELS:
        return None, None
    host, guest = (_SWITCHES.get(attribute(driver.find(side), "csum") or "") for side in ("host", "guest"))
    return host, guest


def _rom(element: etree._Element) -> State | None:
    """Return whether the guest sees a boot ROM. A `file` only selects the image; an empty one disables the ROM."""
    if element.get("file") == "":
        return State.OFF
    match attribute(element, "enabled"), attribute(element, "bar"):
        case ("no", _) | (_, "off"):
            return State.OFF
        case ("yes", _) | (_, "on"):
            return State.ON
        case _:
            return None


def _vlan(first: dict[str, etree._Element]) -> tuple[int, ...]:
    """Return the tags in the order written; those of a status file's `<actual>` come from the network."""
    own = first.get("vlan")
    actual = first.get("actual")
    if own is None and actual is not None:
        own = actual.find("vlan")
    return () if own is None else tuple(_tags(own))


def _tags(vlan: etree._Element) -> Iterator[int]:
    for tag in vlan.iterchildren("tag"):
        identity = number(tag.get("id"))
        if identity is not None:
            yield identity
