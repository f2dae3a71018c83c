"""A report -> what to change on which server, and whom that frees."""

import functools
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
    again with every server mended that was found, until no new one turns up, and then for each of them with all the
    others mended. What is waived asks for no change.
    """
    inventory = _as_booted(report.inventory)

    @functools.cache
    def judged(mended: frozenset[_Key]) -> tuple[Finding, ...]:
        return correlate(_switched(inventory, mended, State.OFF)).findings

    found = frozenset[_Key]()
    while harmful := {_by(finding) for finding in judged(found) if is_at_risk(finding)}:
        found |= harmful  # one at least is new: who is mended endangers nobody
    harm = {key: tuple(filter(is_at_risk, judged(found - {key}))) for key in sorted(found, key=_words)}
    servers = {_of(server): server for server in reversed(report.inventory.servers)}  # of namesakes the first
    scene = _Scene(inventory=inventory, fleet=survey(inventory), names=_names(harm))
    changes = [_change(servers[key], findings, scene) for key, findings in harm.items()]
    left = judged(frozenset(key for key in found if not is_fixed(servers[key])))
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


def _names(harm: Mapping[_Key, tuple[Finding, ...]]) -> Mapping[_Place, list[str]]:
    names: dict[_Place, list[str]] = {}
    for (name, _), findings in harm.items():
        for finding in findings:
            names.setdefault(_place(finding), []).append(name or "")
    return names


def _change(server: Server, findings: tuple[Finding, ...], scene: _Scene) -> Change:
    site = locate(server, scene.fleet)
    device = sender(server, site.devices if isinstance(site, OnHost) else ())
    fixed = bool(is_fixed(server))
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
        notes=notes(server, device, site, fixed=fixed),
    )


def _upgrade(hypervisor: Hypervisor) -> Upgrade:
    if hypervisor.kernel is None:
        return Upgrade(hypervisor=hypervisor.name, kernel=None, why=_ANYWHERE)
    kernel = hypervisor.kernel.value
    return Upgrade(hypervisor=hypervisor.name, kernel=kernel, why=read_kernel(kernel).why)


def _of(server: Server) -> _Key:
    return server.name, server.interface


def _by(finding: Finding) -> _Key:
    return finding.server, finding.server_interface


def _words(key: _Key) -> tuple[str, str]:
    return key[0] or "", key[1] or ""


def _place(finding: Finding) -> _Place:
    return finding.hypervisor, finding.origin, finding.domain, finding.index
