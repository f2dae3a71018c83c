"""Causes of changed findings: for each, the change that provably explains it."""

from virtscan.changes.causes.causes import Causes

__all__ = ["Causes"]
