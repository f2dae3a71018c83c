"""Properties of a report and the accounts of its interfaces, for any inventory."""

from msgspec.structs import replace

from tests.build import server
from virtscan.correlator import correlate
from virtscan.explain import InterfaceExplanation, InterfacePosition, explain
from virtscan.model import Finding, Inventory, State, Verdict
from virtscan.model.codes import code
from virtscan.model.reasons import NeedsOffload, NeedsServer, Reason


def check_accounts(looked_at: Inventory) -> None:
    """Assert that `explain` agrees with the report, and lists the missing facts of every unknown verdict."""
    positions = [
        InterfacePosition(h, d, i)
        for h, host in enumerate(looked_at.hypervisors)
        for d, domain in enumerate(host.domains)
        for i in range(len(domain.interfaces))
    ]

    for account in explain(correlate(looked_at), positions).accounts:
        finding = account.finding
        if finding is None:
            assert account.not_judged is not None
            continue
        _agrees(account, finding)
        if finding.verdict is Verdict.UNKNOWN:
            _is_settled(looked_at, account, finding)


def _agrees(account: InterfaceExplanation, finding: Finding) -> None:
    (decision,) = [decision for decision in account.decisions if decision.decides]
    assert (decision.rule, decision.verdict, decision.confidence, decision.source_device, decision.source_mode) == (
        finding.rule,
        finding.verdict,
        finding.confidence,
        finding.source_device,
        finding.source_mode,
    )
    if finding.server is not None:
        assert (decision.server, decision.server_interface) == (finding.server, finding.server_interface)


def _is_settled(looked_at: Inventory, account: InterfaceExplanation, finding: Finding) -> None:
    """Assert that a named fact has a value that gives a definite verdict, or leaves only other facts missing."""
    named = {fact.fact for fact in account.missing_facts}
    assert named
    assert named <= {code(reason) for reason in finding.missing}
    if any(verdict is not Verdict.UNKNOWN for fact in account.missing_facts for verdict in fact.verdicts.values()):
        return
    for reason in finding.missing:
        if code(reason) in named and isinstance(reason, NeedsServer | NeedsOffload):
            assert reason not in _missing(_supplied(looked_at, reason), finding), (account.missing_facts, finding)
            return
    raise AssertionError((account.missing_facts, finding))


def _supplied(looked_at: Inventory, reason: NeedsServer | NeedsOffload) -> Inventory:
    if isinstance(reason, NeedsServer):
        return replace(looked_at, servers=(server(),))
    off = {"source": "off", "tx_checksum": State.OFF, "devices": ()}
    servers = tuple(replace(server, **off) if server.name == reason.server else server for server in looked_at.servers)
    return replace(looked_at, servers=servers)


def _missing(looked_at: Inventory, same: Finding) -> tuple[Reason, ...]:
    key = (same.hypervisor, same.origin, same.domain, same.next_start, same.index)
    return next(
        (
            finding.missing
            for finding in correlate(looked_at).findings
            if (finding.hypervisor, finding.origin, finding.domain, finding.next_start, finding.index) == key
        ),
        (),
    )
