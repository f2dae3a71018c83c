"""Engines that run the jobs of many hosts: threads on this machine, or the workers of a Dask cluster."""
