"""Numbered steps that bring a database to the present schema, each in a transaction of its own."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from virtscan.storage.history.migrations import step1, step2, step3, step4

Statements: TypeAlias = Callable[[str], tuple[str, ...]]

STEPS: Mapping[int, Statements] = {
    1: step1.statements,
    2: step2.statements,
    3: step3.statements,
    4: step4.statements,
}
"""The statements of each step, for a dialect (sqlite, postgresql). A released step never changes."""

__all__ = ["STEPS", "Statements"]
