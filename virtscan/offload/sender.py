"""The device by which a server sends, as far as it is named or known by its address."""

import ipaddress

from virtscan.errors import OffloadError
from virtscan.model import Device, DeviceName, ServerTarget, SourceKind
from virtscan.offload.answer import ServerAnswer
from virtscan.transport import ssh


def named_sender(target: ServerTarget, answer: ServerAnswer) -> DeviceName | None:
    """Return the named device, else the one with the server's address, else the only one with an address.

    Returns:
        The device; None if it is not decidable: then each device with an address may be the sending one.

    Raises:
        OffloadError: There is no device of the name that was given.
    """
    if target.interface is not None:
        names = sorted(device.name for device in answer.devices)
        if target.interface not in names:
            raise OffloadError(f"{target.interface}: no such device; devices: {', '.join(names) or 'none'}")
        return DeviceName(target.interface)
    addressed = [device for device in answer.devices if device.addresses and device.name != "lo"]
    for address in _addresses(target, answer):
        found = [device.name for device in addressed if _has(device, address)]
        if len(found) == 1:
            return found[0]
    return addressed[0].name if len(addressed) == 1 else None


def _addresses(target: ServerTarget, answer: ServerAnswer) -> list[str]:
    """Return the address that was declared, then the one that was reached, which a translation may have changed."""
    if target.kind is not SourceKind.SSH:
        return []
    return [ssh.parse_destination(target.address).host, answer.reached or ""]


def _has(device: Device, address: str) -> bool:
    try:
        wanted = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(ipaddress.ip_interface(own).ip == wanted for own in device.addresses)
