"""The report: findings, always computed from an inventory, never stored alone."""

from collections.abc import Mapping
from typing import Any

import msgspec

from virtscan.model.facts.hypervisors import DeviceName, Domain, Interface
from virtscan.model.gaps import Gap
from virtscan.model.identity.keys import DomainKey, domain_key
from virtscan.model.identity.mac import Mac
from virtscan.model.inventory import Inventory
from virtscan.model.reasons import Because, Missing
from virtscan.model.states import Confidence, DeviceKind, Exposure, Ranked, Reach, SourceMode, Verdict


class NotJudged(Ranked):
    """Reason why an interface gets no finding (rule R1), in the order of the tests."""

    NOT_MACVTAP = "not macvtap"
    NOT_ON_A_BOND = "source is not a bond"
    SERVER_ITSELF = "the server's own interface"


class WaivedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server that a waiver took away from a finding, with the verdict that it would give."""

    server: str
    verdict: Verdict
    rule: str
    reason: str


class AnotherServer(msgspec.Struct, frozen=True, kw_only=True):
    """Another server that puts an interface at risk, in addition to the one that its finding names."""

    server: str
    server_interface: str | None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The judgement of all interfaces that are attached in the same way: one value for all of their findings.

    `server` is the one that decided, None when no server is known or none serves the segment, or when the
    hypervisor's kernel settled it. `source_device` is, for a powered-off domain on a pool, the device that decided.
    `because` lists the facts that it rests on, `missing` those that would settle it. `reaches_server` is about all
    servers that may serve it. `waived` is the waiver's reason; `waived_servers` are the servers that a waiver excluded,
    so that another server decides, or none. `others` also put the interface at risk, and have to be changed as well.
    """

    source_device: DeviceName | None
    source_mode: SourceMode | None
    device_kind: DeviceKind
    lower_devices: tuple[DeviceName, ...]
    segment: str | None
    server: str | None
    server_interface: str | None
    verdict: Verdict
    confidence: Confidence
    exposure: Exposure
    rule: str
    because: tuple[Because, ...]
    missing: tuple[Missing, ...]
    reaches_server: Reach = Reach.UNKNOWN
    waived: str | None = None
    waived_servers: tuple[WaivedServer, ...] = ()
    others: tuple[AnotherServer, ...] = ()


class FindingKey(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that identify a finding, and its interface, within a report."""

    hypervisor: str
    origin: str
    domain: str
    index: int
    next_start: bool

    @classmethod
    def of(cls, hypervisor: str, domain: Domain, interface: Interface) -> "FindingKey":
        """Return the key of a finding about an interface, which may have none."""
        return cls(
            hypervisor=hypervisor,
            origin=domain.origin,
            domain=domain.name,
            index=interface.index,
            next_start=domain.next_start,
        )


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The judgement of one interface: the worst verdict over all servers that could answer it.

    `next_start` marks a finding about the persistent definition of a running domain.
    """

    hypervisor: str
    origin: str
    domain: str
    uuid: str | None
    index: int
    mac: Mac | None
    conclusion: Conclusion
    next_start: bool = False

    def concluding(self, **changes: Any) -> "Finding":  # Any: fields of `Conclusion`
        """Return the finding with a conclusion that differs in these fields."""
        return msgspec.structs.replace(self, conclusion=msgspec.structs.replace(self.conclusion, **changes))

    @property
    def key(self) -> FindingKey:
        """Return the fields that identify it."""
        return FindingKey(
            hypervisor=self.hypervisor,
            origin=self.origin,
            domain=self.domain,
            index=self.index,
            next_start=self.next_start,
        )

    @property
    def domain_key(self) -> DomainKey:
        """Return the key of its domain."""
        return domain_key(self.uuid, self.origin, self.domain)

    @property
    def is_at_risk(self) -> bool:
        """Return True if it counts as at risk; a waived one does not."""
        return self.conclusion.verdict is Verdict.AT_RISK and self.conclusion.waived is None

    @property
    def is_accepted(self) -> bool:
        """Return True if it would count as at risk without its waiver."""
        return self.verdict is Verdict.AT_RISK and self.waived is not None

    @property
    def is_unknown(self) -> bool:
        """Return True if it counts as unknown; a waived one does not."""
        return self.verdict is Verdict.UNKNOWN and self.waived is None

    @property
    def source_device(self) -> DeviceName | None:
        """Return the conclusion's `source_device`."""
        return self.conclusion.source_device

    @property
    def source_mode(self) -> SourceMode | None:
        """Return the conclusion's `source_mode`."""
        return self.conclusion.source_mode

    @property
    def device_kind(self) -> DeviceKind:
        """Return the conclusion's `device_kind`."""
        return self.conclusion.device_kind

    @property
    def lower_devices(self) -> tuple[DeviceName, ...]:
        """Return the conclusion's `lower_devices`."""
        return self.conclusion.lower_devices

    @property
    def segment(self) -> str | None:
        """Return the conclusion's `segment`."""
        return self.conclusion.segment

    @property
    def server(self) -> str | None:
        """Return the conclusion's `server`."""
        return self.conclusion.server

    @property
    def server_interface(self) -> str | None:
        """Return the conclusion's `server_interface`."""
        return self.conclusion.server_interface

    @property
    def verdict(self) -> Verdict:
        """Return the conclusion's `verdict`."""
        return self.conclusion.verdict

    @property
    def confidence(self) -> Confidence:
        """Return the conclusion's `confidence`."""
        return self.conclusion.confidence

    @property
    def exposure(self) -> Exposure:
        """Return the conclusion's `exposure`."""
        return self.conclusion.exposure

    @property
    def rule(self) -> str:
        """Return the conclusion's `rule`."""
        return self.conclusion.rule

    @property
    def because(self) -> tuple[Because, ...]:
        """Return the conclusion's `because`."""
        return self.conclusion.because

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Return the conclusion's `missing`."""
        return self.conclusion.missing

    @property
    def reaches_server(self) -> Reach:
        """Return the conclusion's `reaches_server`."""
        return self.conclusion.reaches_server

    @property
    def waived(self) -> str | None:
        """Return the conclusion's `waived`."""
        return self.conclusion.waived

    @property
    def others(self) -> tuple[AnotherServer, ...]:
        """Return the conclusion's `others`."""
        return self.conclusion.others

    @property
    def waived_servers(self) -> tuple[WaivedServer, ...]:
        """Return the conclusion's `waived_servers`."""
        return self.conclusion.waived_servers


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An inventory with its findings, worst first (verdict, exposure, hypervisor, domain, index).

    `not_judged` counts the interfaces without a finding by reason; a reason that never occurred is absent.
    `warnings` are about the request, not about observations: they make no report incomplete. Neither do the gaps of the
    inventory that are in `irrelevant_gaps`: no verdict rests on them.
    `at_risk_after_reboot` counts the interfaces that the next reboot of a server puts at risk in addition. `file` is
    how a command names the saved inventory; None where there is none.
    """

    inventory: Inventory
    findings: tuple[Finding, ...] = ()
    not_judged: Mapping[NotJudged, int] = {}
    irrelevant_gaps: tuple[Gap, ...] = ()
    warnings: tuple[Gap, ...] = ()
    at_risk_after_reboot: int = 0
    file: str | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Return the inventory's gaps that make the report incomplete."""
        irrelevant = frozenset(self.irrelevant_gaps)
        return tuple(gap for gap in self.inventory.gaps if gap not in irrelevant)
