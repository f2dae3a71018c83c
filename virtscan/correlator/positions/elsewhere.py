"""Places outside the interface's hypervisor: packets from there pass the hypervisor's NICs."""

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.memory import Remembered
from virtscan.correlator.location.places import GuestNic, HostDevice, HostItself, OtherMachine, Place, UnlocatedServer
from virtscan.correlator.positions.other_hypervisor import on_another
from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.positions.unlocated import unlocated
from virtscan.correlator.servers.sending import SendingStack, may_carry_guests
from virtscan.model import Reach
from virtscan.model.reasons import Because, DeclaredPhysical, NeedsOuterHost, ObservedPhysical


def from_outside(
    stack: SendingStack, place: Place, point: AttachmentPoint, fleet: Fleet, remembered: Remembered | None
) -> Position:
    """Judge a place outside the interface's hypervisor; only the kinds of the point's NICs matter."""
    match place:
        case OtherMachine(declared=declared):
            reason = DeclaredPhysical if declared else ObservedPhysical
            because: tuple[Because, ...] = (reason(server=stack.server.name),)
            if declared or not (point.is_vm and may_carry_guests(stack)):
                return Position(where=Where.THROUGH_NICS, reach=Reach.YES, because=because)
            name = stack.server.name
            outer = NeedsOuterHost(server=name, hypervisor=point.hypervisor, outer=name)
            because += (point.shown_as_vm(),)
            return Position(where=Where.UNPROVEN, reach=Reach.YES, because=because, missing=(outer,))
        case UnlocatedServer():
            return unlocated(stack, place, point, fleet, remembered)
        case GuestNic() | HostDevice() | HostItself():
            return on_another(stack, place, point, fleet)
