"""Reader of Cobbler over XML-RPC: three calls for any number of systems, four from Cobbler 4 on.

Reading needs no login in any version (2.2 to 4.0). The answers contain passwords for power management, so only the
needed fields are kept.
"""

from datetime import UTC, datetime

import msgspec

from virtscan.errors import ProvisioningError
from virtscan.model import ProvisioningTarget
from virtscan.model.gaps.causes import Consequence, Failure
from virtscan.model.gaps.items import SystemList
from virtscan.provisioning.cobbler.items import FIELDS, CobblerItem, Items, netboots
from virtscan.provisioning.cobbler.rpc import Endpoint
from virtscan.provisioning.limits import Deadline
from virtscan.provisioning.records import Records, gap, system


def read(target: ProvisioningTarget, *, timeout: float) -> Records:
    """Read from Cobbler which MACs it will boot, and from which server.

    Raises:
        ProvisioningError: Its systems can't be read.
    """
    endpoint = Endpoint(target, Deadline(timeout), FIELDS)
    systems = _list(endpoint, "get_systems")
    gaps = []
    whole = system(target)

    def optional(method: str) -> object:
        try:
            return endpoint.call(method)
        except ProvisioningError as error:
            item = SystemList(**msgspec.structs.asdict(whole), list=method)
            gaps.append(gap(item, Failure(detail=str(error), consequence=Consequence.NEXT_SERVERS_UNKNOWN)))
            return None

    # From version 4 on interfaces are items of their own.
    split = any("interfaces" not in system for system in systems)
    items = Items(
        systems=systems,
        interfaces=_list(endpoint, "get_network_interfaces") if split else (),
        profiles=_items(optional("get_profiles")),
        settings=_item(optional("get_settings")),
    )
    return Records(
        netboots=netboots(items, source=target.source, at=datetime.now(UTC).replace(microsecond=0)), gaps=tuple(gaps)
    )


def _list(endpoint: Endpoint, method: str) -> tuple[CobblerItem, ...]:
    answer = endpoint.call(method)
    if not isinstance(answer, list):
        raise ProvisioningError(f"{method} returned no list; check that url is a Cobbler server")
    return _items(answer)


def _items(answer: object) -> tuple[CobblerItem, ...]:
    return tuple(item for item in answer if isinstance(item, dict)) if isinstance(answer, list) else ()


def _item(answer: object) -> CobblerItem:
    return answer if isinstance(answer, dict) else {}
