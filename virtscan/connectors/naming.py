"""What a hypervisor is called, and how its address is shown, as long as nobody has asked it."""

from virtscan.connectors import sosreport, xml_directory
from virtscan.model import Target, TargetKind
from virtscan.transport import uri


def shown(target: Target) -> str:
    """The address fit to be shown, by which an inventory knows the hypervisor."""
    match target.kind:
        case TargetKind.LIBVIRT:
            return uri.shown(target.address)
        case TargetKind.XML:
            return xml_directory.shown(target.address)
        case TargetKind.SOSREPORT:
            return sosreport.shown(target.address)


def name(target: Target) -> str:
    """The name that counts unless the hypervisor tells a better one: the declared one, else what the address gives."""
    return target.name or _from_address(target)


def _from_address(target: Target) -> str:
    match target.kind:
        case TargetKind.LIBVIRT:
            return uri.host_name(target.address) or shown(target)
        case TargetKind.XML:
            return xml_directory.host_name(target.address)
        case TargetKind.SOSREPORT:
            return sosreport.host_name(target.address)
