"""Everything about one interface: what is known, how each rule was met, and what would settle it; pure."""

from virtscan.explaining.account import Account, Explanation
from virtscan.explaining.document import document
from virtscan.explaining.looking import Spot, find, has_no_interface, near
from virtscan.explaining.telling import explain
from virtscan.explaining.text import text

__all__ = ["Account", "Explanation", "Spot", "document", "explain", "find", "has_no_interface", "near", "text"]
