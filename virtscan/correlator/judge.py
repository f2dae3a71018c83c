"""Every interface against every server: the worst verdict is the interface's."""

from collections import Counter

from virtscan.correlator.aging import aged
from virtscan.correlator.exposure import exposure
from virtscan.correlator.outcome import Bench
from virtscan.correlator.panel import Panel
from virtscan.correlator.ruling import VERDICTS, Outcome
from virtscan.correlator.waivers import Waivers
from virtscan.model import Domain, Exposure, Finding, Hypervisor, Interface, Inventory, Mac, NotJudged, Report

_EXPOSURES = {exposure: rank for rank, exposure in enumerate(Exposure)}


def correlate(inventory: Inventory) -> Report:
    """Judge every interface of an inventory by the decision table.

    Waivers expire against the time at which the inventory was taken; nothing depends on when it is judged. The order
    of hypervisors, domains, servers and devices does not matter. A server's own interface is judged against the other
    servers, and left out if none of them serves it.
    """
    inventory = aged(inventory)
    panel = Panel(inventory)
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    pending = frozenset(netboot.mac for netboot in inventory.netboots if netboot.pending)
    findings: list[Finding] = []
    left_out: Counter[NotJudged] = Counter()
    for hypervisor in inventory.hypervisors:
        bench = Bench(panel, hypervisor)
        for domain in hypervisor.domains:
            for interface in domain.interfaces:
                outcome = bench.judge(interface)
                if isinstance(outcome, NotJudged):
                    left_out[outcome] += 1
                else:
                    findings.append(waivers.apply(_finding(hypervisor, domain, interface, outcome, pending)))
    findings.sort(key=_urgency)
    return Report(
        inventory=inventory,
        findings=tuple(findings),
        not_judged=dict(left_out),
        warnings=waivers.warnings(inventory.hypervisors),
    )


def _finding(
    hypervisor: Hypervisor, domain: Domain, interface: Interface, outcome: Outcome, pending: frozenset[Mac]
) -> Finding:
    seat, server = outcome.seat, outcome.server
    return Finding(
        hypervisor=hypervisor.name,
        origin=domain.origin,
        domain=domain.name,
        uuid=domain.uuid,
        index=interface.index,
        mac=interface.mac,
        source_device=seat.device,
        source_mode=seat.mode,
        device_kind=seat.chain.kind,
        lower_devices=seat.chain.lower,
        segment=seat.segment,
        server=None if server is None else server.name,
        server_interface=None if server is None else server.interface,
        verdict=outcome.verdict,
        confidence=outcome.confidence,
        exposure=exposure(domain, interface, pending),
        rule=outcome.rule.id,
        because=outcome.because,
        missing=outcome.missing,
    )


def _urgency(finding: Finding) -> tuple[int, int, str, str, int, str]:
    return (
        VERDICTS[finding.verdict],
        _EXPOSURES[finding.exposure],
        finding.hypervisor,
        finding.domain,
        finding.index,
        finding.origin,
    )
