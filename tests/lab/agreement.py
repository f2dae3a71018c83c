"""Agreement of a finding with the outcome of the boot; pure."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from tests.lab.outcome import Outcome
from tests.lab.scenario import Lower, Scenario, Service
from virtscan import trace
from virtscan.model import DeviceKind, Reach, Verdict

FAULT = {
    Service.DHCPD_TFTP: Outcome.TFTP_TIMEOUT,
    Service.DNSMASQ: Outcome.NO_LEASE,
    Service.DHCPD_HTTP: Outcome.HTTP_TIMEOUT,
}
"""The outcome of a boot that fails on partial checksums: the first frame through a plain socket is lost."""

KINDS = {
    Lower.VETH: DeviceKind.ETHERNET,
    Lower.BRIDGE: DeviceKind.BRIDGE,
    Lower.BOND: DeviceKind.BOND,
    Lower.VLAN: DeviceKind.VLAN,
}
"""The kind that virtscan has to find for the source device."""

SEEN = {
    Outcome.BOOTS: (trace.Outcome.COMPLETE, trace.Failed.NO),
    Outcome.NO_LEASE: (trace.Outcome.OFFERS_NOT_REQUESTED, trace.Failed.YES),
    Outcome.TFTP_TIMEOUT: (trace.Outcome.OPTIONS_NOT_ACKNOWLEDGED, trace.Failed.YES),
    Outcome.HTTP_TIMEOUT: (trace.Outcome.CONNECTION_NOT_ACKNOWLEDGED, trace.Failed.YES),
}
"""The result that `virtscan trace` has to have for a capture of the boot."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, as far as it is compared with a boot."""

    domain: str
    verdict: Verdict
    confidence: str
    rule: str
    device_kind: DeviceKind
    reaches_server: Reach


def disagreement(judgement: Judgement, outcome: Outcome, scenario: Scenario, *, rule: str, lower: Lower) -> str:
    """Describe what does not agree; empty if all of it does.

    A verdict "unknown" agrees with no boot: every fact was read or declared. Where the VM can't reach the server, its
    boot has to fail for that reason, whatever the verdict. virtscan must then not call the server reachable.
    """
    match judgement.verdict:
        case Verdict.UNKNOWN:
            return f"all facts are known, but the verdict is unknown, by {judgement.rule}"
        case _ if scenario.apart:
            expected = Outcome.NO_LEASE
        case Verdict.AT_RISK:
            expected = FAULT[scenario.service]
        case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
            expected = Outcome.BOOTS
        case _:
            assert_never(judgement.verdict)
    if outcome is not expected:
        return f"{judgement.verdict.value} means: {expected.value}"
    if scenario.apart and judgement.reaches_server is Reach.YES:
        return "the server is called reachable"
    if judgement.rule != rule:
        return f"decided by {judgement.rule}, not {rule}"
    if judgement.device_kind is not KINDS[lower]:
        return f"the source device is taken for {judgement.device_kind.value}, not {KINDS[lower].value}"
    return ""


def misread(boots: Sequence[trace.Boot], outcome: Outcome) -> str:
    """Describe what a capture shows, if it is not the outcome of its last boot; else empty."""
    if not boots:
        return "the capture shows no boot"
    seen, failed = boots[-1].outcome, trace.judge(boots[-1]).failed
    if (seen, failed) == SEEN.get(outcome):
        return ""
    return f"the capture shows {seen.value}, failed in this way: {failed.value}"
