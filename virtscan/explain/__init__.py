"""The account of one interface: its facts, the result of each rule, and the missing facts; pure."""

from virtscan.explain.building import explain
from virtscan.explain.document import document
from virtscan.explain.explanation import Explanation, InterfaceExplanation
from virtscan.explain.lookup import InterfacePosition, find, has_no_interface, near
from virtscan.explain.sections import sections
from virtscan.explain.text import text

__all__ = [
    "Explanation",
    "InterfaceExplanation",
    "InterfacePosition",
    "document",
    "explain",
    "find",
    "has_no_interface",
    "near",
    "sections",
    "text",
]
