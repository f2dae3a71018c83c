"""The causes of changed findings: of all that changed, what is proven to explain each."""

from virtscan.changes.causes.causes import Causes

__all__ = ["Causes"]
