"""Which server boots which MAC, as provisioning systems have it on record: one module a system."""

from collections.abc import Mapping
from typing import Protocol

from virtscan.model import ProvisioningKind, ProvisioningTarget
from virtscan.provisioning import cobbler, foreman
from virtscan.provisioning.records import Records, shown, system, unreadable

__all__ = ["READERS", "Reader", "Records", "shown", "system", "unreadable"]


class Reader(Protocol):
    """Asks a provisioning system for at most `timeout` seconds, or raises ProvisioningError with the reason.

    What it learned before something failed is returned, with a gap for the rest.
    """

    def __call__(self, target: ProvisioningTarget, *, timeout: float) -> Records: ...  # noqa: D102  the class says it


READERS: Mapping[ProvisioningKind, Reader] = {
    ProvisioningKind.COBBLER: cobbler.read,
    ProvisioningKind.FOREMAN: foreman.read,
}
