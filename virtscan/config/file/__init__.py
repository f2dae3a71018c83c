"""The configuration file: where it is, its keys, its errors."""
