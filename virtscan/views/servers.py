"""The servers view: what each provisioning server's card does with checksums, now and after a reboot."""

from collections import defaultdict

import msgspec

from virtscan.model import Finding, Report, Server, State
from virtscan.views import summary
from virtscan.views.presentation import (
    Audience,
    Column,
    Field,
    Presentation,
    Section,
    gap_section,
    number,
    one_of,
    section,
    timestamp,
    word,
    yes_or_no,
)

_CHECKSUMS = ("tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksumming")


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    """A server with the findings that it decided."""

    facts: Server
    findings: list[Finding]


def is_fixed(server: Server) -> bool | None:
    """Is the offload on and can't be turned off? None when no feature was read."""
    features = [server.features[name] for name in _CHECKSUMS if name in server.features]
    return any(feature.fixed and feature.state is State.ON for feature in features) if features else None


_DATA = Audience.DATA

FIELDS: tuple[Field[_Server], ...] = (
    Field(Column("name", "server"), lambda server: server.facts.name),
    Field(Column("interface", under="name"), lambda server: server.facts.interface),
    Field(one_of(State, "tx_checksum", "TX checksum offload"), lambda server: word(server.facts.tx_checksum)),
    Field(yes_or_no("tx_checksum_fixed", "fixed", under="tx_checksum"), lambda server: is_fixed(server.facts)),
    Field(
        one_of(State, "after_reboot"),
        lambda server: word(server.facts.persistence.tx_checksum) if server.facts.persistence else None,
    ),
    Field(
        Column("setting", audience=_DATA),
        lambda server: server.facts.persistence.setting if server.facts.persistence else None,
    ),
    Field(Column("macs", "MACs"), lambda server: server.facts.macs),
    Field(Column("addresses", under="macs"), lambda server: server.facts.addresses),
    Field(Column("kernel", audience=_DATA), lambda server: server.facts.kernel.value if server.facts.kernel else None),
    Field(Column("segments", under="after_reboot"), lambda server: server.facts.segments),
    Field(Column("subnets", audience=_DATA), lambda server: server.facts.subnets),
    Field(yes_or_no("physical", audience=_DATA), lambda server: server.facts.physical),
    Field(Column("source"), lambda server: server.facts.source),
    Field(Column("observed_at", under="source"), lambda server: timestamp(server.facts.observed_at)),
    Field(number("at_risk"), lambda server: sum(map(summary.is_at_risk, server.findings))),
    Field(number("at_risk_waived", audience=_DATA), lambda server: sum(map(summary.is_accepted, server.findings))),
    Field(Column("reason", wraps=True), lambda server: server.facts.reason),
)


def servers(report: Report) -> Section:
    """One row for each server, in the inventory's order; at risk is what it decided."""
    findings: defaultdict[tuple[str | None, str | None], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.server, finding.server_interface].append(finding)
    return section(
        "servers",
        FIELDS,
        (
            _Server(facts=server, findings=findings[server.name, server.interface])
            for server in report.inventory.servers
        ),
    )


def view(report: Report) -> Presentation:
    """The servers alone."""
    return Presentation(
        schema="virtscan.servers/1",
        main=msgspec.structs.replace(servers(report), key="rows"),
        gaps=gap_section(report.inventory.gaps),
        warnings=gap_section(report.warnings),
    )
