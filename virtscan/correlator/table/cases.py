"""Cases for the decision table: the facts about an attachment point, and about a server's position there."""

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
from virtscan.correlator.kernel import KernelState
from virtscan.correlator.positions.position import Position
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.table import Case, PossibleServers, Ruling, rule_on
from virtscan.model import KernelBasis, Machine, SourceMode


def case_without_server(kernel: KernelState, point: AttachmentPoint, servers: PossibleServers) -> Case:
    """Return the case of a point that is about no server in particular."""
    return Case(
        kernel=kernel.fix,
        inferred=kernel.basis is KernelBasis.INFERRED_FROM_DAEMON,
        in_vm=point.machine is Machine.VIRTUAL,
        servers=servers,
    )


def rule_at(kernel: KernelState, point: AttachmentPoint, stack: SendingStack, position: Position) -> Ruling:
    """Apply the table to a point and one position of a server."""
    case = msgspec.structs.replace(
        case_without_server(kernel, point, PossibleServers.THIS_ONE),
        tx=stack.tx,
        tx_after_reboot=stack.after_reboot,
        fills=position.fills is not None,
        where=position.where,
        weak=position.weak,
        declared=position.declared and stack.declared,
        mode=point.mode or SourceMode.UNKNOWN,
    )
    return rule_on(case, stack, position)
