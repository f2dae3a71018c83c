"""Servers as they would be: after their next reboot, or with devices switched."""

import msgspec

from virtscan.correlator.sending import sending_stacks
from virtscan.model import Offload, Persistence, Server, ServerDevice, State


def after_reboot(server: Server) -> Server:
    """Give a server whose offload is off now and known to be on after its next reboot as it will be then."""
    stacks = [one for one in sending_stacks(server) if one.tx is State.OFF and one.after_reboot is State.ON]
    names = {name for stack in stacks for name in stack.devices}
    devices = tuple(
        _with_state(one, State.ON) if one.device.name in names and _comes_back(one.offload.persistence) else one
        for one in server.devices
    )
    back = bool(stacks) and _comes_back(server.persistence)
    return msgspec.structs.replace(server, tx_checksum=State.ON if back else server.tx_checksum, devices=devices)


def switched_off(server: Server) -> Server:
    """Give a server as it would be with every device of it switched off for good."""
    lasting = Persistence(tx_checksum=State.OFF, setting="switched off")
    devices = tuple(
        msgspec.structs.replace(one, offload=Offload(tx_checksum=State.OFF, persistence=lasting))
        for one in server.devices
    )
    return msgspec.structs.replace(
        server, tx_checksum=State.OFF, reason=None, persistence=lasting, features={}, devices=devices
    )


def _with_state(one: ServerDevice, state: State) -> ServerDevice:
    return msgspec.structs.replace(one, offload=msgspec.structs.replace(one.offload, tx_checksum=state))


def _comes_back(persistence: Persistence | None) -> bool:
    return persistence is not None and persistence.tx_checksum is State.ON
