"""What PERFORMANCE promises, measured: `python -m tests.bench`."""
