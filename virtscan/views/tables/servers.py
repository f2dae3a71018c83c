"""The servers view: the TX checksum offload of each provisioning server, now and after a reboot."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

import msgspec

from virtscan.correlator.servers.cure import CHECKSUMS, cure, judged_stacks
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Finding, HostStatus, Report, Server, State
from virtscan.model.natural import by_name
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Metric,
    Section,
    counts,
    metrics_by,
    moment,
    number,
    one_of,
    section,
    texts,
    timestamp,
    word,
    yes_or_no,
)
from virtscan.views.report import summary
from virtscan.views.report.report_document import report_document
from virtscan.views.wording.gaps.causes import cause_words
from virtscan.views.wording.settings import setting_words


class _JudgedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server with the findings that it decided; None where no hypervisor was read."""

    stack: SendingStack
    findings: list[Finding] | None
    taken_at: datetime

    @property
    def facts(self) -> Server:
        """The server itself."""
        return self.stack.server

    @property
    def reason(self) -> str | None:
        """Return the reason why the state is unknown."""
        return None if self.facts.reason is None else cause_words(self.facts.reason, self.taken_at)


def _count(server: _JudgedServer, counts: Callable[[Finding], bool]) -> int | None:
    return None if server.findings is None else sum(map(counts, server.findings))


def is_fixed(stack: SendingStack) -> bool | None:
    """Return True if the offload is on and no device of a path can be switched; None when no feature was read."""
    if not stack.observed and not any(name in stack.server.features for name in CHECKSUMS):
        return None
    return stack.tx is State.ON and not cure(stack).is_complete


def _setting(server: _JudgedServer) -> str | None:
    """Return the setting that decides the state after a reboot, on the device that has one."""
    persistences = [
        server.facts.persistence,
        *(server.stack.offload(name).persistence for name in server.stack.devices),
    ]
    known = [persistence for persistence in persistences if persistence is not None]
    decides = [persistence for persistence in known if persistence.tx_checksum is server.stack.after_reboot]
    return next((setting_words(persistence.setting) for persistence in (*decides, *known)), None)


def _devices(stack: SendingStack) -> tuple[str, ...]:
    """Return each device of the sending stack with its state, top first; empty where nothing of it was read."""
    return tuple(f"{name} {stack.offload(name).tx_checksum.value}" for name in stack.devices if stack.observed)


def _macs(server: _JudgedServer) -> tuple[str, ...]:
    """Return the MACs of the server, those of all devices of its sending stack included."""
    return tuple(dict.fromkeys((*server.facts.macs, *sorted(server.stack.macs))))


_DATA = Audience.DATA

FIELDS: tuple[Field[_JudgedServer], ...] = (
    Field(Column("server"), lambda server: server.facts.name),
    Field(Column("server_interface", "interface", under="server"), lambda server: server.facts.interface),
    Field(one_of(State, "tx_checksum", "TX checksum offload"), lambda server: word(server.stack.tx)),
    Field(yes_or_no("tx_checksum_fixed", "fixed", under="tx_checksum"), lambda server: is_fixed(server.stack)),
    Field(texts("devices", audience=_DATA), lambda server: _devices(server.stack)),
    Field(
        one_of(State, "after_reboot"),
        lambda server: word(server.stack.after_reboot) if _setting(server) is not None else None,
    ),
    Field(Column("setting", audience=_DATA), _setting),
    Field(texts("macs", "MACs"), _macs),
    Field(texts("addresses", under="macs"), lambda server: server.facts.addresses),
    Field(Column("kernel", audience=_DATA), lambda server: server.facts.kernel.value if server.facts.kernel else None),
    Field(texts("segments", under="after_reboot"), lambda server: server.facts.segments),
    Field(texts("subnets", audience=_DATA), lambda server: server.facts.subnets),
    Field(yes_or_no("physical", audience=_DATA), lambda server: server.facts.physical),
    Field(Column("source"), lambda server: server.stack.source),
    Field(moment("observed_at", under="source"), lambda server: timestamp(server.stack.observed_at)),
    Field(number("at_risk"), lambda server: _count(server, lambda finding: finding.is_at_risk)),
    Field(number("at_risk_waived", audience=_DATA), lambda server: _count(server, lambda finding: finding.is_accepted)),
    Field(Column("reason", wraps=True), lambda server: server.reason),
)


def servers(report: Report) -> Section:
    """Make one row for each server, by name; the interfaces at risk are those that it decided."""
    named = {(server.name, server.interface) for server in report.inventory.servers}
    first = {server.name: server.interface for server in reversed(report.inventory.servers)}
    findings: defaultdict[tuple[str, str | None], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.server is not None:
            # A server without a named interface decides through any of its devices.
            key = (finding.server, finding.server_interface)
            findings[key if key in named else (finding.server, first.get(finding.server))].append(finding)
    hosts = report.inventory.hypervisors
    was_read = bool(report.findings) or any(host.status is not HostStatus.FAILED for host in hosts)
    return section(
        "servers",
        FIELDS,
        (
            _JudgedServer(
                stack=stack,
                findings=findings[stack.server.name, stack.server.interface] if was_read else None,
                taken_at=report.inventory.taken_at,
            )
            for stack in sorted(judged_stacks(report.inventory), key=lambda stack: by_name(stack.server))
        ),
    )


def offload_counts(report: Report) -> tuple[Metric, ...]:
    """Count the servers by the state of their offload."""
    states = (stack.tx for stack in judged_stacks(report.inventory))
    text = "Servers by the state of their TX checksum offload."
    return tuple(metrics_by("tx_checksum", State, "state", states, text))


def view(report: Report) -> Document:
    """Show the servers alone."""
    counted = (*offload_counts(report), summary.at_risk_after_reboot(report))
    rows = msgspec.structs.replace(servers(report), key="rows", none="No provisioning server was given.")
    note = f"TX checksum offload: {summary.listed(counts(counted, 'tx_checksum'))}"
    return report_document(report, "servers", rows, metrics=counted, notes=(note,))
