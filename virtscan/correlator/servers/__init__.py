"""The servers of an inventory: which may answer an interface, their sending stacks, and their cures."""
