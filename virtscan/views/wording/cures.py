"""The sentences for cures: the commands for a server, and the help where no command works."""

from collections.abc import Sequence

from virtscan.correlator.devices.nic import is_seen_as_vm
from virtscan.correlator.location.places import GuestNic
from virtscan.correlator.servers.cure import Cure
from virtscan.model import Machine, Server

ELSEWHERE = "Send through another device (in a container, a veth on a bridge), or run the server on another hypervisor."
_VIRTIO = "virtio"


def switch_commands(cure: Cure) -> tuple[str, ...]:
    """Write the commands that switch the devices of a cure now."""
    return tuple(f"ethtool -K {name or 'INTERFACE'} tx off" for name in cure.words)


def instead(server: Server, nics: Sequence[GuestNic]) -> tuple[str, ...]:
    """Describe the help if a path of the server has no device to switch, the first to try first.

    Args:
        server: The server.
        nics: Its NICs, if it is a domain.
    """
    return (*_on_the_hypervisor(server, nics), ELSEWHERE)


def _on_the_hypervisor(server: Server, nics: Sequence[GuestNic]) -> list[str]:
    """Keep the server's own virtual NIC from sending partial checksums (rule R6)."""
    option = "<driver><host csum='off'/></driver>"
    emulated = "the NIC model e1000 or rtl8139"
    if not nics:
        is_physical = server.physical and not is_seen_as_vm(server)
        if is_physical or server.machine in {Machine.PHYSICAL, Machine.CONTAINER}:
            return []
        return [
            f"If the server is a VM, use {emulated}, or {option} in its virtio interface (virsh edit), then restart it."
        ]
    domain = f"{nics[0].domain.name} on {nics[0].hypervisor}"
    if all((nic.interface.model or "").startswith(_VIRTIO) for nic in nics):
        where = f"{option} in its virtio interface"
    else:
        where = f"a virtio interface with {option}"
    return [f"The server is the domain {domain}: use {emulated}, or {where} (virsh edit), then power it off and on."]
