"""Readers of provisioning systems: which server boots each MAC. One folder per system."""

from collections.abc import Mapping

from virtscan.model import ProvisioningKind
from virtscan.provisioning import cobbler, foreman
from virtscan.provisioning.reader import RecordReader, without_secret
from virtscan.provisioning.records import Records, unreadable

__all__ = ["READERS", "RecordReader", "Records", "unreadable"]


READERS: Mapping[ProvisioningKind, RecordReader] = {
    ProvisioningKind.COBBLER: without_secret(cobbler.read),
    ProvisioningKind.FOREMAN: without_secret(foreman.read),
}
