"""Sources of a provisioning server's offload state: one module per SOURCE."""

from collections.abc import Mapping
from typing import Protocol

from virtscan.model import Server, ServerTarget, SourceKind
from virtscan.offload.server import unreadable
from virtscan.offload.sources import ansible, declared, file, local, sosreport, ssh

__all__ = ["READERS", "ServerReader", "unreadable"]


class ServerReader(Protocol):
    """Reads a server within `timeout` seconds, or raises OffloadError with the reason why it can't."""

    def __call__(self, target: ServerTarget, *, timeout: float) -> Server: ...  # noqa: D102  the class describes it


READERS: Mapping[SourceKind, ServerReader] = {
    SourceKind.SSH: ssh.read,
    SourceKind.FILE: file.read,
    SourceKind.LOCAL: local.read,
    SourceKind.SOSREPORT: sosreport.read,
    SourceKind.ANSIBLE: ansible.read,
    SourceKind.DECLARED: declared.read,
}
