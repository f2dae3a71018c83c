"""Slices of jobs on the workers of a Dask cluster; those that can't travel run on threads of this machine meanwhile.

- `engine` is called by a scan, in its thread: it runs the jobs that stay here, and takes in the results of the others.
- `dispatcher` decides, on a thread of its own, which slice goes to which worker, and the consequence of a lost one.
- `link` is the connection to the scheduler, `workers` are those that it has, by site, `answers` the results.
- `worker_task` runs on the workers. It is all that they import of virtscan; the rest is a program that they start.
"""

from virtscan.engines.dask.engine import DaskEngine
from virtscan.engines.dask.link import Scheduler

__all__ = ["DaskEngine", "Scheduler"]
