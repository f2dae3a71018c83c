"""Slices of jobs on the workers of a Dask cluster; what can't travel runs on threads of this machine meanwhile.

- `engine` is called by a scan, in its thread: it runs the jobs that stay here, and takes in what the others become.
- `carrying` decides, on a thread of its own, which slice goes to which worker, and what follows when one is lost.
- `link` is the connection to the scheduler, `workers` are those that it has, by site, `answers` what comes back.
- `errand` runs on the workers. It is all that they import of virtscan; the rest is a program that they start.
"""

from virtscan.engines.dask.engine import DaskEngine
from virtscan.engines.dask.link import Scheduler

__all__ = ["DaskEngine", "Scheduler"]
