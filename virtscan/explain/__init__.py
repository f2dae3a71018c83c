"""Everything about one interface: what is known, how each rule was met, and what would settle it; pure."""

from virtscan.explain.account import Account, Explanation
from virtscan.explain.document import document
from virtscan.explain.looking import Spot, find, has_no_interface, near
from virtscan.explain.telling import explain
from virtscan.explain.text import text

__all__ = ["Account", "Explanation", "Spot", "document", "explain", "find", "has_no_interface", "near", "text"]
