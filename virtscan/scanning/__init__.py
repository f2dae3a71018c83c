"""From a plan and an engine to an inventory: jobs that can leave the process, and the assembly of their results."""

from virtscan.scanning.collecting import collect, unread
from virtscan.scanning.engine import engine_of
from virtscan.scanning.jobs.limits import Limits
from virtscan.scanning.jobs.results import HostResult
from virtscan.scanning.reading import read_host, read_provisioning, read_server

__all__ = ["HostResult", "Limits", "collect", "engine_of", "read_host", "read_provisioning", "read_server", "unread"]
