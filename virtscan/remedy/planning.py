"""A report -> what to change on which server, and whom that frees."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

import msgspec

from virtscan.correlator import correlate, read_kernel
from virtscan.correlator.fleet import Fleet, OnHost, locate, survey
from virtscan.model import Finding, Hypervisor, Inventory, Report, Server, State, Verdict
from virtscan.remedy.notes import notes
from virtscan.remedy.plan import Change, Endangered, Remedy, Upgrade
from virtscan.remedy.questions import questions
from virtscan.remedy.sender import sender
from virtscan.views.servers import is_fixed
from virtscan.views.summary import is_at_risk

_Key: TypeAlias = tuple[str | None, str | None]
_Place: TypeAlias = tuple[str, str, str, int]

_ANYWHERE = "RHEL 6 has the fix since 2.6.32-504.30.3.el6, RHEL 7 since 3.10.0-514.el7, Linux since 3.15"


def plan(report: Report) -> Remedy:
    """Work out what to change so that nobody is at risk, neither now nor after the servers' next boot.

    A finding names the worst server only: with that one mended the next may come to light. So the inventory is judged
    again with each server that was found mended, until no new one turns up. What is waived asks for no change.
    """
    inventory = _as_booted(report.inventory)
    found = _harm(inventory)
    servers = {_of(server): server for server in reversed(inventory.servers)}  # of namesakes the first
    now = {_of(server): server.tx_checksum for server in reversed(report.inventory.servers)}
    everybody = _everybody(found)
    fleet = survey(inventory)
    hosts = {host.name: host for host in inventory.hypervisors}
    changes = [
        _change(servers[key], now[key], tuple(findings.values()), everybody, fleet, hosts)
        for key, findings in found.items()
    ]
    changes.sort(key=lambda change: (-len(change.endangered), change.server, change.sender.interface or ""))
    mended = {key for key in found if not is_fixed(servers[key])}
    left = correlate(_switched(inventory, mended, State.OFF)).findings
    return Remedy(
        version=inventory.version,
        taken_at=inventory.taken_at,
        changes=tuple(changes),
        questions=questions(report),
        still_at_risk=sum(map(is_at_risk, left)),
        still_unknown=sum(finding.verdict is Verdict.UNKNOWN and finding.waived is None for finding in left),
    )


def _as_booted(inventory: Inventory) -> Inventory:
    """The same after the next boot of every server of which it is known that the offload then is on again."""
    back = {
        _of(server)
        for server in inventory.servers
        if server.tx_checksum is State.OFF and server.persistence and server.persistence.tx_checksum is State.ON
    }
    return _switched(inventory, back, State.ON)


def _switched(inventory: Inventory, keys: Collection[_Key], state: State) -> Inventory:
    servers = tuple(
        msgspec.structs.replace(server, tx_checksum=state) if _of(server) in keys else server
        for server in inventory.servers
    )
    return msgspec.structs.replace(inventory, servers=servers)


def _harm(inventory: Inventory) -> dict[_Key, dict[_Place, Finding]]:
    """The findings of every server that puts somebody at risk."""
    found: dict[_Key, dict[_Place, Finding]] = {}
    while True:
        at_risk = [finding for finding in correlate(inventory).findings if is_at_risk(finding)]
        if not at_risk:
            return found
        for finding in at_risk:
            found.setdefault((finding.server, finding.server_interface), {})[_place(finding)] = finding
        # Every round ends the harm of one server at least, so there are no more rounds than servers.
        inventory = _switched(inventory, found.keys(), State.OFF)


def _everybody(found: Mapping[_Key, Mapping[_Place, Finding]]) -> Mapping[_Place, list[str]]:
    """Who puts an interface at risk."""
    names: dict[_Place, list[str]] = {}
    for (name, _), findings in found.items():
        for place in findings:
            names.setdefault(place, []).append(name or "")
    return names


def _change(
    server: Server,
    now: State,
    findings: tuple[Finding, ...],
    everybody: Mapping[_Place, list[str]],
    fleet: Fleet,
    hosts: Mapping[str, Hypervisor],
) -> Change:
    site = locate(server, fleet)
    device = sender(server, site.devices if isinstance(site, OnHost) else ())
    fixed = bool(is_fixed(server))
    return Change(
        server=server.name,
        source=server.source,
        observed_at=server.observed_at,
        sender=device,
        tx_checksum=now,
        after_reboot=None if server.persistence is None else server.persistence.setting,
        fixed=fixed,
        endangered=tuple(
            Endangered(
                hypervisor=finding.hypervisor,
                domain=finding.domain,
                index=finding.index,
                mac=finding.mac,
                source_device=finding.source_device,
                exposure=finding.exposure,
                others=tuple(name for name in everybody[_place(finding)] if name != server.name),
            )
            for finding in findings
        ),
        upgrades=tuple(_upgrade(hosts[name]) for name in sorted({finding.hypervisor for finding in findings})),
        notes=notes(server, device, site, fixed=fixed),
    )


def _upgrade(hypervisor: Hypervisor) -> Upgrade:
    if hypervisor.kernel is None:
        return Upgrade(hypervisor=hypervisor.name, kernel=None, why=_ANYWHERE)
    kernel = hypervisor.kernel.value
    return Upgrade(hypervisor=hypervisor.name, kernel=kernel, why=read_kernel(kernel).why)


def _of(server: Server) -> _Key:
    return server.name, server.interface


def _place(finding: Finding) -> _Place:
    return finding.hypervisor, finding.origin, finding.domain, finding.index
