"""Broken inputs for every parser: each has a clear error, or none, and never takes long."""
