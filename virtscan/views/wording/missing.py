"""The sentences for missing facts."""

from collections.abc import Sequence
from datetime import datetime

from virtscan.model import DeviceKind
from virtscan.model import reasons as r
from virtscan.views.wording.gaps.causes import cause_words
from virtscan.views.wording.kernel import kernel_basis
from virtscan.views.wording.phrases.names import listed, named, sender, were
from virtscan.views.wording.settings import setting_words


def leading(missing: Sequence[r.Reason]) -> r.Reason | None:
    """Return the main missing fact of an undecided finding; None if none is missing.

    The kernel is missing wherever it is unknown; the other facts are the rule's own.
    """
    return next((fact for fact in missing if not isinstance(fact, r.NeedsKernel)), missing[0] if missing else None)


def missing_fact(reason: r.Reason, taken_at: datetime) -> str | None:
    """Name the missing fact, with ages counted from this time; None for a reason that is known."""
    match reason:
        case r.NeedsKernel(hypervisor=host, release=None):
            return f"the kernel of {host} (uname -r)"
        case r.NeedsKernel(hypervisor=host, release=release, basis=basis):
            return f"whether kernel {release} of {host} is fixed: {kernel_basis(basis)}"
        case r.NeedsServer():
            return "a provisioning server (none given)"
        case r.NeedsOffload(server=name, interface=str(interface), why=None, devices=()):
            return f"TX checksum offload of {sender(name, interface)}: not all devices above and below it are known"
        case r.NeedsOffload(server=name, interface=interface, why=why, devices=devices):
            where = f" on {listed(devices)}" if devices and set(devices) != {interface} else ""
            words = "not read" if why is None else cause_words(why, taken_at)
            return f"TX checksum offload of {sender(name, interface)}{where}: {words}"
        case r.NeedsReboot(why=why):
            return f"whether the offload stays off after a reboot{'' if why is None else f': {setting_words(why)}'}"
        case r.NeedsPlace():
            return f"where {reason.server} runs: {_unlocated(reason)}"
        case r.NeedsNicKinds(hypervisor=host, device=None, nics=()):
            return f"the NICs of {host}, none of which is listed"
        case r.NeedsNicKinds(hypervisor=host, device=device, nics=()):
            return f"the devices below {named(device)} of {host}"
        case r.NeedsNicKinds(hypervisor=host, nics=nics):
            return f"the kind of {listed(nics)} of {host}: NICs that fill in checksums, or virtual ones"
        case r.NeedsReflection(hypervisor=host, nics=nics):
            through = f" through {listed(nics)}" if nics else ""
            return f"whether frames that leave {host}{through} come back with a partial checksum"
        case r.NeedsOuterHost(server=name, hypervisor=host, outer=outer) if outer == name:
            way = f"on their way to {host}, a VM that may run on {name}"
            return f"whether packets of {name} pass a NIC that fills in checksums {way}"
        case r.NeedsOuterHost(server=name, hypervisor=host, outer=str(outer)):
            way = f"on their way to {host}, a VM there"
            return f"whether packets of {name} on {outer} pass a NIC that fills in checksums {way}"
        case r.NeedsOuterHost(server=name, hypervisor=host):
            return f"whether the host that runs {host}, a VM, also runs {name}"
        case _:
            return _needed_of_interface(reason)


def _needed_of_interface(reason: r.Reason) -> str | None:
    match reason:
        case r.NeedsServerDevice(server=name, hypervisor=host, device=None):
            return f"the device of {host} that server {name} sends through"
        case r.NeedsServerDevice(server=name, hypervisor=host, device=device):
            return (
                f"the kind of {device}, the device of {host} that server {name} sends through, and the devices below it"
            )
        case r.NeedsDeviceRole(server=name, hypervisor=host, devices=devices):
            return f"the kind or mode of {listed(devices)} on {host}, between {name} and the interface"
        case r.NeedsInterface(hypervisor=host, network=str(network)):
            return f"which device of {host} the interface is on (network {network})"
        case r.NeedsInterface(hypervisor=host, target=str(target)):
            return f"whether {target} of {host}, the interface's device, is a macvtap, and the device below it"
        case r.NeedsInterface(hypervisor=host):
            return f"which device of {host} the interface is on"
        case r.NeedsMode(server=str(name)):
            return f"the mode of the interface of {name}"
        case r.NeedsMode(network=network):
            return f"the mode of the interface{f' on network {network}' if network else ''}"
        case r.NeedsHypervisors(hypervisors=hosts):
            return f"whether the server is on {listed(hosts)}, which {were(hosts)} not read completely"
        case r.NeedsDeviceKind(hypervisor=host, device=device, kind=DeviceKind.UNKNOWN):
            return f"the kind of {named(device)} of {host}"
        case r.NeedsDeviceKind(hypervisor=host, device=device):
            return f"the devices below {named(device)} of {host}"
        case _:
            return None


def _unlocated(reason: r.NeedsPlace) -> str:
    macs = listed(reason.macs)
    match reason.why:
        case r.WhyUnlocated.NO_MAC:
            return "its MAC is unknown"
        case r.WhyUnlocated.NOT_A_NIC_MAC:
            return f"{macs} not found, which proves nothing: bridges, containers and VRRP use such MACs"
        case r.WhyUnlocated.BOTTOM_UNKNOWN:
            return f"none of {macs} was found, and the NICs below its devices are unknown"
        case r.WhyUnlocated.HYPERVISOR_INCOMPLETE if not reason.macs:
            return f"its hypervisor may be a VM on {reason.hypervisor}, which was not read completely"
        case r.WhyUnlocated.HYPERVISOR_INCOMPLETE:
            return f"{macs} not found, but {reason.hypervisor} was not read completely"
        case r.WhyUnlocated.NOT_RUNNING:
            return f"no domain that may be the server is known to run, and {reason.hypervisor} was not read completely"
        case r.WhyUnlocated.OUTDATED:
            return f"it was on {reason.hypervisor}, whose facts are too old to be used"
