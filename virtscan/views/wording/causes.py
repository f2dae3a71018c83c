"""The sentences for causes: the common part of findings, and the change that settles them together."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from virtscan.correlator.location.fleet import Fleet
from virtscan.correlator.location.places import GuestNic, places
from virtscan.correlator.servers.cure import Cure, cure_of, server_of, stack_of
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.staleness.aging import aged
from virtscan.model import Confidence, Finding, Report, Server, Verdict
from virtscan.model import reasons as r
from virtscan.model.sources import is_declared
from virtscan.views.wording.cures import instead, switch_commands
from virtscan.views.wording.missing import leading
from virtscan.views.wording.phrases.names import listed, sender
from virtscan.views.wording.phrases.quantity import quantity
from virtscan.views.wording.reasons import Wording
from virtscan.views.wording.rules import RULE_WORDS

_UNPLACED = "R11"


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
        """Give the change to make or the fact to find out, with commands; empty if neither at risk nor unknown."""
        first = findings[0]
        match first.verdict:
            case Verdict.AT_RISK if first.confidence is Confidence.LOW and (facts := _facts(findings)):
                return f"Give {' or '.join(facts)}.", ()
            case Verdict.AT_RISK:
                return self._cure(first)
            case Verdict.UNKNOWN:
                lacks = leading(first.missing)
                how = None if lacks is None else self._wording.how(lacks)
                return "" if how is None else f"Find out: {how}.", ()
            case Verdict.MITIGATED | Verdict.NOT_AFFECTED:
                return "", ()

    @cached_property
    def _fleet(self) -> Fleet:
        return ServerIndex(aged(self._inventory)).fleet

    def _found(self, finding: Finding) -> tuple[Server, SendingStack] | None:
        server = server_of(self._inventory.servers, finding.server, finding.server_interface)
        return None if server is None else (server, stack_of(server, finding.server_interface))

    def _sender(self, finding: Finding) -> str:
        """Name the server with the devices to switch and, if that is another one, its interface."""
        name, interface = finding.server or "", finding.server_interface
        found = self._found(finding)
        devices = [] if found is None else [word for word in self._plan(found[1]).words if word is not None]
        if not devices or devices == [interface]:
            return sender(name, interface)
        return f"{name} {listed(devices)}" + (f" ({interface})" if interface else "")

    def _state(self, finding: Finding) -> str:
        found = self._found(finding)
        is_known_by_word = found is not None and is_declared(found[0].source)
        return f"TX checksum offload is {'declared ' if is_known_by_word else ''}on"

    def _plan(self, stack: SendingStack) -> Cure:
        return cure_of(stack, self._fleet)

    def _cure(self, finding: Finding) -> tuple[str, tuple[str, ...]]:
        found = self._found(finding)
        if found is None:
            return "", ()
        server, stack = found
        planned = self._plan(stack)
        if planned.is_complete:
            return f"Fix on {server.name}", switch_commands(planned)
        nics = [place for place in places(stack, self._fleet) if isinstance(place, GuestNic)]
        return f"It can't be switched off there. {instead(server, nics)[0]}", ()

    def _unknown(self, findings: Sequence[Finding]) -> str:
        lacks = leading(findings[0].missing)
        if lacks is None:
            return f"Unknown: {RULE_WORDS[findings[0].rule].phrase}."
        if isinstance(lacks, r.NeedsServer):
            return f"No provisioning server given, so {quantity(len(findings), 'interface')} can't be judged."
        others = len({one for finding in findings if (one := leading(finding.missing)) != lacks})
        more = f" (and {quantity(others, 'similar fact')})" if others else ""
        return f"Unknown: {self._wording.sentence(lacks)}{more}."


def _doubt(finding: Finding) -> str:
    place = ", its place is unknown" if finding.rule == _UNPLACED else ""
    confidence = "" if finding.confidence is Confidence.HIGH else f" ({finding.confidence.value} confidence)"
    return f"{place}{confidence}"


def _facts(findings: Iterable[Finding]) -> list[str]:
    """Name the facts that some findings lack, those of a kind together."""
    missing = dict.fromkeys(reason for finding in findings for reason in finding.missing)
    hosts = [one.hypervisor for one in missing if isinstance(one, r.NeedsKernel)]
    places = [one.why for one in missing if isinstance(one, r.NeedsPlace)]
    facts = ["its MAC" if r.WhyUnlocated.NO_MAC in places else "the hypervisor that it runs on"] if places else []
    return facts + ([f"the kernel of {listed(tuple(dict.fromkeys(hosts)))}"] if hosts else [])
