"""The sentences for causes: the common part of findings, and the change that settles them together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, places
from virtscan.correlator.servers.cure import cure_of, server_of, stack_of
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.model import AnotherServer, Confidence, Finding, Report, Verdict
from virtscan.model import reasons as r
from virtscan.model.sources import is_declared
from virtscan.views.rows.grouping import Advice
from virtscan.views.wording.cures import instead, switch_commands
from virtscan.views.wording.missing import leading
from virtscan.views.wording.phrases.names import listed, sender
from virtscan.views.wording.phrases.quantity import quantity
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS

UNPLACED = "R11"
"""The rule for a server whose place is unknown."""
_MOST_OTHERS, _MOST_NAMED = 5, 10


class CauseWording:
    """Words for the causes of one report's findings."""

    def __init__(self, report: Report) -> None:
        """Take the report that the findings are of."""
        self._inventory = report.inventory
        self._wording = Wording(report.inventory)

    def title(self, findings: Sequence[Finding]) -> str:
        """Describe the common part of findings with one cause."""
        first = findings[0]
        match first.verdict:
            case Verdict.AT_RISK:
                return f"{self._sender(first)}: {self._state(first)}{_doubt(first)}."
            case Verdict.UNKNOWN:
                return self._unknown(findings)
            case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
                by = f" ({first.server})" if first.server is not None else ""
                return f"{first.verdict.value}: {RULE_WORDS[first.rule].phrase}{by}."

    def action(self, findings: Sequence[Finding]) -> tuple[str, tuple[str, ...]]:
        """Return the change to make or the fact to find out, with commands; empty if neither at risk nor unknown."""
        first = findings[0]
        match first.verdict:
            case Verdict.AT_RISK if first.confidence is Confidence.LOW and (facts := _facts(findings)):
                return f"Provide {' or '.join(facts)}.", ()
            case Verdict.AT_RISK:
                return self._cure_of(first.server, first.server_interface)
            case Verdict.UNKNOWN:
                lacks = leading(first.missing)
                how = None if lacks is None else self._wording.how(lacks)
                return "" if how is None else f"To find out: {how}.", ()
            case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
                return "", ()

    def also(self, findings: Sequence[Finding]) -> tuple[Advice, ...]:
        """List the changes of the other servers that also put some of the findings at risk."""
        open_ = [finding for finding in findings if finding.waived is None]
        counted = Counter(server for finding in open_ for server in finding.others)
        order = sorted(counted, key=lambda server: (-counted[server], server.server, server.server_interface or ""))
        advice = tuple(self._besides(server, counted[server], len(open_)) for server in order[:_MOST_OTHERS])
        rest = [sender(server.server, server.server_interface) for server in order[_MOST_OTHERS:]]
        if not rest:
            return advice
        return (*advice, Advice(action=f"also on {listed(rest, _MOST_NAMED)} (virtscan remedy has the commands)"))

    def _besides(self, other: AnotherServer, count: int, whole: int) -> Advice:
        those = "" if count == whole else f", for {count} of these interfaces"
        action, commands = self._cure_of(other.server, other.server_interface)
        if commands:
            return Advice(action=f"also on {other.server}{those}", commands=commands)
        return Advice(action=f"also {sender(other.server, other.server_interface)}{those}. {action}".rstrip(". ") + ".")

    @cached_property
    def _fleet(self) -> Fleet:
        return ServerIndex(aged(self._inventory)).fleet

    def _stack(self, name: str | None, interface: str | None) -> SendingStack | None:
        server = server_of(self._inventory.servers, name, interface)
        return None if server is None else stack_of(server, interface)

    def _sender(self, finding: Finding) -> str:
        """Name the server with the devices to switch and, if that is another one, its interface."""
        name, interface = finding.server or "", finding.server_interface
        stack = self._stack(finding.server, interface)
        devices = [] if stack is None else [word for word in cure_of(stack, self._fleet).words if word is not None]
        if not devices or devices == [interface]:
            return sender(name, interface)
        return f"{name} {listed(devices)}" + (f" ({interface})" if interface else "")

    def _state(self, finding: Finding) -> str:
        stack = self._stack(finding.server, finding.server_interface)
        if stack is None:
            return "TX checksum offload is on"
        declared = "declared " if is_declared(stack.server.source) else ""
        return f"TX checksum offload is {'assumed ' if stack.is_assumed else declared}on"

    def _cure_of(self, name: str | None, interface: str | None) -> tuple[str, tuple[str, ...]]:
        stack = self._stack(name, interface)
        if stack is None:
            return "", ()
        cure = cure_of(stack, self._fleet)
        if cure.is_complete:
            return f"Fix on {stack.server.name}", switch_commands(cure)
        nics = [place for place in places(stack, self._fleet) if isinstance(place, GuestNic)]
        return f"It can't be switched off there. {instead(stack.server, nics)[0]}", ()

    def _unknown(self, findings: Sequence[Finding]) -> str:
        lacks = leading(findings[0].missing)
        if lacks is None:
            return f"Unknown: {RULE_WORDS[findings[0].rule].phrase}."
        if isinstance(lacks, r.NeedsServer):
            return f"No provisioning server given, so {quantity(len(findings), 'interface')} can't be judged."
        others = len({lacking for finding in findings if (lacking := leading(finding.missing)) != lacks})
        more = f" (and {quantity(others, 'similar fact')})" if others else ""
        return f"Unknown: {self._wording.sentence(lacks)}{more}."


def _doubt(finding: Finding) -> str:
    place = "; the server's place is unknown" if finding.rule == UNPLACED else ""
    confidence = "" if finding.confidence is Confidence.HIGH else f" ({finding.confidence.value} confidence)"
    return f"{place}{confidence}"


def _facts(findings: Iterable[Finding]) -> list[str]:
    """Name the facts that some findings lack, those of a kind together."""
    missing = dict.fromkeys(reason for finding in findings for reason in finding.missing)
    hosts = [fact.hypervisor for fact in missing if isinstance(fact, r.NeedsKernel)]
    places = [fact.why for fact in missing if isinstance(fact, r.NeedsPlace)]
    facts = ["its MAC" if r.WhyUnlocated.NO_MAC in places else "the hypervisor that it runs on"] if places else []
    return facts + ([f"the kernel of {listed(tuple(dict.fromkeys(hosts)))}"] if hosts else [])
