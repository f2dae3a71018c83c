"""The figures of PERFORMANCE, measured: `python -m tests.bench`."""
