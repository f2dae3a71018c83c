"""Facts that a finding rests on."""

from virtscan.model.facts.hypervisors import DeviceName
from virtscan.model.facts.persistence import AnyBasis
from virtscan.model.identity.mac import Mac
from virtscan.model.reasons.reason import Because
from virtscan.model.states import DeviceKind, Fix, KernelBasis, SourceMode, State


class KernelKnown(Because, frozen=True):
    """The hypervisor's kernel is known to be fixed or unfixed; `declared` where the configuration decides that."""

    hypervisor: str
    release: str
    fix: Fix
    basis: KernelBasis
    declared: bool = False


class KernelInferred(Because, frozen=True):
    """The kernel is unknown; the daemon's version (7000000 is 7.0.0) implies a fixed one."""

    hypervisor: str
    daemon: int


class HypervisorIsVm(Because, frozen=True):
    """The hypervisor is observed to be a virtual machine, through these virtual NICs where they showed it."""

    hypervisor: str
    nics: tuple[DeviceName, ...] = ()


class NotServed(Because, frozen=True):
    """No server serves the interface: each is excluded by a declaration or by a record of its MAC."""

    hypervisor: str
    device: DeviceName | None
    segment: str | None
    servers: tuple[str, ...]


class OnRecord(Because, frozen=True):
    """A provisioning system has these servers on record for the interface."""

    servers: tuple[str, ...]


class ExclusionContradicted(Because, frozen=True):
    """A declaration or record excludes the server, but its NIC is on the interface's own device or carried by it."""

    server: str
    device: DeviceName | None


class OffloadKnown(Because, frozen=True):
    """State of the server's TX checksum offload over all paths of its sending stack.

    `devices` are those that decide: the ones that keep a partial checksum if it is on, the ones that fill it if off.
    `whole` is False where the source shows one device and nothing of the stack. `assumed` is True where one of those
    that decide is assumed, not observed.
    """

    server: str
    interface: str | None
    state: State
    devices: tuple[DeviceName, ...] = ()
    whole: bool = True
    assumed: bool = False


class AfterReboot(Because, frozen=True):
    """State of the server's offload after its next reboot, and the reason, if a source has one."""

    server: str
    state: State
    setting: AnyBasis | None = None


class NicFills(Because, frozen=True):
    """The server's virtual NIC sends only complete checksums: by its model, or by `<host csum='off'/>` (model None)."""

    server: str
    model: str | None


class DeclaredPhysical(Because, frozen=True):
    """The configuration declares that the server is not a virtual machine."""

    server: str


class ObservedPhysical(Because, frozen=True):
    """The server is observed to be a physical machine with NICs of its own."""

    server: str


class NotOnHypervisor(Because, frozen=True):
    """The interface's hypervisor was read completely, and none of the server's MACs is on it."""

    server: str
    hypervisor: str
    macs: tuple[Mac, ...]


class OnOtherHypervisor(Because, frozen=True):
    """The server runs on another hypervisor: in a domain, or on the host itself (domain None)."""

    server: str
    hypervisor: str
    domain: str | None
    declared: bool = False


class WasOnHypervisor(Because, frozen=True):
    """The server ran on another hypervisor when that hypervisor was last read completely; this time it was not read."""

    server: str
    hypervisor: str
    domain: str | None


class SharesDevice(Because, frozen=True):
    """The server is on the interface's own device, in this mode: in a domain, or on a host macvlan (domain None)."""

    server: str
    hypervisor: str
    domain: str | None
    device: DeviceName
    mode: SourceMode


class Carried(Because, frozen=True):
    """The server's frames enter the interface's device, or one below it, before any NIC: through `port` if known."""

    server: str
    hypervisor: str
    domain: str | None
    device: DeviceName
    port: DeviceName | None = None


class SeparatedByVlan(Because, frozen=True):
    """The server's device and the interface's share a device, but a VLAN separates them, so they never meet."""

    server: str
    hypervisor: str
    domain: str | None
    server_device: DeviceName
    device: DeviceName


class SendsDown(Because, frozen=True):
    """The server's frames go down through the interface's own device and out; macvtaps on it never see them."""

    server: str
    hypervisor: str
    domain: str | None
    server_device: DeviceName
    device: DeviceName


class ElsewhereOnHypervisor(Because, frozen=True):
    """The server is on the interface's hypervisor, on another device (None if it is on no device)."""

    server: str
    hypervisor: str
    domain: str | None
    device: DeviceName | None


class EnteredByNics(Because, frozen=True):
    """Frames from outside reach the device only through NICs that fill in checksums."""

    hypervisor: str
    device: DeviceName | None
    nics: tuple[DeviceName, ...]


class LeavesByNic(Because, frozen=True):
    """The frame leaves through the bottom of the stack, where a NIC fills in the checksum."""

    device: DeviceName | None


class ModeKnown(Because, frozen=True):
    """Mode of the interface."""

    mode: SourceMode


class DeviceObserved(Because, frozen=True):
    """The kind of the interface's device, and the bond that it is or that is below it."""

    hypervisor: str
    device: DeviceName
    kind: DeviceKind
    bond: DeviceName | None = None


class OutsideStack(Because, frozen=True):
    """The finding rests on a NIC of the server's domain that is not declared to serve."""

    server: str
    mac: Mac | None


class PlacesDisagree(Because, frozen=True):
    """The server may be in several places, and they lead to different verdicts."""

    server: str


class HostObserved(Because, frozen=True):
    """The finding rests on this hypervisor's facts (a sentence is made only where they are old)."""

    hypervisor: str
