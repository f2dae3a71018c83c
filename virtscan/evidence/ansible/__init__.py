"""Ansible's facts about hosts (`setup`): its output or its cache to values; opening files is `cache` alone."""

from virtscan.evidence.ansible.cache import open_facts
from virtscan.evidence.ansible.facts import AnsibleFacts, read_facts

__all__ = ["AnsibleFacts", "open_facts", "read_facts"]
