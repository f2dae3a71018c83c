"""Reader of Foreman and Satellite 6 over REST.

It requests two lists, subnets and hosts in build mode, and then the interfaces of each such host: the lists lack them,
and few hosts are in build mode at a time. A subnet's record includes its smart proxies.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from virtscan.errors import ProvisioningError
from virtscan.model import Gap, Netboot, ProvisioningTarget, Subnet
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import BadDocument, Consequence, Failure
from virtscan.model.gaps.items import System, SystemHost, SystemHosts, SystemList, SystemSubnet
from virtscan.provisioning.foreman.items import (
    HostRecord,
    InterfaceRecord,
    NextServers,
    SubnetRecord,
    netboots,
    next_servers,
    subnet,
)
from virtscan.provisioning.foreman.rest import NOT_JSON, Api, UnansweredError
from virtscan.provisioning.limits import Deadline
from virtscan.provisioning.records import Records, gap, system

R = TypeVar("R", bound=msgspec.Struct)


def read(target: ProvisioningTarget, *, timeout: float) -> Records:
    """Read from Foreman which MACs it will boot, from which server, and the servers of each subnet.

    Raises:
        ProvisioningError: Neither its subnets nor its hosts can be read.
    """
    api = Api(target, Deadline(timeout))
    try:
        return _Conversation(api, target).records()
    finally:
        api.close()


class _Conversation:
    """The requests so far, and their gaps."""

    def __init__(self, api: Api, target: ProvisioningTarget) -> None:
        self._api = api
        self._target = target
        self._system = msgspec.structs.asdict(system(target))
        self._at = datetime.now(UTC).replace(microsecond=0)
        self._gaps: list[Gap] = []
        self._failed: list[ProvisioningError] = []

    def records(self) -> Records:
        recorded = self._list("subnets", SubnetRecord)
        hosts = self._list("hosts", HostRecord, search="build = true")
        if len(self._failed) == 2 and not recorded and not hosts:
            raise self._failed[0]
        return Records(
            subnets=tuple(self._subnets(recorded)),
            netboots=tuple(self._netboots(hosts, next_servers(recorded))),
            gaps=tuple(self._gaps),
        )

    def _list(self, path: str, kind: type[R], **parameters: str) -> list[R]:
        """Return the records of a list, as many as can be read."""
        got: list[R] = []
        try:
            got.extend(self._records(path, kind, **parameters))
        except ProvisioningError as error:
            self._failed.append(error)
            self._gap(SystemList(**self._system, list=path), Failure(detail=str(error)))
        return got

    def _records(self, path: str, kind: type[R], **parameters: str) -> Iterator[R]:
        for number, record in enumerate(self._api.records(path, **parameters), 1):
            try:
                yield msgspec.json.decode(record, type=kind)
            except NOT_JSON as error:
                item = SystemList(**self._system, list=path, number=number)
                self._gap(item, BadDocument(detail=f"not a Foreman record ({error})"))

    def _subnets(self, recorded: list[SubnetRecord]) -> Iterator[Subnet]:
        for record in recorded:
            try:
                yield subnet(record, source=self._target.source, at=self._at)
            except ValueError as error:
                self._gap(SystemSubnet(**self._system, subnet=record.name), BadDocument(detail=str(error)))

    def _netboots(self, hosts: list[HostRecord], servers: Mapping[int, NextServers]) -> Iterator[Netboot]:
        source = self._target.source
        waiting = iter(hosts)
        for host in waiting:
            interfaces = None
            try:
                interfaces = tuple(self._records(f"hosts/{host.id}/interfaces", InterfaceRecord))
            except UnansweredError as error:
                self._gap(SystemHost(**self._system, host=host.name), _instead(error))
            except ProvisioningError as error:
                # It would be the same for all other hosts.
                rest = [host, *waiting]
                self._gap(SystemHosts(**self._system, hosts=len(rest)), _instead(error))
                for other in rest:
                    yield from netboots(other, None, servers, source=source, at=self._at)
                return
            yield from netboots(host, interfaces, servers, source=source, at=self._at)

    def _gap(self, item: System, cause: AnyCause) -> None:
        self._gaps.append(gap(item, cause))


def _instead(error: ProvisioningError) -> Failure:
    return Failure(detail=str(error), consequence=Consequence.PRIMARY_INTERFACE)
