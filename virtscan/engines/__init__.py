"""How the work of many hosts is spread: threads on this machine."""
