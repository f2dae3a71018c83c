"""A hypervisor read from its sosreport."""

from virtscan.connectors.sosreport.host import host_name, read, shown

__all__ = ["host_name", "read", "shown"]
