"""The servers of an inventory: which may answer an interface, what they send through, and what cures them."""
