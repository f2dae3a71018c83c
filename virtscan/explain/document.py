"""The accounts as JSON, for programs."""

from collections.abc import Iterable

import msgspec

from virtscan.explain.account import Account, Decision, Explanation, Told
from virtscan.model import Gap
from virtscan.reporters.json import written
from virtscan.views.presentation import timestamp, word

SCHEMA = "virtscan.explain/1"


def document(explanation: Explanation, gaps: Iterable[Gap]) -> str:
    """Write the document; `applies` is null for a rule that was not reached, because an earlier one had decided."""
    value = {
        "schema": SCHEMA,
        "version": explanation.version,
        "taken_at": timestamp(explanation.taken_at),
        "interfaces": [_account(account) for account in explanation.accounts],
        "gaps": [{"subject": gap.subject, "reason": gap.reason} for gap in gaps],
    }
    return written(msgspec.to_builtins(value))


def _account(account: Account) -> dict[str, object]:
    finding = account.finding
    return {
        "hypervisor": account.hypervisor.name,
        "origin": account.domain.origin,
        "domain": account.domain.name,
        "uuid": account.domain.uuid,
        "index": account.interface.index,
        "mac": account.interface.mac,
        "source_device": finding and finding.source_device,
        "source_mode": finding and word(finding.source_mode),
        "server": finding and finding.server,
        "server_interface": finding and finding.server_interface,
        "verdict": finding and finding.verdict.value,
        "confidence": finding and finding.confidence.value,
        "exposure": account.exposure.value,
        "rule": finding and finding.rule,
        "because": finding and account.because,
        "missing": finding and account.missing,
        "reaches_server": finding and finding.reaches_server.value,
        "waived": finding and finding.waived,
        "waived_servers": finding and finding.waived_servers,
        "next_start": account.domain.next_start,
        "not_judged": word(account.not_judged),
        "facts": [_told(told) for told in account.facts],
        "servers": [
            {"name": server.name, "interface": server.interface, "facts": [_told(told) for told in server.facts]}
            for server in account.servers
        ],
        "decisions": [_decision(decision) for decision in account.decisions],
        "silent": account.silent,
        "ways": account.ways,
    }


def _told(told: Told) -> dict[str, object]:
    return {
        "fact": told.fact,
        "value": told.value,
        "source": told.source,
        "observed_at": timestamp(told.observed_at),
        "ago": told.ago,
    }


def _decision(decision: Decision) -> dict[str, object]:
    return msgspec.structs.asdict(decision) | {"source_mode": word(decision.source_mode)}
