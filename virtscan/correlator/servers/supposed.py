"""Servers as they would be: after their next reboot, or with devices switched."""

from collections.abc import Collection
from typing import Any

import msgspec

from virtscan.correlator.servers.sending import sending_stacks
from virtscan.model import DeviceName, Offload, Persistence, Server, ServerDevice, State, SupposedServer
from virtscan.model.facts.persistence import AssumedSetting

_LASTING = Persistence(tx_checksum=State.OFF, setting=AssumedSetting())


def after_reboot(server: Server) -> Server:
    """Return a server as it will be after its next reboot, where a stack that is off now is known to be on then.

    Devices of other stacks alone stay as they are.
    """
    back = [stack for stack in sending_stacks(server) if stack.tx is State.OFF and stack.after_reboot is State.ON]
    if not back:
        return server
    names = {name for stack in back if stack.observed for name in stack.devices}
    devices = tuple(
        _rebooted(server_device) if server_device.device.name in names else server_device
        for server_device in server.devices
    )
    comes_back = server.persistence is not None and server.persistence.tx_checksum is State.ON
    is_named = any(not stack.observed or server.interface in stack.devices for stack in back)
    state = State.ON if comes_back and is_named else server.tx_checksum
    return msgspec.structs.replace(server, tx_checksum=state, devices=devices)


def switched_off(server: Server, names: Collection[DeviceName], *, whole: bool = False) -> Server:
    """Return a server as it would be with some of its devices switched off, now and after a reboot.

    Args:
        server: As it was observed or declared.
        names: The devices to switch.
        whole: Also switch the state of the server as a whole, where no device was read.
    """
    off = Offload(tx_checksum=State.OFF, persistence=_LASTING)
    devices = tuple(
        msgspec.structs.replace(server_device, offload=off) if server_device.device.name in names else server_device
        for server_device in server.devices
    )
    if whole or server.interface in names:
        server = msgspec.structs.replace(server, tx_checksum=State.OFF, reason=None, persistence=_LASTING, features={})
    return msgspec.structs.replace(server, devices=devices)


def switched(server: Server, state: State, interface: str | None = None) -> Server:
    """Return a server as it would be with the offload of all its devices, or of one, in a lasting state."""
    offload = Offload(tx_checksum=state, persistence=Persistence(tx_checksum=state, setting=AssumedSetting()))
    devices = tuple(
        msgspec.structs.replace(server_device, offload=offload)
        if interface in {None, server_device.device.name}
        else server_device
        for server_device in server.devices
    )
    named = [name for name in server.devices_by_name if interface in {None, name}]
    if interface in {None, server.interface}:
        named.append(DeviceName(server.interface or ""))
        server = msgspec.structs.replace(
            server, tx_checksum=state, reason=None, persistence=offload.persistence, features={}
        )
    return supposed(server, devices=devices, assumed_tx=tuple(dict.fromkeys((*server.assumed_tx, *named))))


def supposed(server: Server, **changes: Any) -> SupposedServer:  # Any: fields of different types
    """Return a server with changes that are assumed."""
    assumed = {"assumed_tx": server.assumed_tx, "assumed_place": server.assumed_place}
    known = {name: getattr(server, name) for name in Server.__struct_fields__}
    return SupposedServer(**known | assumed | changes)


def _rebooted(server_device: ServerDevice) -> ServerDevice:
    persistence = server_device.offload.persistence
    state = State.UNKNOWN if persistence is None else persistence.tx_checksum
    return msgspec.structs.replace(
        server_device, offload=msgspec.structs.replace(server_device.offload, tx_checksum=state)
    )
