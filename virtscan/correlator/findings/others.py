"""The servers that an interface is at risk from besides the one that decides."""

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.table import Ruling
from virtscan.correlator.table.evaluation import Evaluation
from virtscan.model import AnotherServer, Verdict

_NamedNic: TypeAlias = tuple[str, str]
"""A server and its interface, which is empty where none is known."""


class OtherServers:
    """The other servers of one hypervisor's evaluations.

    Many evaluations share the stacks of servers that look alike, and many interfaces share an evaluation: each is named
    once. Identities are keys, so evaluations must live as long as this.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._by_evaluation: dict[int, tuple[AnotherServer, ...]] = {}
        self._by_stacks: dict[int, Mapping[_NamedNic, AnotherServer]] = {}

    def than_decides(self, evaluation: Evaluation) -> tuple[AnotherServer, ...]:
        """Return the servers that alone would put an interface at risk, by name, without the one that decides."""
        found = self._by_evaluation.get(id(evaluation))
        if found is None:
            found = self._by_evaluation[id(evaluation)] = self._others(evaluation)
        return found

    def _others(self, evaluation: Evaluation) -> tuple[AnotherServer, ...]:
        if evaluation.ruling.rule.verdict is not Verdict.AT_RISK:
            return ()
        found: dict[_NamedNic, AnotherServer] = {}
        for point in evaluation.points:
            for ruling in point.rulings:
                if ruling.rule.verdict is Verdict.AT_RISK:
                    found |= self._named_by(ruling)
        if evaluation.ruling.stack is not None:
            found.pop(_name(evaluation.ruling.stack), None)
        return tuple(map(found.__getitem__, sorted(found)))

    def _named_by(self, ruling: Ruling) -> Mapping[_NamedNic, AnotherServer]:
        if not ruling.alike:
            return _named(ruling.stacks)
        found = self._by_stacks.get(id(ruling.alike))
        if found is None:
            found = self._by_stacks[id(ruling.alike)] = _named(ruling.alike)
        return found


def _named(stacks: tuple[SendingStack, ...]) -> dict[_NamedNic, AnotherServer]:
    return {name: _shared(name) for name in map(_name, stacks)}


def _name(stack: SendingStack) -> _NamedNic:
    return stack.server.name, stack.interface or ""


@cache
def _shared(name: _NamedNic) -> AnotherServer:
    """Return one value for all findings that name a server."""
    server, interface = name
    return AnotherServer(server=server, server_interface=interface or None)
