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
        found = self._by_evaluation.get(id(evaluation))
        if found is None:
            found = self._by_evaluation[id(evaluation)] = tuple(self._others(evaluation))
        return found

    def _others(self, evaluation: Evaluation) -> list[AnotherServer]:
        if evaluation.ruling.rule.verdict is not Verdict.AT_RISK:
            return []
        rulings = [one for point in evaluation.points for one in point.rulings if one.rule.verdict is Verdict.AT_RISK]
        found = self._of_groups({id(one.alike): one.alike for one in rulings if one.alike}).copy()
        for one in rulings:
            if one.stack is not None and not one.alike:
                place, server = _place(one.stack, found)
                if found[place : place + 1] != [server]:
                    found.insert(place, server)
        if evaluation.ruling.stack is not None:
            place, server = _place(evaluation.ruling.stack, found)
            if found[place : place + 1] == [server]:
                del found[place]
        return found

    def _of_groups(self, groups: Mapping[int, tuple[SendingStack, ...]]) -> list[AnotherServer]:
        """Name the servers of all groups, by name; the groups are given by their identity."""
        key = frozenset(groups)
        found = self._by_groups.get(key)
        if found is None:
            names = {_name(stack) for stacks in groups.values() for stack in stacks}
            found = self._by_groups[key] = list(map(_shared, sorted(names)))
        return found


def _place(stack: SendingStack, servers: Sequence[AnotherServer]) -> tuple[int, AnotherServer]:
    """Return the index of a stack's server among others sorted by name, and its value."""
    name = _name(stack)
    return bisect_left(servers, name, key=lambda one: (one.server, one.server_interface or "")), _shared(name)


def _name(stack: SendingStack) -> _NamedNic:
    return stack.server.name, stack.interface or ""


@cache
def _shared(name: _NamedNic) -> AnotherServer:
    """Return one value for all findings that name a server."""
    server, interface = name
    return AnotherServer(server=server, server_interface=interface or None)
