"""The metrics of a scan for a monitoring system, in counts instead of a series for each machine."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import product

from virtscan.correlator.servers.cure import judged_stacks
from virtscan.model import (
    Domain,
    DomainState,
    Exposure,
    GapAbout,
    HostStatus,
    Hypervisor,
    Report,
    State,
    Verdict,
    WaiverState,
)
from virtscan.model.facts.amounts import total
from virtscan.views.document import Document, Metric, Section, known, metrics_by
from virtscan.views.report.report_document import report_document
from virtscan.views.report.run import Run

_MIB = 1024 * 1024


def view(report: Report, run: Run) -> Document:
    """Return the metrics alone; counts have a zero for every state, so that no series vanishes.

    A sum is left out if it is unknown for one item.
    """
    return report_document(
        report, "metrics", Section(key="metrics", columns=(), rows=()), metrics=_metrics(report, run)
    )


def is_complete(report: Report) -> bool:
    """Return True if every hypervisor and server was read without a gap on which a verdict rests."""
    hosts = report.inventory.hypervisors
    return bool(hosts) and not report.gaps and all(host.status is HostStatus.COMPLETE for host in hosts)


def _metrics(report: Report, run: Run) -> Iterator[Metric]:
    yield from _of_scan(report, run)
    yield from _findings(report)
    gaps = (gap.about for gap in report.inventory.gaps)
    yield from metrics_by("gaps", GapAbout, "about", gaps, "Facts and items that were not read.")
    yield from _servers(report)
    day = report.inventory.taken_at.date()
    waivers = (waiver.state_on(day) for waiver in report.inventory.policy.waivers)
    yield from metrics_by("waivers", WaiverState, "state", waivers, "Waivers of the configuration.")
    for host in report.inventory.hypervisors:
        yield from _of_hypervisor(host)


def _of_scan(report: Report, run: Run) -> Iterator[Metric]:
    last = report.inventory.taken_at if is_complete(report) else run.last_complete
    yield Metric(
        name="last_complete_scan_timestamp",
        unit="seconds",
        value=0 if last is None else last.timestamp(),
        help="Time of the last scan that read everything; 0 before the first.",
    )
    if run.seconds is not None:
        yield Metric(
            name="scan_duration", unit="seconds", value=round(run.seconds, 3), help="Duration of data collection."
        )
    yield Metric(name="scan_exit_code", value=run.exit_code, help="Exit code of the scan: 0 and 1 if complete.")


def _findings(report: Report) -> Iterator[Metric]:
    """Count the findings of each site and server in every state; a finding without a server has an empty label."""
    hosts, servers = report.inventory.hypervisors, report.inventory.servers
    sites = {host.name: host.site or "" for host in hosts}
    counted = Counter(
        (
            sites.get(finding.hypervisor, ""),
            finding.server or "",
            finding.verdict,
            finding.exposure,
            finding.waived is not None,
        )
        for finding in report.findings
    )
    names = dict.fromkeys(("", *(server.name for server in servers), *(server for _, server, *_ in counted)))
    for site, server, verdict, exposure, waived in product(
        dict.fromkeys((*sites.values(), *(site for site, *_ in counted))), names, Verdict, Exposure, (False, True)
    ):
        yield Metric(
            name="findings",
            value=counted[site, server, verdict, exposure, waived],
            help="Interfaces that were judged, by the server that decided.",
            labels={
                "site": site,
                "server": server,
                "verdict": verdict.value,
                "exposure": exposure.value,
                "waived": "true" if waived else "false",
            },
        )


def _servers(report: Report) -> Iterator[Metric]:
    """Yield 1 for the pair of states that a server's device has, 0 for all others."""
    stacks = {(stack.server.name, stack.server.interface or ""): stack for stack in judged_stacks(report.inventory)}
    for ((name, interface), stack), now, later in product(stacks.items(), State, State):
        yield Metric(
            name="server_tx_checksum",
            value=int((now, later) == (stack.tx, stack.after_reboot)),
            help="TX checksum offload of a provisioning server, now and after its next reboot.",
            labels={"server": name, "interface": interface, "state": now.value, "after_reboot": later.value},
        )


def _of_hypervisor(host: Hypervisor) -> Iterator[Metric]:
    labels = {"hypervisor": host.name, "site": host.site or ""}

    def metric(name: str, unit: str, value: float | None, text: str) -> Iterator[Metric]:
        if value is not None:
            yield Metric(name=f"hypervisor_{name}", unit=unit, value=value, help=text, labels=labels)

    was_read = host.status is not HostStatus.FAILED
    memory = None if host.memory_mib is None else host.memory_mib * _MIB
    yield from metric("up", "", int(was_read), "1 if a hypervisor was read, at least in part.")
    yield from metric("read", "seconds", host.read_seconds, "Time taken to read a hypervisor.")
    yield from metric("cpus", "", host.cpus, "CPUs of a hypervisor.")
    yield from metric("memory", "bytes", memory, "Memory of a hypervisor.")
    if was_read:
        yield from _domains(host, labels)


def _domains(host: Hypervisor, labels: dict[str, str]) -> Iterator[Metric]:
    by_state: defaultdict[DomainState, list[Domain]] = defaultdict(list)
    for domain in host.present_domains:
        by_state[domain.state].append(domain)
    for state in DomainState:
        domains, of_state = by_state[state], {**labels, "state": state.value}
        sums: tuple[tuple[str, str, Iterable[int | None], int, str], ...] = (
            ("domains", "", (1 for _ in domains), 1, "Domains of a hypervisor."),
            ("domain_vcpus", "", (domain.vcpus for domain in domains), 1, "Virtual CPUs allocated to domains."),
            ("domain_memory", "bytes", (domain.memory_mib for domain in domains), _MIB, "Memory allocated to domains."),
        )
        for name, unit, values, factor, text in sums:
            amount = total(values)
            if amount is not None:
                yield Metric(name=name, unit=unit, value=amount * factor, help=text, labels=of_state)
    running = by_state[DomainState.ACTIVE]
    paused = [known(domain.resources.paused) for domain in running]
    if None not in paused:
        text = "Running domains that are paused; they keep their memory."
        yield Metric(name="domains_paused", value=sum(map(bool, paused)), help=text, labels=labels)
