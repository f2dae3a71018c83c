"""The changes on each server, planned from a report, and the interfaces that they clear."""

from collections.abc import Iterable

import msgspec

from virtscan.correlator import correlate
from virtscan.correlator.kernel import kernel_state
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, HostDevice, places
from virtscan.correlator.servers.cure import Cure, as_judged, command_word, cure_of, offload_of, server_of, stack_of
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.supposed import after_reboot, switched_off
from virtscan.correlator.staleness.aging import aged
from virtscan.model import DeviceName, Hypervisor, Inventory, Report, Server
from virtscan.remedy.interfaces_at_risk import InterfacesAtRisk, Sending, interfaces_at_risk
from virtscan.remedy.notes import notes
from virtscan.remedy.plan import Change, Remedy, Upgrade
from virtscan.remedy.questions import questions
from virtscan.remedy.switched_devices import switched_devices
from virtscan.views.wording.kernel import kernel_basis
from virtscan.views.wording.settings import setting_words

_ANYWHERE = "RHEL 6 has had the fix since 2.6.32-504.30.3.el6, RHEL 7 since 3.10.0-514.el7, Linux since 3.15"


class _PlannedCure(msgspec.Struct, frozen=True, kw_only=True):
    """A stack that puts interfaces at risk, as it is now, with its cure."""

    stack: SendingStack
    cure: Cure
    interfaces_at_risk: InterfacesAtRisk


def plan(report: Report, assumed: tuple[str, ...] = ()) -> Remedy:
    """Work out the changes so that no interface is at risk, neither now nor after the servers' next reboot.

    Every server that would put an interface at risk is changed, not only the worst, which the finding names. A waived
    server needs no change. `assumed` are the suppositions of the report.
    """
    inventory = report.inventory
    rebooted = msgspec.structs.replace(inventory, servers=tuple(map(after_reboot, inventory.servers)))
    times = [inventory] if rebooted.servers == inventory.servers else [inventory, rebooted]
    by_stack = interfaces_at_risk(map(aged, times))
    fleet = ServerIndex(aged(inventory)).fleet
    planned_cures = [
        _planned(inventory.servers, sending, interfaces, fleet) for sending, interfaces in by_stack.items()
    ]
    cures = [(planned.stack, planned.cure) for planned in planned_cures]
    remaining = [finding for time in times for finding in correlate(with_cures(time, cures)).findings]
    at_risk = {finding.key for finding in remaining if finding.is_at_risk}
    unknown = {finding.key for finding in remaining if finding.is_unknown}
    changes = [_change(planned, fleet, inventory.hypervisors) for planned in planned_cures]
    return Remedy(
        version=inventory.version,
        taken_at=inventory.taken_at,
        changes=tuple(sorted(changes, key=lambda change: -len(change.interfaces_at_risk))),
        questions=questions(report),
        still_at_risk=len(at_risk),
        still_unknown=len(unknown - at_risk),
        is_complete=inventory.has_domains and not report.gaps,
        assumed=assumed,
    )


def with_cures(inventory: Inventory, cures: Iterable[tuple[SendingStack, Cure]]) -> Inventory:
    """Return the inventory with the devices of complete cures switched off, now and after a reboot."""
    names: dict[tuple[str, str | None], set[DeviceName]] = {}
    whole: set[tuple[str, str | None]] = set()
    for stack, cure in cures:
        if not cure.is_complete:
            continue
        key = _key(stack.server)
        names.setdefault(key, set()).update(switch.device for switch in cure.switches if switch.device is not None)
        if not stack.observed:
            whole.add(key)
    servers = tuple(
        switched_off(server, names[_key(server)], whole=_key(server) in whole) if _key(server) in names else server
        for server in inventory.servers
    )
    return msgspec.structs.replace(inventory, servers=servers)


def _key(server: Server) -> tuple[str, str | None]:
    return server.name, server.interface


def _planned(servers: Iterable[Server], sending: Sending, at_risk: InterfacesAtRisk, fleet: Fleet) -> _PlannedCure:
    interface = sending.interface or None
    named = [
        candidate
        for candidate in servers
        if candidate.name == sending.server and (candidate.interface or "") == sending.named
    ]
    server = server_of(named, sending.server, interface)
    assert server is not None  # noqa: S101  the rulings are on these servers
    stack = stack_of(server, interface)
    return _PlannedCure(stack=as_judged(stack, fleet), cure=cure_of(stack, fleet), interfaces_at_risk=at_risk)


def _change(planned: _PlannedCure, fleet: Fleet, hosts: Iterable[Hypervisor]) -> Change:
    stack, server = planned.stack, planned.stack.server
    server_places = places(stack, fleet)
    own = [place.device for place in server_places if isinstance(place, HostDevice)]
    switched = switched_devices(stack, planned.cure, own) if planned.cure.is_complete else ()
    affected = planned.interfaces_at_risk.hypervisors
    return Change(
        server=server.name,
        interface=stack.interface,
        top=_top(stack),
        source=stack.source,
        observed_at=stack.observed_at,
        devices=switched,
        tx_checksum=stack.tx,
        state_after_reboot=stack.after_reboot,
        after_reboot=_settings(stack, planned.cure),
        fixed=not planned.cure.is_complete,
        interfaces_at_risk=planned.interfaces_at_risk,
        upgrades=tuple(_upgrade(host) for host in hosts if host.name in affected),
        notes=notes(stack, planned.cure, switched, [place for place in server_places if isinstance(place, GuestNic)]),
    )


def _top(stack: SendingStack) -> str | None:
    """Name the device where the check begins; None if that is unknown or no command can name it."""
    return command_word(stack.top if stack.observed else stack.interface)


def _settings(stack: SendingStack, cure: Cure) -> str | None:
    """Describe the settings that decide the devices' state after a reboot; None if no setting was searched for."""
    persistences = [offload_of(stack, switch.device).persistence for switch in cure.switches]
    of_devices = [setting_words(persistence.setting) for persistence in persistences if persistence is not None]
    if not of_devices and stack.declared and stack.server.persistence is not None:
        return setting_words(stack.server.persistence.setting)
    return "; ".join(dict.fromkeys(of_devices)) or None


def _upgrade(hypervisor: Hypervisor) -> Upgrade:
    kernel = hypervisor.kernel_release
    reason = _ANYWHERE if kernel is None else kernel_basis(kernel_state(hypervisor).basis)
    return Upgrade(hypervisor=hypervisor.name, kernel=kernel, reason=reason)
