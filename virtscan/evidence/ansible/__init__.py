"""Ansible's facts about hosts, from the output of `setup` or from a fact cache; only `cache` opens files."""

from virtscan.evidence.ansible.cache import open_facts
from virtscan.evidence.ansible.facts import AnsibleFacts, read_facts

__all__ = ["AnsibleFacts", "open_facts", "read_facts"]
