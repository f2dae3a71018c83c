"""Readers of a provisioning server's offload state: one module per SOURCE."""

from collections.abc import Mapping

from virtscan.model import SourceKind
from virtscan.offload.server import ServerReader, unreadable
from virtscan.offload.sources import ansible, declared, file, local, sosreport, ssh

__all__ = ["READERS", "ServerReader", "unreadable"]


READERS: Mapping[SourceKind, ServerReader] = {
    SourceKind.SSH: ssh.read,
    SourceKind.FILE: file.read,
    SourceKind.LOCAL: local.read,
    SourceKind.SOSREPORT: sosreport.read,
    SourceKind.ANSIBLE: ansible.read,
    SourceKind.DECLARED: declared.read,
}
