"""Rulings of the decision table on one case, sorted from the worst to the mildest."""

import msgspec

from virtscan.correlator.positions.position import Position, Where
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.table.conditions import SAME, Case
from virtscan.correlator.table.rules import Rule, decide
from virtscan.model import OPEN, Confidence, NotJudged, Reach, Verdict

_ON_THE_DEVICE = SAME | {Where.RECEIVED}
NOWHERE = Position(where=Where.UNKNOWN, reach=Reach.UNKNOWN)


class Ruling(msgspec.Struct, frozen=True):
    """The table's decision on one case.

    `sort_key` sorts the worst first, then those that name a server, by its name. "No finding" is the mildest ruling of
    all. `stack` is None for a ruling that is about no server in particular. `alike` are the stacks of all servers that
    the case is the same for, in their order, if the ruling was made for several: `stack` is the first.
    """

    sort_key: tuple[int, int, bool, str, str]
    rule: Rule
    case: Case
    confidence: Confidence
    stack: SendingStack | None
    position: Position
    alike: tuple[SendingStack, ...] = ()

    @property
    def stacks(self) -> tuple[SendingStack, ...]:
        """The stacks of all servers that the ruling holds for; empty without a server."""
        return self.alike or (() if self.stack is None else (self.stack,))

    @property
    def rank(self) -> tuple[int, int, bool]:
        """The sort key without names: the same for all servers that the ruling holds for."""
        return self.sort_key[:3]

    @property
    def server(self) -> str:
        """The name of the server that the ruling is about; empty without a server."""
        return "" if self.stack is None else self.stack.server.name

    @property
    def is_on_the_device(self) -> bool:
        """Return True for a place of a declared NIC on the interface's own device, or under it.

        One that only an unknown mode or kind of a device leaves in doubt is on it as well.
        """
        return (self.position.where in _ON_THE_DEVICE or self.position.needs_mode) and self.case.declared

    def excludes(self, other: "Ruling") -> bool:
        """Return True for another place of the same server of which only one can be real."""
        return (
            self is not other and self.server == other.server and self.position.exclusive and other.position.exclusive
        )


def rule_on(case: Case, stack: SendingStack | None = None, position: Position = NOWHERE) -> Ruling:
    """Apply the table to a case.

    A NIC that the server was not declared to serve through allows medium confidence at most.
    """
    rule = decide(case)
    confidence = rule.confidence(case)
    if not case.declared and rule.server and confidence is Confidence.HIGH:
        confidence = Confidence.MEDIUM
    name, interface = ("", "") if stack is None else (stack.server.name, stack.interface or "")
    if rule.verdict is None:
        # The reason that was reached last counts: a macvtap on no bond is not judged because of the bond.
        rank = (len(Verdict), -(case.left_out or NotJudged.NOT_MACVTAP).rank)
    else:
        cleared = rule.verdict not in OPEN
        rank = (rule.verdict.rank, -confidence.rank if cleared else confidence.rank)
    return Ruling((*rank, not rule.server, name, interface), rule, case, confidence, stack, position)
