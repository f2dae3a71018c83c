"""Sosreports and Ansible facts, read as archives and mappings for hypervisors and servers alike."""
