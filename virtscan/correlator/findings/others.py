"""The servers that an interface is at risk from besides the one that decides."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from virtscan.correlator.servers.sending import SendingStack
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
        """Start without servers."""
        self._by_evaluation: dict[int, tuple[AnotherServer, ...]] = {}
        self._by_groups: dict[frozenset[int], list[AnotherServer]] = {}

    def of(self, evaluation: Evaluation) -> tuple[AnotherServer, ...]:
        """Return the servers that alone would put an interface at risk, by name, without the one that decides."""
        others = self._by_evaluation.get(id(evaluation))
        if others is None:
            others = self._by_evaluation[id(evaluation)] = tuple(self._others(evaluation))
        return others

    def _others(self, evaluation: Evaluation) -> list[AnotherServer]:
        if evaluation.ruling.rule.verdict is not Verdict.AT_RISK:
            return []
        rulings = [
            ruling for point in evaluation.points for ruling in point.rulings if ruling.rule.verdict is Verdict.AT_RISK
        ]
        others = self._of_groups({id(ruling.alike): ruling.alike for ruling in rulings if ruling.alike}).copy()
        for ruling in rulings:
            if ruling.stack is not None and not ruling.alike:
                place, server = _place(ruling.stack, others)
                if others[place : place + 1] != [server]:
                    others.insert(place, server)
        if evaluation.ruling.stack is not None:
            place, server = _place(evaluation.ruling.stack, others)
            if others[place : place + 1] == [server]:
                del others[place]
        return others

    def _of_groups(self, groups: Mapping[int, tuple[SendingStack, ...]]) -> list[AnotherServer]:
        """Name the servers of all groups, by name; the groups are given by their identity."""
        key = frozenset(groups)
        servers = self._by_groups.get(key)
        if servers is None:
            names = {_name(stack) for stacks in groups.values() for stack in stacks}
            servers = self._by_groups[key] = list(map(_shared, sorted(names)))
        return servers


def _place(stack: SendingStack, servers: Sequence[AnotherServer]) -> tuple[int, AnotherServer]:
    """Return the index of a stack's server among others sorted by name, and its value."""
    name = _name(stack)
    return bisect_left(servers, name, key=lambda other: (other.server, other.server_interface or "")), _shared(name)


def _name(stack: SendingStack) -> _NamedNic:
    return stack.server.name, stack.interface or ""


@cache
def _shared(name: _NamedNic) -> AnotherServer:
    """Return one value for all findings that name a server."""
    server, interface = name
    return AnotherServer(server=server, server_interface=interface or None)
