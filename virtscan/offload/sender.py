"""The device that a server sends through, if it is configured or its address identifies it."""

import ipaddress

from virtscan.errors import OffloadError
from virtscan.model import Device, DeviceName, ServerTarget, SourceKind
from virtscan.offload.answer import ServerAnswer
from virtscan.transport import ssh


def named_sender(target: ServerTarget, answer: ServerAnswer) -> DeviceName | None:
    """Return the configured device, else the one with the server's address, else the only one with an address.

    Returns:
        None if none of these applies: then each device with an address may be the sending one.

    Raises:
        OffloadError: The server has no device of the configured name.
    """
    if target.interface is not None:
        names = sorted(device.name for device in answer.devices)
        if target.interface not in names:
            raise OffloadError(f"{target.interface}: no such device; devices: {', '.join(names) or 'none'}")
        return DeviceName(target.interface)
    addressed = [device for device in answer.devices if device.addresses and device.name != "lo"]
    for address in _addresses(target, answer):
        matches = [device.name for device in addressed if _has(device, address)]
        if len(matches) == 1:
            return matches[0]
    return addressed[0].name if len(addressed) == 1 else None


def _addresses(target: ServerTarget, answer: ServerAnswer) -> list[str]:
    """Return the configured address, then the server's own end of the connection: NAT may lie between them."""
    if target.kind is not SourceKind.SSH:
        return []
    return [ssh.parse_destination(target.address).host, answer.reached or ""]


def _has(device: Device, address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(ipaddress.ip_interface(own).ip == parsed for own in device.addresses)
