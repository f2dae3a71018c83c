"""The sentences for reasons and missing facts of findings, and how to learn the latter.

Ages are counted here, from the inventory's time: the reasons themselves hold none.
"""

import shlex
from collections.abc import Sequence
from datetime import datetime

import msgspec

from virtscan.correlator.devices.nic import is_physical
from virtscan.correlator.staleness.age import is_old
from virtscan.model import DeviceKind, Fix, GapAbout, Hypervisor, Inventory, Server, State
from virtscan.model import reasons as r
from virtscan.model.facts.hypervisors import libvirt_version
from virtscan.model.gaps.causes import TooOld
from virtscan.model.sources import is_declared
from virtscan.views.wording.gaps import item_words
from virtscan.views.wording.gaps.causes import cause_words
from virtscan.views.wording.kernel import kernel_basis
from virtscan.views.wording.missing import missing_fact
from virtscan.views.wording.phrases.ages import ago
from virtscan.views.wording.phrases.commands import look_for_the_fix
from virtscan.views.wording.phrases.names import listed, named, sender
from virtscan.views.wording.settings import setting_words

_KINDS = {
    DeviceKind.VLAN: "a VLAN",
    DeviceKind.BRIDGE: "a bridge",
    DeviceKind.MACVLAN: "a macvlan",
    DeviceKind.VETH: "a veth",
    DeviceKind.ETHERNET: "an ethernet device",
    DeviceKind.DUMMY: "a dummy device",
}


