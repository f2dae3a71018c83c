"""The account of one interface, as values: its facts, the result of each rule, and the missing facts.

Some fields are renamed for documents: their keys were published.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from virtscan.model import (
    Confidence,
    DeviceName,
    Domain,
    Exposure,
    Finding,
    Hypervisor,
    Interface,
    NotJudged,
    SourceMode,
    Verdict,
)


class StatedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in words, with its source and time; None for an unknown fact, or for a source that names none."""

    fact: str
    value: str | None
    source: str | None = None
    observed_at: datetime | None = None
    ago: str | None = None


class ConditionResult(msgspec.Struct, frozen=True, kw_only=True, rename={"fact": "found"}):
    """A condition of a rule, whether it holds, and the fact that decides it."""

    condition: str
    holds: bool
    fact: str


class RuleResult(msgspec.Struct, frozen=True, kw_only=True, rename={"conditions": "asked"}):
    """A rule and whether it applies; None when an earlier one had decided."""

    rule: str
    when: str
    applies: bool | None
    conditions: tuple[ConditionResult, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The table applied to one device and one place of a server; without a server the ruling for all of them.

    `place` is the server's position, as a sentence. `waived` is the reason of the waiver that took the server away.
    `decides` marks the decision that gives the finding.
    """

    source_device: DeviceName | None
    source_mode: SourceMode | None
    server: str | None
    server_interface: str | None
    place: str | None
    steps: tuple[RuleResult, ...]
    rule: str
    verdict: Verdict | None
    confidence: Confidence | None
    waived: str | None
    decides: bool


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, rename={"reason": "why"}):
    """A server that does not serve the interface on this device, with the reason."""

    source_device: DeviceName | None
    server: str
    server_interface: str | None
    reason: str


class ServerFacts(
    msgspec.Struct, frozen=True, kw_only=True, rename={"name": "server", "interface": "server_interface"}
):
    """The facts of a server."""

    name: str
    interface: str | None
    facts: tuple[StatedFact, ...]


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """A missing fact, how to learn it, and the verdict for each of its values; None for "no finding"."""

    fact: str
    missing: str
    how: str
    verdicts: Mapping[str, Verdict | None]


class InterfaceExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """All facts, decisions and missing facts of one interface.

    `finding` is that of the report, with its reasons in sentences; None with the reason in `not_judged`.
    `missing_facts` are the missing facts that would settle an open verdict, the cheapest first.
    """

    hypervisor: Hypervisor
    domain: Domain
    interface: Interface
    exposure: Exposure
    finding: Finding | None
    because: tuple[str, ...]
    missing: tuple[str, ...]
    not_judged: NotJudged | None
    facts: tuple[StatedFact, ...]
    servers: tuple[ServerFacts, ...]
    decisions: tuple[Decision, ...]
    excluded: tuple[Exclusion, ...]
    missing_facts: tuple[WhatIf, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of all interfaces that were requested, in the inventory's order."""

    accounts: tuple[InterfaceExplanation, ...]

    @property
    def server_facts(self) -> Iterator[tuple[ServerFacts, StatedFact]]:
        """The facts of the servers of all accounts, each once."""
        for server in dict.fromkeys(server for account in self.accounts for server in account.servers):
            for fact in server.facts:
                yield server, fact
