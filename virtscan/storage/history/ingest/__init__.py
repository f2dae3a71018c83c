"""An inventory into a history: its hosts found again, and only what changed written as new versions."""

from virtscan.storage.history.ingest.inventories import ingest, lock_scopes

__all__ = ["ingest", "lock_scopes"]
