"""The facts of an interface and of a server, each with its source and time."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from virtscan.correlator.devices.nic import nic_kind
from virtscan.correlator.devices.stack import follow
from virtscan.correlator.kernel import kernel_state
from virtscan.correlator.servers.cure import CHECKSUMS
from virtscan.correlator.servers.paths import PathState
from virtscan.correlator.servers.sending import SendingStack, sending
from virtscan.explain.explanation import StatedFact
from virtscan.model import (
    ASSUMED,
    CONFIGURATION,
    Attachment,
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    Exposure,
    Feature,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Machine,
    Observed,
    Server,
    SourceMode,
    State,
)
from virtscan.model.facts.persistence import CaptureOnly
from virtscan.model.sources import is_declared
from virtscan.views.wording.gaps.causes import cause_words
from virtscan.views.wording.kernel import kernel_basis
from virtscan.views.wording.phrases.ages import ago
from virtscan.views.wording.settings import setting_words

_DOMAIN_XML = "domain XML"
_NETWORK_XML = "network XML"
_PATHS = {PathState.FILLED: "are filled in", PathState.PARTIAL: "stay partial", PathState.UNKNOWN: "may stay partial"}
_BACKINGS = {Backing.PHYSICAL: ", a NIC", Backing.VIRTUAL: ", virtual", Backing.UNKNOWN: ""}


class StatedFacts:
    """The facts of one inventory; ages are counted from its time."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def interface(
        self, hypervisor: Hypervisor, domain: Domain, interface: Interface, exposure: Exposure
    ) -> Iterator[StatedFact]:
        """Yield the chain from the domain down to the NICs and the kernel under them, then its boot settings."""
        read = (_DOMAIN_XML, hypervisor.observed_at)
        yield self._stated("hypervisor", hypervisor.name, hypervisor.uri, hypervisor.observed_at)
        document = _DOMAIN_XML if domain.origin == hypervisor.uri else domain.origin
        yield self._stated("domain", _domain(domain), document, hypervisor.observed_at)
        yield self._stated("interface", _interface(interface), *read)
        yield from self._network(hypervisor, interface)
        for attachment in interface.attachments:
            yield self._stated("source device", _attachment(attachment), *read)
        yield from self._devices(hypervisor, interface)
        yield from self._hypervisor_kernel(hypervisor)
        yield from self._segments(hypervisor, interface)
        yield self._stated("boot", _boot(domain, interface), *read)
        for netboot in self._inventory.netboots:
            if netboot.mac == interface.mac:
                pending = "boots from the network next" if netboot.pending else "not set to boot from the network"
                alternative = "" if netboot.is_exclusive else " or, as it does not manage DHCP, by another server"
                answers = "" if netboot.server is None else f", answered by {netboot.server}{alternative}"
                yield self._stated(
                    "record", f"{netboot.system}: {pending}{answers}", netboot.source, netboot.observed_at
                )
        yield StatedFact(fact="exposure", value=exposure.value)

    def server(self, server: Server) -> Iterator[StatedFact]:
        """Yield a server's offload state now and after a reboot, its sending stack, addresses and networks served."""
        read = ("declared" if is_declared(server.source) else server.source, server.observed_at)
        stack = sending(server)
        if stack.tx is State.UNKNOWN:
            cause = "not read" if server.reason is None else cause_words(server.reason, self._inventory.taken_at)
            yield self._stated("TX checksum offload", None, f"{server.source}: {cause}", read[1])
        else:
            of_state = (ASSUMED, None) if stack.is_assumed else read
            yield self._stated("TX checksum offload", stack.tx.value, *of_state)
        for path in stack.paths if stack.observed else ():
            names = " over ".join(f"{name} ({_offload(stack, name)})" for name in path.devices)
            yield self._stated("sending path", f"{names}: partial checksums {_PATHS[path.now]}", *read)
        if server.persistence is not None and isinstance(server.persistence.setting, CaptureOnly):
            yield self._stated("sending path", None, "ethtool -k does not show the devices above and below")
        for name in CHECKSUMS:
            if name in server.features:
                yield self._stated(name, _feature(server.features[name]), *read)
        if server.persistence is not None:
            after = server.persistence.tx_checksum
            value = None if after is State.UNKNOWN else after.value
            observed_at = None if server.assumed_tx else server.observed_at
            yield self._stated("after a reboot", value, setting_words(server.persistence.setting), observed_at)
        yield self._kernel(server.kernel)
        yield from self._identity(server, tuple(sorted(stack.macs)), read)
        serves = ", ".join((*server.segments, *server.subnets))
        yield self._stated("serves", serves or "every segment", CONFIGURATION if serves else "nothing is declared")

    def _identity(
        self, server: Server, of_stack: tuple[Mac, ...], read: tuple[str, datetime | None]
    ) -> Iterator[StatedFact]:
        """Yield MACs, those of all devices of the sending stack included, addresses, and the kind of machine."""
        macs = dict.fromkeys((*server.macs, *of_stack))
        observed = tuple(mac for mac in macs if mac not in server.declared_macs)
        if server.declared_macs:
            yield self._stated("MAC", ", ".join(server.declared_macs), CONFIGURATION)
        if observed or not macs:
            yield self._stated("MAC", ", ".join(observed) or None, *(read if observed else (None, None)))
        if server.addresses:
            yield self._stated("addresses", ", ".join(server.addresses), *read)
        if server.machine is not Machine.UNKNOWN:
            yield self._stated("machine", server.machine.value, *read)
        if server.physical:
            yield self._stated("machine", "physical", CONFIGURATION)
        if server.runs_on is not None:
            yield self._stated("runs on", server.runs_on, ASSUMED if server.assumed_place else CONFIGURATION)

    def _network(self, hypervisor: Hypervisor, interface: Interface) -> Iterator[StatedFact]:
        if interface.network is None:
            return
        network = next((candidate for candidate in hypervisor.networks if candidate.name == interface.network), None)
        group = f", portgroup {interface.portgroup}" if interface.portgroup else ""
        if network is None:
            yield self._stated("network", None, f"{interface.network}{group}: its definition was not read")
            return
        pool = ", ".join(str(attachment.device) for attachment in network.attachments if attachment.device)
        offers = f", on {pool}" if pool else ""
        value = f"{network.name}{group}, forward mode {network.forward_mode or 'none'}{offers}"
        yield self._stated("network", value, _NETWORK_XML, hypervisor.observed_at)

    def _devices(self, hypervisor: Hypervisor, interface: Interface) -> Iterator[StatedFact]:
        devices = {device.name: device for device in hypervisor.devices}
        tops = [attachment.device for attachment in interface.attachments if attachment.device is not None]
        names = dict.fromkeys(
            name for top in tops for name in (top, *follow(devices, top, lambda nic: nic_kind(nic, hypervisor)).lower)
        )
        for name in names:
            device = devices.get(name)
            if device is None:
                yield self._stated("device", None, f"{name}: its kind was not observed")
            else:
                at = device.observed_at or hypervisor.observed_at
                yield self._stated("device", _device(device), ", ".join(device.sources) or None, at)

    def _hypervisor_kernel(self, hypervisor: Hypervisor) -> Iterator[StatedFact]:
        state, observed = kernel_state(hypervisor), hypervisor.kernel
        words = f"{state.fix.value}: {kernel_basis(state.basis)}"
        if observed is not None:
            yield self._stated("kernel", f"{observed.value}, {words}", observed.source, observed.observed_at)
        if hypervisor.declared_kernel is not None:
            outranked = observed is not None and observed.value != hypervisor.declared_kernel
            value = f"{hypervisor.declared_kernel}, {'the observed one is used' if outranked else words}"
            yield self._stated("kernel", value, CONFIGURATION)
        if observed is None and hypervisor.declared_kernel is None:
            daemon = hypervisor.daemon
            yield self._stated("kernel", None if daemon is None else words, None if daemon is None else daemon.source)
        if hypervisor.machine is not Machine.UNKNOWN:
            yield self._stated("machine", hypervisor.machine.value, hypervisor.uri, hypervisor.observed_at)

    def _kernel(self, kernel: Observed[str] | None) -> StatedFact:
        if kernel is None:
            return self._stated("kernel", None)
        return self._stated("kernel", kernel.value, kernel.source, kernel.observed_at)

    def _segments(self, hypervisor: Hypervisor, interface: Interface) -> Iterator[StatedFact]:
        for name in dict.fromkeys(attachment.device for attachment in interface.attachments):
            if name is not None:
                segment = hypervisor.segments.get(name)
                value = None if segment is None else f"{segment} ({name})"
                yield self._stated("segment", value, CONFIGURATION if segment else f"none configured for {name}")

    def _stated(
        self, fact: str, value: str | None, source: str | None = None, observed_at: datetime | None = None
    ) -> StatedFact:
        age = ago(observed_at, self._inventory.taken_at)
        return StatedFact(fact=fact, value=value, source=source, observed_at=observed_at, ago=age)


