"""Sosreports and Ansible facts, read for hypervisors and servers alike."""
