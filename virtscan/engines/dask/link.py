"""The connection to a Dask scheduler: the only module that knows its client."""

import asyncio
import concurrent.futures
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeAlias

import msgspec

from virtscan.engines.dask import worker_task
from virtscan.engines.dask.answers import loss_of
from virtscan.engines.dask.workers import Worker, workers_of
from virtscan.engines.engine import Loss, Lost

_SILENT_SECONDS = 15.0
"""Time without an answer after which a scheduler counts as lost."""

_LOOK_SECONDS = 0.5
_DETAIL_SECONDS = 0.5
_CLOSE_SECONDS = 2.0

Client: TypeAlias = Any  # distributed.Client, loaded where it is needed


class Scheduler(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduler's address, `tls://HOST:PORT` or on the loopback `tcp://HOST:PORT`, and the files for TLS."""

    address: str
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None


class Link:
    """A connection; `workers` are those that the scheduler has, by address."""

    def __init__(self, client: Client) -> None:
        self.workers: dict[str, Worker] = {}
        self._client = client
        self._is_lost = False
        self._look = asyncio.create_task(self._look_at_workers())
        self._stops: list[asyncio.Task[None]] = []

    @property
    def is_lost(self) -> bool:
        """Return True once the connection has ended, or the scheduler no longer answers."""
        return self._is_lost or self._client.status != "running"

    def send(self, worker: Worker, plan: bytes, *, seconds: float, run: str, key: str) -> "Answer":
        """Send a slice to a worker, which kills it after this many seconds."""
        future = self._client.submit(
            worker_task.run_slice,
            plan,
            seconds,
            run,
            key=key,
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
        )
        return Answer(future, worker.address)

    def stop(self, run: str, addresses: Iterable[str]) -> None:
        """Recall the slices of a run on these workers, with their partial results."""
        self._stops = [asyncio.create_task(self._stop(run, address)) for address in addresses]

    async def _stop(self, run: str, address: str) -> None:
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(
                self._client.run(worker_task.stop, run, workers=[address], on_error="ignore"), _SILENT_SECONDS
            )

    async def close(self) -> None:
        """End the connection: the scheduler drops all its tasks."""
        self._look.cancel()
        await _close(self._client)

    async def _look_at_workers(self) -> None:
        try:
            while True:
                identity = await asyncio.wait_for(self._client.scheduler.identity(n_workers=-1), _SILENT_SECONDS)
                self.workers = workers_of(identity)
                await asyncio.sleep(_LOOK_SECONDS)
        except (OSError, TimeoutError):
            self._is_lost = True


class Answer:
    """Fate of a slice on a worker; `task` ends with the answer of `worker_task.run_slice`, or why there is none."""

    def __init__(self, future: Any, place: str) -> None:  # distributed.Future
        self._future = future
        self._place = place
        self.task = asyncio.create_task(self._wait())

    def drop(self) -> None:
        """Stop waiting: the scheduler drops the task, and the worker ends the process."""
        self.task.cancel()
        self._future.release()

    async def _wait(self) -> bytes | Lost:
        try:
            return bytes(await self._future.result())
        except concurrent.futures.CancelledError as error:
            return Lost(Loss.FAILED, self._place, str(error).splitlines()[0])
        except Exception as error:  # noqa: BLE001 whatever was raised on the worker, or by what carried it
            return loss_of(error, self._place)


async def connect(scheduler: Scheduler, seconds: float) -> Link | Lost:
    """Connect within this many seconds."""
    from distributed import Client as DaskClient

    try:
        client = DaskClient(
            scheduler.address,
            security=_security(scheduler),
            timeout=seconds,
            asynchronous=True,
            set_as_default=False,
        )
        return await _opened(client, seconds)
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        return Lost(Loss.NO_SCHEDULER, scheduler.address, next(iter(str(error).splitlines()), ""))


def load() -> None:
    """Load the library, and silence it: failures are in the gaps."""
    import distributed  # noqa: F401 loaded here, because a signal could hit an import on a thread

    for name in ("distributed", "tornado", "asyncio"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [logging.NullHandler()], False


async def _opened(client: Client, seconds: float) -> Link:
    try:
        # The client's own limit, whose error has details, does not cover the first answer of a scheduler that hangs.
        async with asyncio.timeout(seconds + _DETAIL_SECONDS):
            await client
    except BaseException:
        await _close(client)
        raise
    return Link(client)


async def _close(client: Client) -> None:
    try:
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(client.close(), _CLOSE_SECONDS)
    finally:
        client.status = "closed"  # one that was cut short would be closed again by its finalizer, which can't wait


def _security(scheduler: Scheduler) -> Any:  # distributed.Security
    from distributed.security import Security

    if not scheduler.address.startswith("tls://"):
        return Security(require_encryption=False)
    return Security(
        require_encryption=True,
        tls_ca_file=scheduler.tls_ca,
        tls_client_cert=scheduler.tls_cert,
        tls_client_key=scheduler.tls_key,
    )
