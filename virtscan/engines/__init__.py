"""Distribution of the work of many hosts: threads on this machine."""
