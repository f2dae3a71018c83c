"""Answers of workers: the results of a slice, or why there are none; pure."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from virtscan.engines.engine import AnswerError, Carrier, Job, Loss, Lost

T = TypeVar("T")

_REFUSED = 2
"""Exit code of virtscan for a plan, or a command, that it does not know."""


class _Header(msgspec.Struct, frozen=True):
    """The first line of an answer; see `worker_task.run_slice`."""

    code: int | None
    error: str


def results_of(answer: bytes, jobs: Sequence[Job[T]], carrier: Carrier[T], place: str) -> Sequence[T] | Lost:
    """Read an answer of `worker_task.run_slice`."""
    line, _, output = answer.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Lost(Loss.FAILED, place, f"not an answer from virtscan: {error}")
    if not output:
        return Lost(_why(header), place, header.error.removeprefix("virtscan: "))
    try:
        return carrier.unpack(jobs, output)
    except AnswerError as error:
        return Lost(Loss.FAILED, place, str(error))


def loss_of(error: Exception, place: str) -> Lost:
    """Return the reason why a slice failed on a worker, by its exception."""
    if type(error).__name__ == "KilledWorker":
        return Lost(Loss.WORKER_LOST, place)
    # The worker could not load `worker_task`: it has no virtscan, or one that does not know it.
    loss = Loss.REFUSED if isinstance(error, ImportError | AttributeError) else Loss.FAILED
    return Lost(loss, place, f"{type(error).__name__}: {error}".splitlines()[0])


def _why(header: _Header) -> Loss:
    if header.code == _REFUSED:
        return Loss.REFUSED
    return Loss.NO_ANSWER if header.code == -9 else Loss.FAILED
