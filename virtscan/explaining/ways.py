"""How a missing fact is found out, by what is at hand for it."""

from typing import assert_never

from virtscan.correlator.fleet import Fleet
from virtscan.correlator.place import Seat
from virtscan.correlator.settling import Opening, Unknown
from virtscan.explaining.account import Way
from virtscan.model import Hypervisor, Server
from virtscan.views.advice import look_for_the_fix


def way(opening: Opening, hypervisor: Hypervisor, fleet: Fleet) -> Way:
    """Put a missing fact into words: what it is, how to get it, and what follows from each of its values."""
    missing, how = _words(opening, hypervisor, fleet)
    return Way(fact=opening.fact.value, missing=missing, how=how, verdicts=opening.verdicts)


def _words(opening: Opening, hypervisor: Hypervisor, fleet: Fleet) -> tuple[str, str]:
    match opening.fact:
        case Unknown.KERNEL:
            words = _kernel(hypervisor)
        case Unknown.PLACE:
            words = _place(opening.server, opening.position.why, fleet)
        case Unknown.DEVICE_KIND:
            words = _kind(opening.seat, hypervisor)
        case Unknown.TX_CHECKSUM:
            words = _tx(opening.server)
        case Unknown.SOURCE_MODE:
            words = _mode(opening.seat)
        case Unknown.SERVER:
            words = "a provisioning server: none was named", "--server NAME:INTERFACE=ssh://root@HOST"
        case _:
            assert_never(opening.fact)
    return words


def _kernel(hypervisor: Hypervisor) -> tuple[str, str]:
    if hypervisor.kernel is None:
        how = 'kernel = "…" in its [[hypervisor]], as uname -r prints it there'
        return f"the kernel of {hypervisor.name}", _on_the_host(hypervisor, how)
    missing = f"whether kernel {hypervisor.kernel.value} of {hypervisor.name} has the fix"
    return missing, f"{look_for_the_fix(hypervisor.kernel.value)} on it"


def _place(server: Server, why: str, fleet: Fleet) -> tuple[str, str]:
    if any(fleet.interfaces.get(mac) for mac in server.macs):
        # That it is physical would not be believed: a domain was seen with its MAC.
        return why, "see to it that what this names is read, lately and whole, and that nothing else has its MAC"
    if server.macs:
        return why, "see to it that what this names can be read; or physical = true in its [[server]] if it is no VM"
    device = server.interface or "INTERFACE"
    how = (
        f'mac = ["…"] in its [[server]], from /sys/class/net/{device}/address there; ssh:// as its SOURCE tells it, too'
    )
    return f"where {server.name} runs", how


def _kind(seat: Seat, hypervisor: Hypervisor) -> tuple[str, str]:
    device = seat.device or "the interface's device"
    return f"what {device} of {hypervisor.name} stands on", _on_the_host(hypervisor, "its sosreport, with --sosreport")


def _tx(server: Server) -> tuple[str, str]:
    device = server.interface or "INTERFACE"
    missing = f"TX checksum offload of {server.name}: {server.reason or 'not read'}"
    option = f"--server {server.name}:{device}"
    return (
        missing,
        f"ethtool -k {device} on it: {option}=ssh://root@HOST runs that, {option}=file:PATH takes its output",
    )


def _mode(seat: Seat) -> tuple[str, str]:
    if seat.network is None:
        return "the mode of the interface", "virsh dumpxml of the domain"
    return f"the mode of the interface on network {seat.network}", f"virsh net-dumpxml {seat.network}"


def _on_the_host(hypervisor: Hypervisor, otherwise: str) -> str:
    """The option that asks the host itself, where it is reached by ssh anyway."""
    return f"--ssh-facts, or {otherwise}" if hypervisor.uri.startswith("qemu+ssh:") else otherwise
