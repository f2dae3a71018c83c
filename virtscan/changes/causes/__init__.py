"""The causes of changed findings: of all changes, the one that is proven to explain each."""

from virtscan.changes.causes.causes import Causes

__all__ = ["Causes"]
