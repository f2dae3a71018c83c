"""Execution of a scan: the jobs of a plan run on an engine, and their results make an inventory."""

from virtscan.scanning.collecting import collect, unread
from virtscan.scanning.engine import engine_of
from virtscan.scanning.jobs.limits import Limits
from virtscan.scanning.jobs.results import HostResult
from virtscan.scanning.reading import read_host, read_provisioning, read_server

__all__ = ["HostResult", "Limits", "collect", "engine_of", "read_host", "read_provisioning", "read_server", "unread"]