class Wording:
    """Turns the reasons of one inventory's findings into sentences."""

    def __init__(self, inventory: Inventory) -> None:
        """Take the inventory that the findings are about: sources and times of facts come from it."""
        self._taken_at = inventory.taken_at
        self._hosts = {host.name: host for host in inventory.hypervisors}
        self._causes = {gap.item: gap.cause for gap in inventory.gaps if gap.about is GapAbout.AGE}
        self._servers: dict[str, list[Server]] = {}
        for server in inventory.servers:
            self._servers.setdefault(server.name, []).append(server)
        self._places = {(place.server, place.hypervisor): place.observed_at for place in inventory.places}

    def sentences(self, reasons: Sequence[r.Reason]) -> tuple[str, ...]:
        """Return a sentence for each reason, in their order; none for one that needs no mention."""
        return tuple(filter(None, map(self.sentence, reasons)))

    def sentence(self, reason: r.Reason) -> str:
        """Word one reason: a fact that is known, or one that is missing; empty for a recently observed hypervisor."""
        for words in (self._kernel, self._server, self._placed, _place, _path, self._missing):
            if (text := words(reason)) is not None:
                return text
        raise TypeError(reason)

    def how(self, reason: r.Reason) -> str | None:
        """Describe how a missing fact is learnt, in the cheapest way; None for a fact that is known."""
        match reason:
            case r.NeedsKernel(hypervisor=host, release=str(release)):
                return f"run `{look_for_the_fix(release)}` on {host}"
            case r.NeedsKernel(hypervisor=host):
                return self._on_host(host, 'set kernel = "…" in its [[hypervisor]] to the output of `uname -r`')
            case r.NeedsServer():
                return "use --server NAME:INTERFACE=ssh://root@HOST"
            case r.NeedsOffload(server=server, interface=interface, devices=devices):
                device = devices[0] if devices else interface or "INTERFACE"
                option = f"--server {server}:{interface or device}"
                return (
                    f"{option}=ssh://root@HOST reads it; {option}=file:PATH takes the output of `ethtool -k {device}`"
                )
            case r.NeedsPlace(hypervisor=str(host)):
                return f'read {host} completely; or set runs_on = "HYPERVISOR" in the server\'s [[server]]'
            case r.NeedsPlace(why=r.WhyUnlocated.NO_MAC, server=server):
                device = self._interface(server)
                address = f"/sys/class/net/{device}/address"
                keys = f'mac = ["…"] (from {address}) or runs_on = "HYPERVISOR"'
                return f"set {keys} in its [[server]]; ssh:// reads the MAC"
            case r.NeedsPlace():
                return 'set runs_on = "HYPERVISOR" in its [[server]], or physical = true if it is not a VM'
            case r.NeedsNicKinds(hypervisor=host) | r.NeedsReflection(hypervisor=host) if not self._is_physical(host):
                return self._on_host(host, "set physical = true in its [[hypervisor]] if it is not a VM")
            case r.NeedsNicKinds(hypervisor=host) | r.NeedsDeviceKind(hypervisor=host):
                return self._on_host(host, "read its sosreport with --sosreport")
            case r.NeedsOuterHost(hypervisor=host, outer=str()) | r.NeedsReflection(hypervisor=host):
                return f'`tcpdump -vv udp` on {host} prints "bad udp cksum" for packets without a complete checksum'
            case r.NeedsOuterHost(hypervisor=host, server=server):
                return f"also scan the host that runs {host}, or set physical = true in the [[server]] of {server}"
            case r.NeedsServerDevice(hypervisor=host) | r.NeedsDeviceRole(hypervisor=host):
                return self._on_host(host, f"run `ip -d link` on {host} to see kinds, modes and parents")
            case r.NeedsInterface(network=str(network)):
                return f"run `virsh net-dumpxml {shlex.quote(network)}`"
            case r.NeedsInterface(hypervisor=host):
                return self._on_host(host, f"run `ip -d link` on {host} to see the kind of the device")
            case r.NeedsMode(network=str(network)):
                return f"run `virsh net-dumpxml {shlex.quote(network)}`"
            case r.NeedsMode(server=str(server)):
                return f"run `virsh dumpxml` for the domain of {server}; for a host macvlan, use --ssh-facts"
            case r.NeedsMode():
                return "run `virsh dumpxml` for the domain"
            case r.NeedsHypervisors(hypervisors=hosts):
                return f"read {listed(hosts)}"
            case r.NeedsReboot():
                return "use an ssh:// source, which reads the saved settings"
            case _:
                return None

    def _kernel(self, reason: r.Reason) -> str | None:
        match reason:
            case r.KernelKnown(hypervisor=name, release=release, fix=fix, basis=basis, declared=declared):
                seen = "declared" if declared else self._seen_kernel(name)
                fills = "fills" if fix is Fix.FIXED else "does not fill"
                return f"{name} runs kernel {release} ({seen}), which {fills} in checksums: {kernel_basis(basis)}"
            case r.KernelInferred(hypervisor=name, daemon=version):
                return (
                    f"{name} runs libvirt {libvirt_version(version)}, which no distribution ships with an unfixed "
                    "kernel: a fixed kernel is inferred"
                )
            case r.HypervisorIsVm(hypervisor=name, nics=nics):
                shown = f" ({listed(nics)})" if nics else ""
                return f"{name} is a VM{shown}, so the host that runs it also matters"
            case r.HostObserved(hypervisor=name):
                host = self._hosts.get(name)
                at = None if host is None else host.observed_at
                return f"{name} was observed {ago(at, self._taken_at)}" if is_old(at, self._taken_at) else ""
            case _:
                return None

    def _server(self, reason: r.Reason) -> str | None:
        match reason:
            case r.OffloadKnown(server=name, interface=interface, state=state, devices=devices, whole=whole):
                seen = "assumed" if reason.assumed else self._seen(name)
                words = f"{sender(name, interface)}: TX checksum offload is {state.value} ({seen})"
                if devices and set(devices) != {interface}:
                    words += f" on {listed(devices)}"
                if whole or state is State.ON:
                    return words
                return f"{words}, if it sends through this device: ethtool -k does not show the devices above and below"
            case r.AfterReboot(state=state, setting=setting):
                why = "" if setting is None else f": {setting_words(setting)}"
                stays = state is State.OFF
                return f"{'the offload stays off' if stays else 'off now; on again'} after a reboot{why}"
            case r.NicFills(server=name, model=str(model)):
                return f"the NIC of {name} is a virtual {model}, which sends only complete checksums"
            case r.NicFills(server=name):
                return f"the NIC of {name} has <host csum='off'/>, so it sends only complete checksums"
            case r.WasOnHypervisor(server=name, hypervisor=host, domain=domain):
                who = f"domain {domain} on {host}" if domain is not None else f"{host} itself"
                when = ago(self._places.get((name, host)), self._taken_at) or "at an unknown time"
                return f"{name} was {who} when {host} was last read completely, {when}"
            case r.OutsideStack(server=name, mac=mac):
                return f"{name} is not declared to serve through this NIC of its domain ({mac or 'without a MAC'})"
            case r.PlacesDisagree(server=name):
                return f"{name} may be in several places; this is the worst of them"
            case r.NotServed(hypervisor=host, device=device, segment=segment, servers=servers):
                where = "" if segment is None else f" (segment {segment})"
                return f"no server serves {named(device)} of {host}{where}: {listed(servers)}"
            case r.OnRecord(servers=servers):
                return f"a provisioning system has {listed(servers)} on record for the interface"
            case r.ExclusionContradicted(server=name, device=device):
                return f"a declaration or record excludes {name}, but its NIC is on {named(device)} or carried by it"
            case _:
                return None

    def _placed(self, reason: r.Reason) -> str | None:
        """State where a server is declared or assumed to run."""
        match reason:
            case r.OnOtherHypervisor(server=name, hypervisor=host, domain=None, declared=True):
                assumed = any(server.assumed_place for server in self._servers.get(name, ()))
                return f"{name} runs on {host} ({'assumed' if assumed else 'declared'}), another hypervisor"
            case _:
                return None

    def _missing(self, reason: r.Reason) -> str | None:
        match reason:
            case r.NeedsRenewal(item=item):
                cause = self._causes.get(item)
                words = "too old to be used" if cause is None else cause_words(cause, self._taken_at)
                return f"{item_words(item)}: {words}"
            case r.NeedsOffload(server=name, interface=interface, why=TooOld()):
                outdated = [server for server in self._servers.get(name, ()) if isinstance(server.reason, TooOld)]
                own = next(
                    (server for server in outdated if server.interface == interface), outdated[0] if outdated else None
                )
                if own is not None:
                    return missing_fact(msgspec.structs.replace(reason, why=own.reason), self._taken_at)
        return missing_fact(reason, self._taken_at)

    def _seen_kernel(self, host: str) -> str:
        kernel = self._hosts[host].kernel if host in self._hosts else None
        return "source unknown" if kernel is None else self._dated(kernel.source, kernel.observed_at)

    def _seen(self, server: str) -> str:
        servers = self._servers.get(server)
        if not servers:
            return "source unknown"
        return "declared" if is_declared(servers[0].source) else self._dated(servers[0].source, servers[0].observed_at)

    def _dated(self, source: str, observed_at: datetime | None) -> str:
        """Name a source and, if it was read long ago, its age."""
        old = is_old(observed_at, self._taken_at)
        return f"{source}, observed {ago(observed_at, self._taken_at)}" if old else source

    def _interface(self, server: str) -> str:
        servers = self._servers.get(server)
        return (servers[0].interface if servers else None) or "INTERFACE"

    def _is_physical(self, name: str) -> bool:
        """Return True for a hypervisor that is already known not to be a virtual machine."""
        host = self._hosts.get(name)
        return host is not None and is_physical(host)

    def _on_host(self, name: str, otherwise: str) -> str:
        """Put the option first that reads the host itself, if ssh reaches it anyway."""
        host: Hypervisor | None = self._hosts.get(name)
        return f"use --ssh-facts, or {otherwise}" if host is not None and "+ssh:" in host.uri else otherwise