def _offload(stack: SendingStack, name: DeviceName) -> str:
    """Write the state of a device, with a mark if it is assumed."""
    state = stack.offload(name).tx_checksum.value
    return f"{state}, {ASSUMED}" if name in stack.server.assumed_tx else state


def _domain(domain: Domain) -> str:
    return _joined((domain.name, domain.uuid, domain.state.value if domain.state.value != "unknown" else None))


def _joined(parts: Iterable[str | None]) -> str:
    return ", ".join(filter(None, parts))


def _interface(interface: Interface) -> str:
    sides = (("host", interface.host_csum), ("guest", interface.guest_csum))
    csum = (f"{side} csum {state.value}" for side, state in sides if state is not None)
    return _joined(
        (
            f"number {interface.index}",
            interface.mac,
            f"type {interface.type}",
            None if interface.source is None else f"source {interface.source}",
            None if interface.model is None else f"model {interface.model}",
            None if interface.target is None else f"target {interface.target}",
            *csum,
        )
    )


def _attachment(attachment: Attachment) -> str | None:
    mode = attachment.mode
    if attachment.device is None:
        return None
    device = f"a virtual function of {attachment.device}" if attachment.virtual_function else attachment.device
    if mode is None:
        return f"{device}, not a macvtap"
    return f"{device}, mode unknown" if mode is SourceMode.UNKNOWN else f"{device}, {mode.value} mode"


def _device(device: Device) -> str:
    kind = "kind unknown" if device.kind is DeviceKind.UNKNOWN else device.kind.value
    vlan = None if device.vlan_id is None else f"VLAN {device.vlan_id}"
    below = f"on {', '.join(device.lower)}" if device.lower else None
    return f"{device.name}: " + _joined(
        (f"{kind}{_BACKINGS[device.backing]}", vlan, below, device.mac, *device.addresses)
    )


def _boot(domain: Domain, interface: Interface) -> str:
    order = f"boot order {interface.boot_order}" if interface.boot_order is not None else None
    devices = f"boots from {', '.join(domain.boot_devices)}" if domain.boot_devices else None
    rom = f"boot ROM {interface.rom.value}" if interface.rom is not None else None
    link = f"link {interface.link.value}" if interface.link is not None else None
    return _joined((order, devices, rom, link)) or "no boot order is given"


def _feature(feature: Feature) -> str:
    fixed = " [fixed]" if feature.fixed else ""
    requested = f" [requested {feature.requested.value}]" if feature.requested is not None else ""
    return f"{feature.state.value}{fixed}{requested}"
