"""Cobbler over XML-RPC."""

from virtscan.provisioning.cobbler.reading import read

__all__ = ["read"]
