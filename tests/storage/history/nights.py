"""Nights of one small fleet, saved into a history, and queries about them."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from tests.build import TAKEN_AT, domain, hypervisor, inventory, macvtap
from virtscan.correlator.judging import judge
from virtscan.model import Domain, HostStatus, Hypervisor, Inventory
from virtscan.storage.history import open_history


def vm(number: int, **more: Any) -> Domain:
    """A domain with one macvtap."""
    uuid = f"{number:08}-0000-4000-8000-000000000000"
    name = more.pop("name", f"vm{number}")
    return domain(name, macvtap(mac=f"52:54:00:00:00:{number:02x}"), uuid=uuid, **more)


def host(name: str, *domains: Domain, status: HostStatus = HostStatus.COMPLETE, **more: Any) -> Hypervisor:
    return hypervisor(name, *domains, status=status, **({"site": "ams1"} | more))


def night(number: int, *hosts: Hypervisor, **more: Any) -> Inventory:
    """The scan of a night, counted from 1."""
    scan = inventory(*hosts, **more)
    return msgspec.structs.replace(scan, taken_at=TAKEN_AT + timedelta(days=number - 1))


def nights(*hosts: Sequence[Hypervisor], **more: Any) -> list[Inventory]:
    """A scan of these hosts on each night."""
    return [night(number, *some, **more) for number, some in enumerate(hosts, 1)]


def save(url: str, inventories: Sequence[Inventory]) -> None:
    """Save scans with their counts."""
    with open_history(url, create=True) as history:
        for inventory in inventories:
            history.save(inventory, judge(inventory))


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Query in plain SQL, as Grafana does, without any code of virtscan."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connected:
            return [tuple(row) for row in connected.exec_driver_sql(statement)]
    finally:
        engine.dispose()
