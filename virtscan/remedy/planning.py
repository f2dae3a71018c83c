"""A report -> what to change on which server, and whom that frees."""

import functools
from collections.abc import Collection, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator import correlate
from virtscan.correlator.cure import cure, stack_of
from virtscan.correlator.evaluator import kernel_state
from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, HostDevice, places
from virtscan.correlator.server_index import ServerIndex
from virtscan.correlator.supposed import after_reboot, switched_off
from virtscan.model import Finding, Hypervisor, Inventory, Report, Server, State, Verdict
from virtscan.remedy.notes import notes
from virtscan.remedy.plan import Change, Endangered, Remedy, Upgrade
from virtscan.remedy.questions import questions
from virtscan.remedy.sender import sender
from virtscan.views.summary import is_at_risk
from virtscan.views.wording.kernel import kernel_basis

_Key: TypeAlias = str | None
_Place: TypeAlias = tuple[str, str, str, int]

_ANYWHERE = "RHEL 6 has the fix since 2.6.32-504.30.3.el6, RHEL 7 since 3.10.0-514.el7, Linux since 3.15"


def plan(report: Report) -> Remedy:
    """Work out what to change so that nobody is at risk, neither now nor after the servers' next boot.

    A finding names the worst server only: with that one mended the next may come to light. So the inventory is judged
    again with every server mended that was found, until no new one turns up, and then for each of them with all the
    others mended. What is waived asks for no change.
    """
    inventory = _as_booted(report.inventory)

    @functools.cache
    def judged(mended: frozenset[_Key]) -> tuple[Finding, ...]:
        return correlate(_switched(inventory, mended)).findings

    found = frozenset[_Key]()
    while harmful := {_by(finding) for finding in judged(found) if is_at_risk(finding)}:
        found |= harmful  # one at least is new: who is mended endangers nobody
    harm = {key: tuple(filter(is_at_risk, judged(found - {key}))) for key in sorted(found, key=str)}
    servers = {_of(server): server for server in reversed(report.inventory.servers)}  # of namesakes the first
    scene = _Scene(inventory=inventory, fleet=ServerIndex(inventory).fleet, names=_names(harm))
    changes = [_change(servers[key], findings, scene) for key, findings in harm.items()]
    left = judged(frozenset(key for key in found if cure(stack_of(servers[key], servers[key].interface)).is_complete))
    return Remedy(
        version=inventory.version,
        taken_at=inventory.taken_at,
        changes=tuple(sorted(changes, key=lambda change: -len(change.endangered))),
        questions=questions(report),
        still_at_risk=sum(map(is_at_risk, left)),
        still_unknown=sum(finding.verdict is Verdict.UNKNOWN and finding.waived is None for finding in left),
    )


class _Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a change is seen against; `names` are those of the servers that endanger an interface."""

    inventory: Inventory
    fleet: Fleet
    names: Mapping[_Place, list[str]]


def _as_booted(inventory: Inventory) -> Inventory:
    """Give the inventory after the next reboot of every server whose offload is known to be on again then."""
    return msgspec.structs.replace(inventory, servers=tuple(map(after_reboot, inventory.servers)))


def _switched(inventory: Inventory, keys: Collection[_Key]) -> Inventory:
    servers = tuple(switched_off(server) if _of(server) in keys else server for server in inventory.servers)
    return msgspec.structs.replace(inventory, servers=servers)


def _names(harm: Mapping[_Key, tuple[Finding, ...]]) -> Mapping[_Place, list[str]]:
    names: dict[_Place, list[str]] = {}
    for name, findings in harm.items():
        for finding in findings:
            names.setdefault(_place(finding), []).append(name or "")
    return names


def _change(server: Server, findings: tuple[Finding, ...], scene: _Scene) -> Change:
    stack = stack_of(server, findings[0].server_interface)
    found = places(stack, scene.fleet)
    device = sender(server, (place.device for place in found if isinstance(place, HostDevice)))
    fixed = not cure(stack).is_complete
    hypervisors = {finding.hypervisor for finding in findings}
    return Change(
        server=server.name,
        source=server.source,
        observed_at=server.observed_at,
        sender=device,
        tx_checksum=server.tx_checksum,
        after_reboot=None if server.persistence is None else server.persistence.setting,
        fixed=fixed,
        lasts=server.persistence is not None and server.persistence.tx_checksum is State.OFF,
        endangered=tuple(
            Endangered(
                hypervisor=finding.hypervisor,
                domain=finding.domain,
                index=finding.index,
                mac=finding.mac,
                source_device=finding.source_device,
                exposure=finding.exposure,
                others=tuple(name for name in scene.names[_place(finding)] if name != server.name),
            )
            for finding in findings
        ),
        upgrades=tuple(_upgrade(host) for host in scene.inventory.hypervisors if host.name in hypervisors),
        notes=notes(server, device, [place for place in found if isinstance(place, GuestNic)], fixed=fixed),
    )


def _upgrade(hypervisor: Hypervisor) -> Upgrade:
    kernel = hypervisor.declared_kernel if hypervisor.kernel is None else hypervisor.kernel.value
    why = _ANYWHERE if kernel is None else kernel_basis(kernel_state(hypervisor).basis)
    return Upgrade(hypervisor=hypervisor.name, kernel=kernel, why=why)


def _of(server: Server) -> _Key:
    return server.name


def _by(finding: Finding) -> _Key:
    return finding.server


def _place(finding: Finding) -> _Place:
    return finding.hypervisor, finding.origin, finding.domain, finding.index
