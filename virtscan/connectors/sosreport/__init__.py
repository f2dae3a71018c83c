"""A hypervisor read from its sosreport."""

from virtscan.connectors.sosreport.host import read

__all__ = ["read"]
