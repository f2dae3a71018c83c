"""How something is measured: next to its baselines, in turns, so that what slows the machine slows all of them."""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeAlias

import msgspec

Way: TypeAlias = Callable[[], float | None]
"""Does the work once; gives the seconds that count, None when all of them do."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One number and what it has to be: at most the limit, or at least. Without a limit it explains another row."""

    benchmark: str
    measured: float
    limit: float | None = None
    at_most: bool = True
    unit: str = "x"
    detail: str = ""

    @property
    def is_reached(self) -> bool:
        if self.limit is None:
            return True
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def in_turns(ways: Mapping[str, Way], rounds: int) -> dict[str, float]:
    """The median of the seconds that each way takes, after one round that only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            began = perf_counter()
            counted = way()
            took = perf_counter() - began
            if number:
                seconds[name].append(took if counted is None else counted)
    return {name: median(values) for name, values in seconds.items()}
