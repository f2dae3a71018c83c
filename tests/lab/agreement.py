"""Does what virtscan said agree with what the boot did? Pure."""

from collections.abc import Sequence

import msgspec

from tests.lab.outcome import Outcome
from tests.lab.scenario import Lower, Service
from virtscan import trace
from virtscan.model import DeviceKind, Verdict

FAULT = {
    Service.DHCPD_TFTP: Outcome.TFTP_TIMEOUT,
    Service.DNSMASQ: Outcome.NO_LEASE,
    Service.DHCPD_HTTP: Outcome.HTTP_TIMEOUT,
}
"""How a boot fails when frames arrive with unfilled checksums: the first that comes through a plain socket is lost."""

KINDS = {
    Lower.VETH: DeviceKind.ETHERNET,
    Lower.BRIDGE: DeviceKind.BRIDGE,
    Lower.BOND: DeviceKind.BOND,
    Lower.VLAN: DeviceKind.VLAN,
}
"""What virtscan has to find out about the source device."""


SEEN = {
    Outcome.BOOTS: (trace.Outcome.COMPLETE, trace.Failed.NO),
    Outcome.NO_LEASE: (trace.Outcome.OFFERS_NOT_REQUESTED, trace.Failed.YES),
    Outcome.TFTP_TIMEOUT: (trace.Outcome.OPTIONS_NOT_ACKNOWLEDGED, trace.Failed.YES),
    Outcome.HTTP_TIMEOUT: (trace.Outcome.CONNECTION_NOT_ACKNOWLEDGED, trace.Failed.YES),
}
"""What `virtscan trace` has to say of a capture of the boot."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, as far as it is held against a boot."""

    domain: str
    verdict: Verdict
    confidence: str
    rule: str
    device_kind: DeviceKind


def disagreement(judgement: Judgement, outcome: Outcome, *, rule: str, service: Service, lower: Lower) -> str:
    """Say what does not agree; nothing when all of it does.

    A verdict "unknown" agrees with no boot: virtscan is told all that there is to know.
    """
    match judgement.verdict:
        case Verdict.AT_RISK:
            expected = FAULT[service]
        case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
            expected = Outcome.BOOTS
        case _:
            return "all facts are known, and yet it is unknown"
    if outcome is not expected:
        return f"{judgement.verdict.value} means: {expected.value}"
    if judgement.rule != rule:
        return f"decided by {judgement.rule}, not {rule}"
    if judgement.device_kind is not KINDS[lower]:
        return f"the source device is taken for {judgement.device_kind.value}, not {KINDS[lower].value}"
    return ""


def misread(boots: Sequence[trace.Boot], outcome: Outcome) -> str:
    """Say what a capture shows, if it is not what the last of its boots did; nothing else."""
    if not boots:
        return "the capture shows no boot"
    seen, failed = boots[-1].outcome, trace.judge(boots[-1]).failed
    if (seen, failed) == SEEN.get(outcome):
        return ""
    return f"the capture shows {seen.value}, failed in this way: {failed.value}"
