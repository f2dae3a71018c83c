"""A hypervisor read from a folder of definitions."""

from virtscan.connectors.xml_directory.host import host_name, read

__all__ = ["host_name", "read"]
