"""Facts that a finding lacks, and that would settle it."""

from virtscan.model.facts.hypervisors import DeviceName
from virtscan.model.facts.persistence import AnyBasis
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.identity.mac import Mac
from virtscan.model.reasons.reason import Missing
from virtscan.model.states import Closed, DeviceKind, KernelBasis


class NeedsKernel(Missing, frozen=True):
    """The hypervisor's kernel is not known; or, with its release, whether it is fixed."""

    hypervisor: str
    release: str | None = None
    basis: KernelBasis = KernelBasis.NOT_READ


class NeedsServer(Missing, frozen=True):
    """No provisioning server is known at all."""


class NeedsOffload(Missing, frozen=True):
    """The offload state of the server, or of these devices of its sending stack, is not known."""

    server: str
    interface: str | None
    why: AnyCause | None = None
    devices: tuple[DeviceName, ...] = ()


class NeedsReboot(Missing, frozen=True):
    """Missing: whether the server's offload stays off after a reboot; `why` is the reason, if there is one."""

    server: str
    why: AnyBasis | None = None


class WhyUnlocated(Closed):
    """Reason why a server's place is not known."""

    NO_MAC = "no-mac"
    NOT_A_NIC_MAC = "not-a-nic-mac"
    BOTTOM_UNKNOWN = "bottom-unknown"
    HYPERVISOR_INCOMPLETE = "hypervisor-incomplete"
    NOT_RUNNING = "not-running"
    OUTDATED = "outdated"


class NeedsPlace(Missing, frozen=True):
    """Missing: the server's place. `hypervisor` is the one that was not read completely, or long ago."""

    server: str
    why: WhyUnlocated
    macs: tuple[Mac, ...] = ()
    hypervisor: str | None = None


class NeedsNicKinds(Missing, frozen=True):
    """The kinds of the devices at the bottom of the interface's device; none listed: its lower devices."""

    hypervisor: str
    device: DeviceName | None
    nics: tuple[DeviceName, ...] = ()


class NeedsReflection(Missing, frozen=True):
    """Missing: whether frames that leave through these virtual devices come back with a partial checksum."""

    hypervisor: str
    device: DeviceName | None
    nics: tuple[DeviceName, ...] = ()


class NeedsOuterHost(Missing, frozen=True):
    """Missing: whether the host that runs this hypervisor, a virtual machine, runs the server as well.

    For `outer`, that is known. Missing is whether frames between the two pass a NIC that fills in checksums. `outer` is
    the server itself if it has guests, of which the hypervisor may be one.
    """

    server: str
    hypervisor: str
    outer: str | None = None


class NeedsServerDevice(Missing, frozen=True):
    """Missing: the device that the server sends through; `device` has its MAC, of unknown kind or parent."""

    server: str
    hypervisor: str
    device: DeviceName | None = None


class NeedsDeviceRole(Missing, frozen=True):
    """The kinds, or a macvlan's mode, of devices between the server and the interface, on one hypervisor."""

    server: str
    hypervisor: str
    devices: tuple[DeviceName, ...]


class NeedsInterface(Missing, frozen=True):
    """The interface itself: its device, its network, or its target device."""

    hypervisor: str
    network: str | None = None
    target: str | None = None


class NeedsMode(Missing, frozen=True):
    """The mode of the interface, or of the server's own interface (`server`)."""

    network: str | None = None
    server: str | None = None


class NeedsHypervisors(Missing, frozen=True):
    """These configured hypervisors were not read, and the server may be on one of them."""

    hypervisors: tuple[str, ...]


class NeedsDeviceKind(Missing, frozen=True):
    """The lower devices are unknown, and only bonds are requested."""

    hypervisor: str
    device: DeviceName | None
    kind: DeviceKind = DeviceKind.UNKNOWN


class NeedsRenewal(Missing, frozen=True):
    """A fact that is too old to count; the inventory's gap about the item has its age."""

    item: AnyItem
