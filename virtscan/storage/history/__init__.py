"""The history database: all scans, with a row for each version of a host or a domain."""

from virtscan.storage.history.history import History, open_history
from virtscan.storage.history.pruning import Then

__all__ = ["History", "Then", "open_history"]
