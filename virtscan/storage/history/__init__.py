"""The history database: every scan, in one row for each version of a host and a domain."""

from virtscan.storage.history.history import History, open_history

__all__ = ["History", "open_history"]
