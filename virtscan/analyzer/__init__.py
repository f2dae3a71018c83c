"""Parsers of libvirt's XML documents, and resolution of references between them; pure; the only importer of lxml."""

from virtscan.analyzer.devices import (
    read_computer,
    read_driver,
    read_host_interface,
    read_node_device,
    read_with_parent,
)
from virtscan.analyzer.domain import SUSPENDED, read_domains
from virtscan.analyzer.network import read_network
from virtscan.analyzer.resolution import HostDevices, resolve
from virtscan.analyzer.xml.documents import Unread, documents
from virtscan.analyzer.xml.parsing import MAX_FILE

__all__ = [
    "MAX_FILE",
    "SUSPENDED",
    "HostDevices",
    "Unread",
    "documents",
    "read_computer",
    "read_domains",
    "read_driver",
    "read_host_interface",
    "read_network",
    "read_node_device",
    "read_with_parent",
    "resolve",
]  # fmt: skip
