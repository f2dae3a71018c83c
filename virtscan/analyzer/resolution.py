"""Interfaces on libvirt's networks to the devices that they stand on."""

from collections.abc import Mapping

import msgspec

from virtscan.model import Attachment, Domain, Interface, Network, SourceMode

_NOBODY_KNOWS = (Attachment(None, SourceMode.UNKNOWN),)


def resolve(domain: Domain, networks: Mapping[str, Network]) -> Domain:
    """Fill in what interfaces of type network are attached to.

    An interface that already knows its device, as in a running domain, keeps it. A network that is not in `networks`
    could have been anything, macvtap included.

    Returns:
        The domain; the very same object when there was nothing to resolve.
    """
    if not any(_is_open(interface) for interface in domain.interfaces):
        return domain
    interfaces = tuple(
        msgspec.structs.replace(interface, attachments=_attachments(interface, networks))
        if _is_open(interface)
        else interface
        for interface in domain.interfaces
    )
    return msgspec.structs.replace(domain, interfaces=interfaces)


def _is_open(interface: Interface) -> bool:
    return interface.type == "network" and not interface.attachments


def _attachments(interface: Interface, networks: Mapping[str, Network]) -> tuple[Attachment, ...]:
    network = None if interface.network is None else networks.get(interface.network)
    return _NOBODY_KNOWS if network is None else network.attachments
