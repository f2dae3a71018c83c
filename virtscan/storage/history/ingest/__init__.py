"""Writing of an inventory to a history: hosts are recognized, and only changes become new versions."""

from virtscan.storage.history.ingest.inventories import ingest, lock_scopes

__all__ = ["ingest", "lock_scopes"]
