"""The workers of a cluster, and which of them reads a slice."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker: `slots` are the slices that it may have at a time, `sites` those that it was started for."""

    address: str
    slots: int
    sites: frozenset[str] = frozenset()


def workers_of(identity: Mapping[str, Any]) -> dict[str, Worker]:  # Any: the scheduler's own description of itself
    """Read the workers from a scheduler's description: a resource of a worker is a site."""
    return {
        address: Worker(
            address=address,
            slots=max(1, int(worker.get("nthreads") or 1)),
            sites=frozenset(map(str, worker.get("resources") or {})),
        )
        for address, worker in identity["workers"].items()
    }


def for_site(workers: Iterable[Worker], site: str | None) -> list[Worker]:
    """Return the workers that read a site: those of the site, else those of no site, else all."""
    all_workers = list(workers)
    own = [worker for worker in all_workers if site is not None and site in worker.sites]
    return own or [worker for worker in all_workers if not worker.sites] or all_workers


def choose(workers: Iterable[Worker], used: Mapping[str, int], avoided: Collection[str]) -> Worker | None:
    """Return the worker with the most free slots that is not to be avoided; None if none is free."""
    free = [
        worker for worker in workers if worker.address not in avoided and used.get(worker.address, 0) < worker.slots
    ]
    return max(free, key=lambda worker: (worker.slots - used.get(worker.address, 0), worker.address), default=None)
