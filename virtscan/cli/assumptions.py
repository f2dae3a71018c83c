"""`--assume`: a report judged again under assumptions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from virtscan import __version__
from virtscan.model import GapAbout, HostStatus, Hypervisor, Inventory, Plan, Report, Server
from virtscan.views.document import Document

if TYPE_CHECKING:
    from virtscan.correlator.assumptions import Assumption
    from virtscan.views.assumptions import Effect

assume_option = click.option(
    "--assume",
    "assumptions",
    multiple=True,
    metavar="ASSUMPTION",
    help="Judge as if this were true: 'satellite tx=off', 'satellite runs_on=hv2', 'hv3 kernel=RELEASE', 'hv3 "
    "runs_on=hv2' (all its VMs). Repeatable. Every output is marked and lists the "
    "interfaces that this clears or puts at risk.",
)


class AssumptionResult(msgspec.Struct, frozen=True, kw_only=True):
    """The assumptions and their effects; all are empty for a report of observed facts.

    `unread` names the hypervisors on which they may have further effects, `receiving` those to which unread VMs would
    move.
    """

    assumed: tuple[str, ...] = ()
    effects: "tuple[Effect, ...]" = ()
    unread: tuple[str, ...] = ()
    receiving: tuple[str, ...] = ()

    def marked(self, document: Document) -> Document:
        """Return the document with the assumptions and their effects; unchanged without assumptions."""
        if not self.assumed:
            return document
        from virtscan.views.assumptions import marked

        return marked(document, self.assumed, self.effects, self.unread, self.receiving)


def parsed(texts: Sequence[str], pseudonym: Callable[[str], str]) -> "tuple[Assumption, ...]":
    """Read assumptions, with pseudonyms in place of names.

    Raises:
        ConfigError: One is invalid, or two contradict each other.
    """
    if not texts:
        return ()
    from virtscan.correlator.assumptions import refuse_contradictions

    assumptions = tuple(_renamed(text, pseudonym) for text in texts)
    refuse_contradictions(assumptions)
    return assumptions


def _renamed(text: str, pseudonym: Callable[[str], str]) -> "Assumption":
    from virtscan.correlator.assumptions import parse_assumption

    assumption = parse_assumption(text)
    value = pseudonym(assumption.value) if assumption.key == "runs_on" else assumption.value
    return parse_assumption(f"{pseudonym(assumption.name)} {assumption.key}={value}")


def check(assumptions: "Sequence[Assumption]", plan: Plan) -> None:
    """Check the names in assumptions before a host is read, if the plan has all names.

    Raises:
        ConfigError: One is unknown.
    """
    from virtscan.cli.plan import has_unknown_name
    from virtscan.connectors import naming
    from virtscan.correlator.assumptions import assume

    if plan.provisioning or any(map(has_unknown_name, plan.targets)):
        return
    hosts = (naming.name(target) for target in plan.targets)
    skeleton = Inventory(
        version=__version__,
        taken_at=datetime.now(UTC),
        hypervisors=tuple(Hypervisor(name=name, uri=name, status=HostStatus.FAILED) for name in dict.fromkeys(hosts)),
        servers=tuple(Server(name=server.name, interface=server.interface, source="") for server in plan.servers),
    )
    assume(skeleton, [assumption for assumption in assumptions if ":" not in assumption.name])


def with_assumptions(report: Report, assumptions: "Sequence[Assumption]") -> tuple[Report, AssumptionResult]:
    """Judge the inventory of a report again under assumptions; without any it is the same report.

    Raises:
        ConfigError: An assumption names an unknown item, or can't be applied.
    """
    if not assumptions:
        return report, AssumptionResult()
    from virtscan.correlator.assumptions import assume
    from virtscan.correlator.judging import judge
    from virtscan.views.assumptions import effects

    assumed = assume(report.inventory, assumptions)
    later = _with_waivers_of(report, judge(assumed.inventory))
    texts = tuple(assumption.text for assumption in assumptions)
    hosts = report.inventory.hypervisors
    return later, AssumptionResult(
        assumed=texts,
        effects=effects(report, later, assumed.moved),
        unread=tuple(host.name for host in hosts if host.status is not HostStatus.COMPLETE),
        receiving=tuple(
            before.name
            for before, after in zip(hosts, assumed.inventory.hypervisors, strict=True)
            if before.status is HostStatus.COMPLETE and after.status is not HostStatus.COMPLETE
        ),
    )


def _with_waivers_of(report: Report, later: Report) -> Report:
    """Return a report under assumptions, with the warnings about waivers from the observed facts."""
    waivers = (warning for warning in report.warnings if warning.about is GapAbout.WAIVER)
    others = (warning for warning in later.warnings if warning.about is not GapAbout.WAIVER)
    return msgspec.structs.replace(later, warnings=(*waivers, *others))