def _place(reason: r.Reason) -> str | None:
    match reason:
        case r.DeclaredPhysical(server=name):
            return f"{name} is declared not to be a VM"
        case r.ObservedPhysical(server=name):
            return f"{name} is a physical machine with NICs of its own"
        case r.NotOnHypervisor(server=name, hypervisor=host, macs=macs):
            return f"{name} is not on {host}, which was read completely: nothing there has {listed(macs)}"
        case r.OnOtherHypervisor(server=name, hypervisor=host, domain=None):
            return f"{name} runs on {host} itself, another hypervisor"
        case r.OnOtherHypervisor(server=name, hypervisor=host, domain=domain):
            return f"{name} is domain {domain} on {host}, another hypervisor"
        case r.SharesDevice(server=name, domain=None, hypervisor=host, device=device, mode=mode):
            return f"{name} is on a macvlan of {host} itself on {device}, the interface's device, in {mode.value} mode"
        case r.SharesDevice(server=name, domain=domain, hypervisor=host, device=device, mode=mode):
            return f"{name} is domain {domain} on {host}, also on {device}, in {mode.value} mode"
        case r.Carried(server=name, domain=domain, hypervisor=host, device=device, port=port):
            who = f"domain {domain}" if domain is not None else f"behind {port or 'a port'}"
            return f"{name} is {who} on {host}; {device} receives its frames before any NIC"
        case r.SeparatedByVlan(server=name, hypervisor=host, server_device=own, device=device):
            return f"{name} is on {own} of {host}; a VLAN lies between it and {device}: they exchange no frames"
        case r.SendsDown(server=name, hypervisor=host, server_device=own, device=device):
            return f"{name} sends out through {own} of {host}: macvtaps on {device} never receive its frames"
        case r.ElsewhereOnHypervisor(server=name, hypervisor=host, domain=domain, device=device):
            who = f"domain {domain} on {host}" if domain is not None else f"on {host} itself"
            return f"{name} is {who}, {f'on {device}' if device else 'on none of its devices'}"
        case _:
            return None


def _path(reason: r.Reason) -> str | None:
    match reason:
        case r.EnteredByNics(device=device, nics=nics):
            shown = f" ({listed(nics)})" if nics else ""
            return f"{named(device)} is reached only through NICs that fill in checksums{shown}"
        case r.LeavesByNic():
            return "packets don't pass directly; they leave through a NIC, which fills in the checksum"
        case r.ModeKnown(mode=mode):
            return f"the interface is in {mode.value} mode"
        case r.DeviceObserved(hypervisor=host, device=device, kind=kind, bond=bond):
            if bond is not None:
                return f"{device} of {host} {'is a bond' if bond == device else f'is on top of the bond {bond}'}"
            if kind in _KINDS:
                return f"{device} of {host} is {_KINDS[kind]}"
            name = " is named like a bond;" if device.startswith("bond") else ":"
            return f"{device} of {host}{name} its kind was not observed"
        case _:
            return None
