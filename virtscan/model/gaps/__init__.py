"""Gaps: items that were not read, each with its cause."""

from virtscan.model.gaps.any_cause import AnyCause
from virtscan.model.gaps.causes import GapCause
from virtscan.model.gaps.gap import Gap
from virtscan.model.gaps.items import AnyItem, Item

__all__ = ["AnyCause", "AnyItem", "Gap", "GapCause", "Item"]
